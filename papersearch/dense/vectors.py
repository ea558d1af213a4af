"""A query's cosine with every paper: estimated from int8 vectors, exact where it matters.

Reading a quarter of the bytes takes a quarter of the time, and the error of int8 is bounded. A
ranking asks for the exact cosine of every paper that the bound leaves in doubt. So its result
equals that of float32 throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.dense.products import ROUNDING, row_dots
from papersearch.values import Value

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import BoolArray, Float32Array, Float64Array, IntArray

_LEVELS = 127
_ROWS = 8192
"""Rows handled at once, so that memory does not grow with the index."""

_SCANNED = 2048
"""Rows of the int8 form scanned at once: the cache still holds them after reading has checked them."""

_READ = 256
"""Rows of scattered papers read at once: a query holds two copies, of 4.6 kB each row together."""


class Quantization(Value):
    """The parameters of the int8 form of vectors.

    scale: the value of one level
    error: the greatest distance between a vector and its int8 form times `scale`
    """

    scale: float
    error: float


class PaperVectors(NamedTuple):
    """The vectors of N papers.

    exact: (N, D) float32 unit rows
    coarse: (N, D) int8, the same rows quantised
    quantization: the parameters of `coarse`
    """

    exact: Float32Array
    coarse: npt.NDArray[np.int8]
    quantization: Quantization

    def cosines(self, query: Float32Array, papers: IntArray) -> Float64Array:
        """Return the query's (D,) cosine with each of `papers` (K,): (K,).

        A paper's cosine does not depend on the papers beside it.
        """
        found = np.empty(len(papers))
        for start in range(0, len(papers), _READ):
            found[start : start + _READ] = row_dots(self.exact[papers[start : start + _READ]], query)
        return found

    def scan(self, query: Float32Array) -> Cosines:
        """Estimate the query's cosine with every paper."""
        import simsimd  # integer dot products at memory speed; numpy's take four times as long

        coarse, own = quantize(query[np.newaxis])
        dots = np.empty(len(self.coarse), dtype=np.float32)
        for start in range(0, len(dots), _SCANNED):
            rows = self.coarse[start : start + _SCANNED]
            dots[start : start + _SCANNED] = simsimd.cdist(coarse, rows, metric="dot", out_dtype="float32")
        dots *= np.float32(own.scale * self.quantization.scale)
        # |q.v - q'.v'| <= |q| |v - v'| + |q - q'| |v'| by Cauchy and Schwarz.
        margin = self.quantization.error + own.error * (1.0 + self.quantization.error) + ROUNDING
        return Cosines(self, query, dots, margin)


class Cosines(NamedTuple):
    """A query's cosines with all papers.

    estimates: (N,) float32, each off by at most `margin`
    """

    vectors: PaperVectors
    query: Float32Array
    estimates: Float32Array
    margin: float

    def exact(self, papers: IntArray) -> Float64Array:
        """Return the exact cosine of each of `papers` (K,): (K,)."""
        return self.vectors.cosines(self.query, papers)

    def bounds(self, is_encoded: BoolArray | None = None) -> tuple[float, float]:
        """Return the exact least and greatest cosine of all papers, or of encoded ones, (N,).

        Without papers they are infinite: the least above every cosine, the greatest below.
        """
        estimates, reach = self.estimates, 2 * self.margin
        papers = None if is_encoded is None else np.flatnonzero(is_encoded)
        if papers is not None:
            estimates = estimates[papers]
        if len(estimates) == 0:
            return np.inf, -np.inf
        low = np.flatnonzero(estimates <= estimates.min() + reach)
        high = np.flatnonzero(estimates >= estimates.max() - reach)
        if papers is not None:
            low, high = papers[low], papers[high]
        return float(self.exact(low).min()), float(self.exact(high).max())


def quantize(vectors: Float32Array, largest: float | None = None) -> tuple[npt.NDArray[np.int8], Quantization]:
    """Quantise (N, D) float32 rows to int8, rounding to the nearest level.

    The largest component of all rows, in absolute value, becomes the last level. `largest` has it
    if `vectors` are some rows of more.
    """
    scale = (largest_component(vectors) if largest is None else largest) / _LEVELS or 1.0
    coarse = np.empty(vectors.shape, dtype=np.int8)
    for start in _starts(vectors):
        coarse[start : start + _ROWS] = np.rint(vectors[start : start + _ROWS] / np.float32(scale))
    return coarse, Quantization(scale=scale, error=quantization_error(vectors, coarse, scale))


def largest_component(vectors: Float32Array) -> float:
    """Return the largest component of (N, D) rows in absolute value; 0 without rows."""
    blocks = (vectors[start : start + _ROWS] for start in _starts(vectors))
    return max((float(np.abs(block).max(initial=0.0)) for block in blocks), default=0.0)


def quantization_error(vectors: Float32Array, coarse: npt.NDArray[np.int8], scale: float) -> float:
    """Return the greatest distance between a row of `vectors` and the same row of `coarse` times
    `scale`."""
    greatest = 0.0
    for start in _starts(vectors):
        restored = coarse[start : start + _ROWS].astype(np.float32) * np.float32(scale)
        lost = np.square(vectors[start : start + _ROWS] - restored).sum(axis=1)
        greatest = max(greatest, float(np.sqrt(lost.max())))
    return greatest


def _starts(vectors: Float32Array) -> range:
    return range(0, len(vectors), _ROWS)
