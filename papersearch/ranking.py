"""What a mode makes of a query: scores of all papers, and why each is what it is.

Pure: arrays in, values out. The searcher brings the signals; here they become a ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.fusion import KEYWORD_WEIGHT, Signal, balance, combine
from papersearch.topk import top_k
from papersearch.types import SignalName, SignalScore

if TYPE_CHECKING:
    from papersearch.types import Float64Array, IntArray

DEPTH = 100
"""Candidates: as many papers as the cheap combination of words and meaning puts first are
ranked again by everything there is."""

WEIGHTS: dict[SignalName, float] = {"keyword": 0.7, "semantic": 1.0, "late interaction": 0.6}
"""What the signals' spreads over the candidates count for; figures in docs/ranking.md."""


class Tier(NamedTuple):
    """Papers that are scored alike: `papers` (K,) ascending doc_idx, and their signals."""

    papers: IntArray
    signals: list[Signal]

    def explain(self, doc_idx: int) -> list[SignalScore] | None:
        """What each signal gave the paper; None when it is of another tier."""
        place = int(np.searchsorted(self.papers, doc_idx))
        if place == len(self.papers) or self.papers[place] != doc_idx:
            return None
        return [
            SignalScore(
                signal.name,
                float(signal.scores[place]),
                float(signal.normalised[place]),
                signal.weight,
                signal.weight * float(signal.normalised[place]),
            )
            for signal in self.signals
        ]


class Ranking(NamedTuple):
    """`scores` (N,), higher is better, for the doc_idx in `ranked`, ascending; `tiers` tell
    how they came about, the first that has a paper counts."""

    scores: Float64Array
    ranked: IntArray
    tiers: tuple[Tier, ...]

    def explain(self, doc_idx: int, score: float) -> tuple[SignalScore, ...]:
        """Contributions that add up to `score`; what the exact title's rule added is one of them."""
        given = next((found for tier in self.tiers if (found := tier.explain(doc_idx)) is not None), [])
        added = score - sum(part.contribution for part in given)
        if abs(added) > 1e-12:
            given = [*given, SignalScore("exact title", 1.0, 1.0, added, added)]
        return tuple(given)


def by_one_signal(name: SignalName, scores: Float64Array, ranked: IntArray) -> Ranking:
    """The ranking by `scores` (N,) alone, as they are."""
    everything = np.arange(len(scores))
    return Ranking(scores, ranked, (Tier(everything, [Signal(name, scores, 0.0, 1.0, 1.0)]),))


def choose_candidates(base: Float64Array, allowed: IntArray) -> IntArray:
    """The DEPTH papers of `allowed`, (K,) ascending doc_idx, that `base` (N,), words and meaning
    together, puts first."""
    return np.sort(top_k(base, DEPTH, allowed))


def candidate_signals(keyword: Float64Array, semantic: Float64Array, late: Float64Array | None) -> list[Signal]:
    """The signals of the candidates, all (K,), in balance. Zero stays zero when normalised:
    no word in common, and no likeness, are worth nothing."""
    given: list[tuple[SignalName, Float64Array | None]] = [
        ("keyword", keyword),
        ("semantic", semantic),
        ("late interaction", late),
    ]
    return balance(
        [
            Signal(name, scores, min(0.0, float(scores.min())), float(scores.max()), WEIGHTS[name])
            for name, scores in given
            if scores is not None and len(scores)
        ]
    )


def best_of(candidates: IntArray, signals: Sequence[Signal], k: int) -> IntArray:
    """The `k` best of the candidates by these signals: doc_idx, best first."""
    if len(candidates) == 0:
        return candidates
    return candidates[top_k(combine(signals), k, np.arange(len(candidates)))]


def in_two_tiers(
    candidates: IntArray,
    signals: list[Signal],
    base: Float64Array,
    keyword: Float64Array,
    semantic: Float64Array,
    allowed: IntArray,
) -> Ranking:
    """Candidates by their signals; below them the other papers by `base`, the combination of
    `keyword` and `semantic`, (N,) all three, scaled so that none passes the last candidate."""
    scores = np.zeros(len(keyword))
    if len(candidates) == 0:
        return Ranking(scores, allowed, ())
    head = combine(signals)
    least = float(base[candidates].min())
    scale = float(head.min()) / least if least > 0 else 0.0
    scores = base * scale
    scores[candidates] = head
    tail = [
        _scaled("keyword", keyword, KEYWORD_WEIGHT * scale),
        _scaled("semantic", semantic, (1 - KEYWORD_WEIGHT) * scale),
    ]
    return Ranking(scores, allowed, (Tier(candidates, signals), Tier(np.arange(len(base)), tail)))


def _scaled(name: SignalName, scores: Float64Array, weight: float) -> Signal:
    low, high = float(scores.min()), float(scores.max())
    return Signal(name, scores, low, high, weight)
