"""Rankings: the best papers of each mode, with their scores and the reasons for these.

All functions are pure: they take arrays and return values. `candidates` reads the signals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.dense.feedback import FEEDBACK_DEPTH, move_towards
from papersearch.dense.products import row_dots
from papersearch.search.fusion import KEYWORD_WEIGHT, Signal, balance, combine
from papersearch.search.neighbours import with_neighbours
from papersearch.search.topk import may_be_in_top_k, top_k
from papersearch.types import DEFAULT_WEIGHTS, SignalName, SignalScore, Weights

if TYPE_CHECKING:
    from papersearch.dense.vectors import Cosines
    from papersearch.search.partial import PartialCosines
    from papersearch.types import BoolArray, Float32Array, Float64Array, IntArray

CANDIDATE_DEPTH = 100
"""Number of candidates. A cheap combination of words and meaning chooses them, and all signals
rank them again."""

_SENTENCE = 16
_MORE_KEYWORD = 0.15
"""Number of words up to which late interaction and feedback count in full, and what a request without
end adds to the weight of keywords."""


class Tier(NamedTuple):
    """Papers that are scored by the same signals: `papers` (K,), ascending doc_idx, and the signals."""

    papers: IntArray
    signals: list[Signal]

    def scores_by(self, name: SignalName, papers: IntArray) -> Float64Array:
        """Return the signal's scores of `papers` (K,), all of them in this tier: (K,)."""
        [scores] = [signal.scores for signal in self.signals if signal.name == name]
        return scores[np.searchsorted(self.papers, papers)]

    def explain(self, doc_idx: int) -> list[SignalScore] | None:
        """List each signal's score of the paper; return None if it is in another tier."""
        place = int(np.searchsorted(self.papers, doc_idx))
        if place == len(self.papers) or self.papers[place] != doc_idx:
            return None
        return [
            SignalScore(
                name=signal.name,
                score=float(signal.scores[place]),
                normalised=float(signal.normalised[place]),
                weight=signal.weight,
                contribution=signal.weight * float(signal.normalised[place]),
            )
            for signal in self.signals
        ]


class Ranking(NamedTuple):
    """The best papers of a search.

    papers: (K,), best first
    scores: (K,)
    total: number of papers that could be ranked
    tiers: the signals that make up the scores
    """

    papers: IntArray
    scores: Float64Array
    total: int
    tiers: tuple[Tier, ...]

    def explain(self, doc_idx: int, score: float) -> tuple[SignalScore, ...]:
        """List the contributions that add up to `score`, including that of the exact-title rule."""
        given = next((found for tier in self.tiers if (found := tier.explain(doc_idx)) is not None), [])
        added = score - sum(part.contribution for part in given)
        if abs(added) > 1e-12:
            given = [
                *given,
                SignalScore(name="exact title", score=1.0, normalised=1.0, weight=added, contribution=added),
            ]
        return tuple(given)


def by_keyword(scores: Float64Array, ranked: IntArray, k: int) -> Ranking:
    """Rank the `k` best of the papers `ranked` by their BM25 `scores` (N,) alone."""
    papers = may_be_in_top_k(scores, 0.0, k, ranked)
    return by_one("keyword", scores[papers], papers, k, len(ranked))


def by_meaning(semantic: Cosines | PartialCosines, allowed: IntArray, k: int) -> Ranking:
    """Rank the `k` best of the papers `allowed` by their cosines alone."""
    papers = may_be_in_top_k(semantic.estimates, semantic.margin, k, allowed)
    return by_one("semantic", semantic.exact(papers), papers, k, len(allowed))


def by_one(name: SignalName, scores: Float64Array, papers: IntArray, k: int, total: int) -> Ranking:
    """Rank the `k` best of `papers` (K,), ascending, by their `scores` (K,) as they are."""
    return by_signals([Signal(name, scores, 0.0, 1.0, 1.0)], papers, k, total)


def by_both(
    keyword: Float64Array,
    semantic: Cosines | PartialCosines,
    allowed: IntArray,
    k: int,
    words: tuple[float, float],
    meaning: tuple[float, float],
) -> Ranking:
    """Rank the `k` best of the papers `allowed` by words and meaning together.

    The score is a convex combination of BM25 `keyword` (N,) and cosines. Each is mapped linearly
    to [0, 1] over all papers of the whole: `words` and `meaning` are the least and the greatest of each.
    """
    papers = allowed
    if k < len(allowed):
        width = meaning[1] - meaning[0]
        margin = (1 - KEYWORD_WEIGHT) * semantic.margin / width if width > 0 else 0.0
        papers = may_be_in_top_k(_Both(keyword, semantic.estimates, (words, meaning)), margin, k, allowed)
    given = signals_of_both(keyword[papers], semantic.exact(papers), words, meaning)
    return by_signals(given, papers, k, len(allowed))


def signals_of_both(
    keyword: Float64Array, cosines: Float64Array, words: tuple[float, float], meaning: tuple[float, float]
) -> list[Signal]:
    """Return the signals of hybrid mode for K papers."""
    return [
        Signal("keyword", keyword, *words, KEYWORD_WEIGHT),
        Signal("semantic", cosines, *meaning, 1 - KEYWORD_WEIGHT),
    ]


