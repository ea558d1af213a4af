"""Verdicts: strong, fair or weak, for how well a paper answers a query.

A ranking always has a first paper, even if no paper answers. Three values tell an answer from the
least bad of the rest:

- the distance of its cosine from the background: the best cosines that random words reach in this
  corpus;
- coverage: the share, weighted by idf, of the query's words that the paper has;
- relief: the distance of its late interaction from that of most candidates.

The weights separate topics from near misses: the same topics without their papers, and topics of
the same field that a corpus lacks. Figures in docs/ranking.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from papersearch.types import FAIR_STRENGTH, STRONG_STRENGTH, VERDICTS, Verdict, VerdictCounts

if TYPE_CHECKING:
    from papersearch.dense.background import Background
    from papersearch.types import BoolArray, Float64Array

_Numbers = TypeVar("_Numbers", float, "Float64Array")

_PER_DEVIATION = 0.08
_PER_COVERAGE = 0.7
_PER_RELIEF = 1.1
_STRONG, _FAIR = 1.17, 0.9
"""Weights of the three values, and the sums from which a paper is strong and fair."""

_EXPECTED_RELIEF = (0.2, 0.4)
"""Relief expected without late interaction: of a paper without the query's words, and more with all."""

_FULL = 2 * _STRONG
"""Evidence of the greatest strength: few papers have as much but those whose words are the query."""

_STRONG_COVERAGE, _FAIR_COVERAGE = 0.7, 0.4
"""Least coverage of strong and fair papers without a cosine."""

_SENTENCE, _PARAGRAPH = 22, 88
"""Numbers of words from which, and up to which, coverage and relief count by the number, beside a cosine.
A paper has a smaller share of a paragraph. A sentence must not gain by its length: it shares words
with every paper of its field."""

_FEW_WORDS = 8
"""Number of words from which coverage without a cosine counts by the root of the number."""

_USUAL_LATE = 0.5
_AS_MANY_AS = 10
"""Late interaction of unrelated papers, and the number of candidates for which it counts: a few
candidates do not tell what is usual."""

_LEAST_DEVIATION = 0.02
_LIKE, _VERY_LIKE, _THE_SAME = 3.0, 6.0, 12.0
"""Deviations of a cosine from the background from which a paper is like another; figures in docs/ranking.md."""


def strength(
    cosine: float | None,
    coverage: float,
    background: Background | None,
    n_words: int,
    relief: float | None = None,
) -> float:
    """Return how well a paper answers, in [0, 1].

    cosine: the cosine of query and paper; None if it is unknown
    coverage: share, weighted by idf, of the query's words that the paper has, in [0, 1]
    background: None if no paper is encoded
    n_words: number of different words of the query
    relief: None unless the paper is a candidate with late interaction
    """
    if cosine is None or background is None:
        return _strength(_coverage_alone(coverage, n_words), _FAIR_COVERAGE, _STRONG_COVERAGE, 1.0)
    evidence = _evidence(cosine, coverage, background, n_words, relief)
    # The encoder learns little from two words, but a paper that has every word answers the query.
    least = FAIR_STRENGTH if coverage > 1 - 1e-9 else 0.0
    return max(least, _strength(evidence, _FAIR, _STRONG, _FULL))


def likeness(cosine: float, background: Background) -> float:
    """Return how like a paper is to what it is compared with, in [0, 1], as a strength."""
    return likeness_at(_deviations(cosine, background))


def likeness_at(deviations: float) -> float:
    """Return how like a paper is to another, in [0, 1], by the deviations of their cosine from the usual one."""
    return _strength(deviations, _LIKE, _VERY_LIKE, _THE_SAME)


def count_verdicts(verdicts: Iterable[Verdict]) -> VerdictCounts:
    """Count the papers by verdict."""
    counts = Counter(verdicts)
    return VerdictCounts(**{verdict: counts[verdict] for verdict in VERDICTS})


def reliefs(late: Float64Array) -> Float64Array:
    """Return the relief of K candidates with these late interactions: 0 is usual, 1 is the query itself."""
    usual = (len(late) * float(np.median(late)) + _AS_MANY_AS * _USUAL_LATE) / (len(late) + _AS_MANY_AS)
    return (late - usual) / (1 - usual)


def is_like(cosine: float, background: Background) -> bool:
    """Tell whether a paper resembles an abstract from outside the corpus.

    Its cosine must exceed the background's mean by three deviations. Every paper of the real
    corpus is that near to its nearest paper.
    """
    return cosine >= background.mean + _LIKE * max(background.deviation, _LEAST_DEVIATION)


def answers(
    cosines: Float64Array | None, coverage: Float64Array, background: Background | None, n_words: int
) -> BoolArray:
    """Tell which papers `strength` finds fair or strong, given their cosines, if any, and coverages (K,)."""
    if cosines is None or background is None:
        return _coverage_alone(coverage, n_words) >= _FAIR_COVERAGE
    enough: BoolArray = _evidence(cosines, coverage, background, n_words, None) >= _FAIR
    return enough | (coverage > 1 - 1e-9)


def _coverage_alone(coverage: _Numbers, n_words: int) -> _Numbers:
    return coverage * math.sqrt(max(1.0, n_words / _FEW_WORDS))


def _evidence(
    cosines: _Numbers, coverage: _Numbers, background: Background, n_words: int, relief: _Numbers | None
) -> _Numbers:
    if relief is None:
        without, more = _EXPECTED_RELIEF
        relief = without + more * coverage
    shares = _PER_COVERAGE * coverage + _PER_RELIEF * relief
    growth = min(max(n_words, _SENTENCE), _PARAGRAPH) / _SENTENCE
    return _PER_DEVIATION * _deviations(cosines, background) + growth * shares


def _deviations(cosines: _Numbers, background: Background) -> _Numbers:
    return (cosines - background.mean) / max(background.deviation, _LEAST_DEVIATION)


def _strength(value: float, fair: float, strong: float, full: float) -> float:
    """Return the strength of a value, linear between 0, `fair`, `strong` and `full`."""
    if value >= strong:
        return STRONG_STRENGTH + (1 - STRONG_STRENGTH) * min(1.0, (value - strong) / (full - strong))
    if value >= fair:
        share = FAIR_STRENGTH + (STRONG_STRENGTH - FAIR_STRENGTH) * (value - fair) / (strong - fair)
        return min(share, math.nextafter(STRONG_STRENGTH, 0))
    return min(FAIR_STRENGTH * max(0.0, value / fair), math.nextafter(FAIR_STRENGTH, 0))
