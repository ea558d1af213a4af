"""Products whose last digits depend on their factors alone.

A matrix product by BLAS adds up in an order that differs between processors, and within one
product between rows: an equal row elsewhere may get another last digit. Whatever decides about a
paper is computed here instead, so that equal texts score equally, whatever stands beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import Float32Array, Float64Array

WHOLE = 16_000.0
"""What unit rows are multiplied by before `whole` rounds them. Their products with int8 rows of
C <= 64 are then exact in float32: every partial sum is a whole number of at most
128 (16,000 sqrt(C) + C / 2) < 2**24, so that the order of summation cannot show. A component is
off by 3e-5 at most, where int8 is off by 4e-3."""

_BLOCK = 1024
"""Rows multiplied together: as float32 they stay in the processor's cache."""


def row_dots(rows: npt.ArrayLike, vector: npt.ArrayLike) -> Float64Array:
    """rows (K, D) times `vector` (D,), in float64: (K,). Each row is added up by itself, in one order."""
    # Contiguous rows: with other strides numpy may add up columns first.
    summed: Float64Array = np.einsum(
        "ij,j->i", np.ascontiguousarray(rows, dtype=np.float64), np.asarray(vector, dtype=np.float64)
    )
    return summed


def whole(rows: Float32Array) -> Float32Array:
    """Unit rows (n, C), times WHOLE and rounded to whole numbers."""
    scaled: Float32Array = np.rint(rows * np.float32(WHOLE))
    return scaled


def whole_products(stored: npt.NDArray[np.int8], rows: Float32Array) -> Float32Array:
    """stored (M, C) @ rows (n, C).T, exactly: (M, n). `rows` are whole numbers as `whole` makes
    them, or within int8."""
    products = np.empty((len(stored), len(rows)), dtype=np.float32)
    for start in range(0, len(stored), _BLOCK):
        block = stored[start : start + _BLOCK].astype(np.float32)
        np.matmul(block, rows.T, out=products[start : start + _BLOCK])
    return products