class _Both:
    """Estimates of the combined score, which papers index as an array (N,)."""

    def __init__(
        self, keyword: Float64Array, cosines: Float32Array | Float64Array, bounds: Sequence[tuple[float, float]]
    ) -> None:
        self._keyword, self._cosines, self._bounds = keyword, cosines, bounds

    def __getitem__(self, papers: IntArray) -> Float64Array:
        cosines = self._cosines[papers].astype(np.float64)
        return combine(signals_of_both(self._keyword[papers], cosines, *self._bounds))


def by_signals(given: Sequence[Signal], papers: IntArray, k: int, total: int) -> Ranking:
    """Rank the `k` best of `papers` (K,), ascending, by these signals together."""
    scores = combine(given)
    places = top_k(scores, k, np.arange(len(papers)))
    kept = np.sort(places)
    tier = Tier(papers[kept], [signal._replace(scores=signal.scores[kept]) for signal in given])
    return Ranking(papers[places], scores[places], total, (tier,))


def brevity(n_words: int) -> float:
    """Return 1 for a query of a sentence or less, and less for a longer one.

    The words of a paragraph outnumber those that matter. Late interaction and feedback follow all of
    them, so they count less; BM25 weighs words by rarity, so it counts more.
    """
    return min(1.0, _SENTENCE / max(n_words, 1))


class Measured(NamedTuple):
    """The candidates of a query, ascending, and what ranks them under any weights; each (K,) unless stated.

    late: None without late interaction
    vectors: (K, D), unit rows; zeros for a paper that is not encoded
    near: (K, n), the places of their neighbours; None without neighbours
    query: its vector, (D,)
    expect: the cosines of a vector (D,) with papers that are not encoded, (K,); None if all are encoded
    """

    candidates: IntArray
    keyword: Float64Array
    cosines: Float64Array
    late: Float64Array | None
    vectors: Float32Array
    near: IntArray | None
    is_encoded: BoolArray
    query: Float32Array
    brevity: float
    expect: Callable[[Float32Array], Float64Array] | None

    def weighed(self, weights: Weights) -> list[Signal]:
        """Return the signals of the candidates after feedback, balanced by these weights."""
        signals = candidate_signals(self.keyword, self.cosines, self.late, self.brevity, weights)
        first = np.searchsorted(self.candidates, best_of(self.candidates, signals, FEEDBACK_DEPTH))
        fed_back = self.vectors[first[self.is_encoded[first]]]
        moved = move_towards(self.query, fed_back, self.brevity * weights.feedback)
        semantic = row_dots(self.vectors, moved)
        if self.expect is not None:
            semantic = np.where(self.is_encoded, semantic, self.expect(moved))
        signals = candidate_signals(self.keyword, semantic, self.late, self.brevity, weights)
        return with_neighbours(signals, self.near, weights.neighbours)


def candidate_signals(
    keyword: Float64Array,
    semantic: Float64Array,
    late: Float64Array | None,
    brevity: float = 1.0,
    weights: Weights = DEFAULT_WEIGHTS,
) -> list[Signal]:
    """Balance the signals of the candidates, each (K,).

    Late interaction counts by `brevity` squared, and keywords count more as it falls.

    A score of 0 is normalised to 0, so that a paper without a matching word gains nothing by it.
    """
    given: list[tuple[SignalName, Float64Array | None, float]] = [
        ("keyword", keyword, weights.keyword + _MORE_KEYWORD * (1 - brevity)),
        ("semantic", semantic, 1.0),
        ("late interaction", late, weights.late_interaction * brevity**2),
    ]
    return balance(
        [
            Signal(name, scores, min(0.0, float(scores.min())), float(scores.max()), weight)
            for name, scores, weight in given
            if scores is not None and len(scores)
        ]
    )


def best_of(candidates: IntArray, signals: Sequence[Signal], k: int) -> IntArray:
    """Return the `k` best of the candidates by these signals: doc_idx, best first."""
    if len(candidates) == 0:
        return candidates
    return candidates[top_k(combine(signals), k, np.arange(len(candidates)))]


def in_two_tiers(base: Ranking, candidates: IntArray, signals: list[Signal], k: int) -> Ranking:
    """Rank the `candidates`, the first papers of `base` in ascending order, by these signals.

    Returns the `k` best. The papers below the candidates keep their order, with scores scaled so
    that none exceeds the last candidate's.
    """
    if len(candidates) == 0:
        return base
    head = combine(signals)
    least = float(base.scores[len(candidates) - 1])
    scale = float(head.min()) / least if least > 0 else 0.0
    places = top_k(head, len(candidates), np.arange(len(candidates)))
    [tier] = base.tiers
    below = Tier(tier.papers, [signal._replace(weight=signal.weight * scale) for signal in tier.signals])
    return Ranking(
        np.concatenate([candidates[places], base.papers[len(candidates) :]])[:k],
        np.concatenate([head[places], base.scores[len(candidates) :] * scale])[:k],
        base.total,
        (Tier(candidates, signals), below),
    )
