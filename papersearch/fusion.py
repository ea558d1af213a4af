"""Several signals become one score: convex combinations of normalised scores.

Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (ACM TOIS
2023) find them better than reciprocal rank fusion, which throws the scores' distances away;
on this project's collections they are too (docs/ranking.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float64Array, SignalName

KEYWORD_WEIGHT = 0.4
"""Share of the lexical side in choosing candidates; figures in docs/ranking.md."""


class Signal(NamedTuple):
    """One view of K papers: `scores` (K,), higher is better; `low` and `high` are what
    normalises to 0 and 1; `weight` is its share of the fused score."""

    name: SignalName
    scores: Float64Array
    low: float
    high: float
    weight: float

    @property
    def normalised(self) -> Float64Array:
        """(K,); all zero where low and high are equal."""
        width = self.high - self.low
        return (self.scores - self.low) / width if width > 0 else np.zeros(len(self.scores))


def min_max(scores: Float64Array) -> Float64Array:
    """`scores` (N,) mapped linearly to [0, 1]; all zero where they are all equal."""
    if len(scores) == 0:
        return np.zeros(0)
    low, high = float(scores.min()), float(scores.max())
    if not high > low:
        return np.zeros(len(scores))
    return (scores - low) / (high - low)


def convex_combination(
    keyword_scores: Float64Array,
    semantic_scores: Float64Array,
    keyword_weight: float = KEYWORD_WEIGHT,
) -> Float64Array:
    """w * min_max(keyword) + (1 - w) * min_max(semantic), (N,) in [0, 1], higher is better."""
    keyword, semantic = min_max(keyword_scores), min_max(semantic_scores)
    return keyword_weight * keyword + (1.0 - keyword_weight) * semantic


def balance(signals: Sequence[Signal]) -> list[Signal]:
    """The signals with their weights turned into shares of one that make each signal's
    spread over the K papers count as its weight says.

    The combination then ranks as a weighted sum of z-scores does: a signal that hardly
    tells these papers apart for this query does not drown one that does. A signal that is
    the same for all of them gets no share.
    """
    spreads = [float(signal.scores.std()) if len(signal.scores) else 0.0 for signal in signals]
    shares = [
        signal.weight * (signal.high - signal.low) / spread if spread > 1e-12 and signal.high > signal.low else 0.0
        for signal, spread in zip(signals, spreads, strict=True)
    ]
    total = sum(shares)
    return [
        signal._replace(weight=share / total if total else 0.0)
        for signal, share in zip(signals, shares, strict=True)
    ]


def combine(signals: Sequence[Signal]) -> Float64Array:
    """The sum of weight times normalised score, (K,), higher is better."""
    fused: Float64Array = np.sum([signal.weight * signal.normalised for signal in signals], axis=0)
    return fused
