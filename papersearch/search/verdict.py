"""Whether a hit answers at all: strong, fair or weak.

A ranking always has a first paper. What tells an answer from the least bad of the rest is
how far its cosine stands above what this corpus gives to queries about nothing in it, and
how much of the query's own words, by idf, the paper holds. Figures in docs/ranking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersearch.types import Verdict

if TYPE_CHECKING:
    from papersearch.dense.background import Background
    from papersearch.types import BoolArray, Float64Array

_PER_DEVIATION = 2.0
_PER_COVERAGE = 6.0
_OFFSET = -6.5
_STRONG, _FAIR = 2.5, 0.0
"""A logistic model's log odds. Fitted on relevant papers against the first papers for other
collections' topics; the weight of coverage is raised, because those topics are longer than
what is typed. 99 % of the relevant are fair or strong, 0.3 % of the others."""

_STRONG_COVERAGE, _FAIR_COVERAGE = 0.5, 0.25
"""Where there is no cosine: reached by 0.1 % and 4 % of papers that do not answer."""

_LEAST_DEVIATION = 0.02
_LIKE = 3.0


def judge(cosine: float | None, coverage: float, background: Background) -> Verdict:
    """The verdict on a hit. cosine: of query and paper, None when it is not known;
    coverage: share of the query's idf that the paper's words have, in [0, 1]."""
    if cosine is None:
        if coverage >= _STRONG_COVERAGE:
            return "strong"
        return "fair" if coverage >= _FAIR_COVERAGE else "weak"
    deviations = (cosine - background.mean) / max(background.deviation, _LEAST_DEVIATION)
    log_odds = _PER_DEVIATION * deviations + _PER_COVERAGE * coverage + _OFFSET
    if log_odds >= _STRONG:
        return "strong"
    # Two words say little to the encoder; a paper that holds every word answers all the same.
    return "fair" if log_odds >= _FAIR or coverage > 1 - 1e-9 else "weak"


def is_like(cosine: float, background: Background) -> bool:
    """Whether a paper is at all like an abstract that is not of the corpus: nearer than chance
    comes by three deviations. No paper of the real corpus is less near to its nearest."""
    return cosine >= background.mean + _LIKE * max(background.deviation, _LEAST_DEVIATION)


def answers(cosines: Float64Array | None, coverage: Float64Array, background: Background) -> BoolArray:
    """Which papers `judge` finds fair or strong: cosines, if there are any, and coverage (K,)."""
    if cosines is None:
        return coverage >= _FAIR_COVERAGE
    deviations = (cosines - background.mean) / max(background.deviation, _LEAST_DEVIATION)
    log_odds = _PER_DEVIATION * deviations + _PER_COVERAGE * coverage + _OFFSET
    enough: BoolArray = (log_odds >= _FAIR) | (coverage > 1 - 1e-9)
    return enough
