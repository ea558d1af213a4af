"""Whitening: vectors in which the directions that all papers of a collection share count little.

Papers of one field lie close together, so their cosines tell little apart. Whitening with the
covariance of the collection is linear discriminant analysis without classes (Su et al.,
"Whitening Sentence Representations for Better Semantics and Faster Retrieval", 2021). The
covariance is shrunk towards a multiple of the identity (Ledoit and Wolf, Journal of Multivariate
Analysis 88, 2004, with a fixed share), so that thirty papers suffice.

Everything is computed with whole numbers that float64 holds exactly. So sums over shards, and
products of any shape, have the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float32Array, Float64Array

SHRINKAGE = 4.0
"""Share of the identity, relative to the mean variance; figures in docs/ranking.md."""

_GRID = 4096.0
"""Factor of unit vectors before they are rounded: a component changes by at most 1.3e-4."""

_FINE = 65536.0
"""Factor of the matrix, and of whitened rows, before they are rounded."""

UNIT = _FINE * _FINE
"""Product of a whitened row with itself, rounding aside."""

_BLOCK = 1024
"""Rows that are whitened at once."""


class Sums(NamedTuple):
    """The number of n vectors on the grid, their sum (D,) and the sum of their products (D, D)."""

    n: int
    sums: Float64Array
    products: Float64Array


class Whitening(NamedTuple):
    """A mean (D,) and a matrix (D, D) of whole numbers: rows are `(on the grid - mean) @ matrix`.

    deviation: standard deviation of the cosine of two random papers, whose mean is near 0
    """

    mean: Float64Array
    matrix: Float64Array
    deviation: float


def sums_of(vectors: Float32Array) -> Sums:
    """Sum up unit vectors (n, D). n must be below 2**29, where sums cease to be exact."""
    n_dimensions = vectors.shape[1]
    sums, products = np.zeros(n_dimensions), np.zeros((n_dimensions, n_dimensions))
    for start in range(0, len(vectors), _BLOCK):
        block = np.rint(vectors[start : start + _BLOCK].astype(np.float64) * _GRID)
        sums += block.sum(axis=0)
        products += block.T @ block
    return Sums(len(vectors), sums, products)


def whitening_of(parts: Sequence[Sums]) -> Whitening:
    """Return the whitening of the vectors that `parts` sum up, at least one."""
    n = sum(part.n for part in parts)
    sums, products = (sum(column) for column in (tuple(p.sums for p in parts), tuple(p.products for p in parts)))
    mean = sums / n
    covariance = products / n - np.outer(mean, mean)
    variances, directions = np.linalg.eigh(covariance)
    variances = np.maximum(variances, 0.0)
    shrunk = variances + max(SHRINKAGE * float(variances.mean()), 1.0)
    # The symmetric root does not depend on the basis that is found for directions of equal variance.
    matrix = (directions / np.sqrt(shrunk / shrunk.min())) @ directions.T
    # Of whitened vectors with independent components, of which each has its share of the squared length.
    shares = variances / shrunk
    total = float(shares.sum())
    deviation = float(np.sqrt((shares**2).sum())) / total if total > 0 else 1.0
    return Whitening(np.rint(mean), np.rint(matrix * _FINE), deviation)


def whitened(vectors: Float32Array, whitening: Whitening) -> Iterator[Float64Array]:
    """Yield whitened rows of unit vectors (n, D) in blocks: of length 65,536, rounded to whole numbers.

    A vector at the mean stays zero.
    """
    for start in range(0, len(vectors), _BLOCK):
        block = np.rint(vectors[start : start + _BLOCK].astype(np.float64) * _GRID)
        rows = np.ascontiguousarray((block - whitening.mean) @ whitening.matrix)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        yield np.rint(rows * (_FINE / np.where(lengths > 0, lengths, 1.0))[:, np.newaxis])
