"""A query's cosine with every paper: estimated at once from int8 vectors, exact where it counts.

Reading a quarter of the bytes takes a quarter of the time, and what int8 loses is bounded:
a ranking asks for exact cosines of every paper that the bound leaves in doubt, so that its
result is that of float32 throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.dense.products import row_dots
from papersearch.values import Value

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import Float32Array, Float64Array, IntArray

_LEVELS = 127
_ROWS = 8192
"""Rows handled together, so that memory does not grow with the index."""

_ROUNDING = 1e-5
"""More than float32 arithmetic can add to what quantising loses: vectors need not have
length one to the last bit."""


class Quantization(Value):
    """How vectors became int8. scale: what one level is worth; error: the greatest distance
    between a vector and what its int8 form stands for."""

    scale: float
    error: float


class PaperVectors(NamedTuple):
    """exact: (N, D) float32 unit rows; coarse: (N, D) int8, the same quantised."""

    exact: Float32Array
    coarse: npt.NDArray[np.int8]
    quantization: Quantization

    def cosines(self, query: Float32Array, papers: IntArray) -> Float64Array:
        """The query's (D,) cosine with each of `papers` (K,): (K,). A paper's does not depend
        on the papers beside it."""
        found = np.empty(len(papers))
        for start in range(0, len(papers), _ROWS):
            found[start : start + _ROWS] = row_dots(self.exact[papers[start : start + _ROWS]], query)
        return found

    def scan(self, query: Float32Array) -> Cosines:
        """The query's cosine with every paper."""
        import simsimd  # integer dot products at the speed of memory; numpy's take four times as long

        coarse, own = quantize(query[np.newaxis])
        dots = np.asarray(simsimd.cdist(coarse, self.coarse, metric="dot", out_dtype="float32")).reshape(-1)
        dots *= np.float32(own.scale * self.quantization.scale)
        # |q.v - q'.v'| <= |q| |v - v'| + |q - q'| |v'| by Cauchy and Schwarz.
        margin = self.quantization.error + own.error * (1.0 + self.quantization.error) + _ROUNDING
        return Cosines(self, query, dots, margin)


class Cosines(NamedTuple):
    """A query's cosines with all papers. estimates: (N,) float32, each off by `margin` at most."""

    vectors: PaperVectors
    query: Float32Array
    estimates: Float32Array
    margin: float

    def exact(self, papers: IntArray) -> Float64Array:
        """Of each of `papers` (K,): (K,)."""
        return self.vectors.cosines(self.query, papers)

    def bounds(self) -> tuple[float, float]:
        """The exact least and greatest of all."""
        reach = 2 * self.margin
        low = np.flatnonzero(self.estimates <= self.estimates.min() + reach)
        high = np.flatnonzero(self.estimates >= self.estimates.max() - reach)
        return float(self.exact(low).min()), float(self.exact(high).max())


def quantize(vectors: Float32Array) -> tuple[npt.NDArray[np.int8], Quantization]:
    """(N, D) float32 as (N, D) int8, rounded to the nearest level; the largest component of
    all is the last level."""
    largest = max((float(np.abs(vectors[start : start + _ROWS]).max()) for start in _starts(vectors)), default=0.0)
    scale = largest / _LEVELS or 1.0
    coarse = np.empty(vectors.shape, dtype=np.int8)
    for start in _starts(vectors):
        coarse[start : start + _ROWS] = np.rint(vectors[start : start + _ROWS] / np.float32(scale))
    return coarse, Quantization(scale=scale, error=quantization_error(vectors, coarse, scale))


def quantization_error(vectors: Float32Array, coarse: npt.NDArray[np.int8], scale: float) -> float:
    """The greatest distance between a row of `vectors` and the same row of `coarse` times `scale`."""
    greatest = 0.0
    for start in _starts(vectors):
        stands_for = coarse[start : start + _ROWS].astype(np.float32) * np.float32(scale)
        lost = np.square(vectors[start : start + _ROWS] - stands_for).sum(axis=1)
        greatest = max(greatest, float(np.sqrt(lost.max())))
    return greatest


def _starts(vectors: Float32Array) -> range:
    return range(0, len(vectors), _ROWS)
