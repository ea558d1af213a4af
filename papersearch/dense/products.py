"""Products whose last digits depend on their operands alone.

The order of summation in a BLAS matrix product differs between processors, and between the rows of
one product. So equal rows may differ in the last digit. Everything that decides about a paper is
computed here instead: equal texts then score equally, regardless of the texts beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import Float32Array, Float64Array

WHOLE = 16_000.0
"""Factor of unit rows before `whole` rounds them. Products with int8 rows of C <= 64 are then exact
in float32, in any order of summation: every partial sum is a whole number of at most 128 (16,000
sqrt(C) + C / 2) < 2**24. Rounding changes a component by at most 3e-5, where int8 changes it by
4e-3.
"""

ROUNDING = 1e-5
"""Bound of the error of a product of two float32 unit vectors. It is generous, because vectors may
miss length one in the last bits."""

_BLOCK = 1024
"""Rows multiplied at once: as float32 they stay in the processor's cache."""


def row_dots(rows: npt.ArrayLike, vector: npt.ArrayLike) -> Float64Array:
    """Return rows (K, D) times `vector` (D,) in float64: (K,). Each row is summed alone, in one order."""
    # The rows must be contiguous: with other strides numpy may sum columns first.
    summed: Float64Array = np.einsum(
        "ij,j->i", np.ascontiguousarray(rows, dtype=np.float64), np.asarray(vector, dtype=np.float64)
    )
    return summed


def whole(rows: Float32Array) -> Float32Array:
    """Return unit rows (n, C) times WHOLE, rounded to whole numbers."""
    scaled: Float32Array = np.rint(rows * np.float32(WHOLE))
    return scaled


def whole_products(stored: npt.NDArray[np.int8], rows: Float32Array) -> Float32Array:
    """Return stored (M, C) @ rows (n, C).T, exactly: (M, n).

    `rows` must be whole numbers, as `whole` makes them or within the range of int8.
    """
    products = np.empty((len(stored), len(rows)), dtype=np.float32)
    for start in range(0, len(stored), _BLOCK):
        block = stored[start : start + _BLOCK].astype(np.float32)
        np.matmul(block, rows.T, out=products[start : start + _BLOCK])
    return products
