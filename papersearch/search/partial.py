"""Signals while only some papers are encoded: a paper without a vector gets what its words promise.

No paper may be hidden for lacking a vector. The cosine of an encoded paper rises with its BM25
score. Measured in standard deviations over a corpus, nearly the same straight line describes this
rise in every collection. A paper that is not encoded gets the cosine that the line expects, so its
words alone decide where it is among the others. Figures in docs/ranking.md.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from papersearch.dense.vectors import Cosines
    from papersearch.types import BoolArray, Float64Array, IntArray

_WITHOUT_WORDS = -0.5
_WITH_BEST_WORDS = 4.0
"""Expected cosines of a paper without a word of the query, and of the best one by words: standard
deviations above the mean of all papers."""

_LATE_SLOPE = 1.6
"""Expected late interaction: deviations of it for each deviation of the keyword score."""

_LEAST_FOR_LATE = 10
"""Least number of encoded candidates from which late interaction is expected of the others."""


_QUANTUM = 2.0**-24
"""Unit in which cosines are summed: as whole numbers, in any order, sums are exact."""

_ROWS = 8192
"""Cosines summed at once, so that their squares fit 64 bits."""


class Moments(NamedTuple):
    """Number, sum and sum of squares of cosines, in units of `_QUANTUM` and of its square."""

    n: int
    total: int
    squares: int

    def __add__(self, other: Moments) -> Moments:  # type: ignore[override]  # of tuples, it joins
        return Moments(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def mean(self) -> float:
        return self.total / self.n * _QUANTUM if self.n else 0.0

    @property
    def deviation(self) -> float:
        return sqrt(self.n * self.squares - self.total**2) / self.n * _QUANTUM if self.n else 0.0


class Expected(NamedTuple):
    """The cosines that words promise to papers that are not encoded.

    moments: of the cosines of all encoded papers
    words: the least and the greatest BM25 score of all papers
    """

    moments: Moments
    words: tuple[float, float]

    def of(self, keyword: Float64Array) -> Float64Array:
        """Return the cosine expected for each BM25 score in `keyword` (K,): (K,)."""
        low, width = self.words[0], self.words[1] - self.words[0]
        share = (keyword - low) / width if width > 0 else np.zeros(len(keyword))
        deviations = _WITHOUT_WORDS + (_WITH_BEST_WORDS - _WITHOUT_WORDS) * share
        return self.moments.mean + self.moments.deviation * deviations


class PartialCosines(NamedTuple):
    """A query's cosines with all papers, of which some are expected only; used as `Cosines` are.

    known: the cosines of encoded papers
    is_encoded: (N,)
    estimates: (N,), each off by at most `margin`; expected ones are exact
    """

    known: Cosines
    is_encoded: BoolArray
    estimates: Float64Array

    @property
    def margin(self) -> float:
        """Bound of the error of `estimates`."""
        return self.known.margin

    def exact(self, papers: IntArray) -> Float64Array:
        """Return the cosine of each of `papers` (K,), exact or expected: (K,)."""
        cosines, encoded = self.estimates[papers], self.is_encoded[papers]
        cosines[encoded] = self.known.exact(papers[encoded])
        return cosines


def moments_of(known: Cosines, is_encoded: BoolArray | None) -> Moments:
    """Sum the cosines of encoded papers; `is_encoded` is None if all papers are."""
    moments = Moments(0, 0, 0)
    for start in range(0, len(known.estimates), _ROWS):
        block = known.estimates[start : start + _ROWS]
        if is_encoded is not None:
            block = block[is_encoded[start : start + _ROWS]]
        whole = np.rint(block.astype(np.float64) / _QUANTUM).astype(np.int64)
        moments += Moments(len(whole), int(whole.sum()), int(np.dot(whole, whole)))
    return moments


def with_expected(
    known: Cosines, is_encoded: BoolArray, keyword: Float64Array, expected: Expected
) -> PartialCosines:
    """Give each paper that is not encoded the cosine that its BM25 score in `keyword` (N,) promises."""
    estimates = expected.of(keyword)
    estimates[is_encoded] = known.estimates[is_encoded]
    return PartialCosines(known, is_encoded, estimates)


def late_with_expected(late: Float64Array, is_encoded: BoolArray, keyword: Float64Array) -> Float64Array | None:
    """Expect the late interaction of candidates that are not encoded, from their words.

    late, is_encoded, keyword: (K,), of the candidates. Returns None if too few are encoded to tell.
    """
    if is_encoded.sum() < _LEAST_FOR_LATE:
        return None
    spread = keyword.std()
    deviations = (keyword - keyword.mean()) / spread if spread > 0 else np.zeros(len(keyword))
    expected = late[is_encoded].mean() + _LATE_SLOPE * late[is_encoded].std() * deviations
    return np.where(is_encoded, late, expected)
