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


def balance(signals: Sequence[Signal]) -> list[Signal]:
    """The signals with their weights turned into shares of one that make each signal's
    spread over the K papers count as its weight says.

    The combination then ranks as a weighted sum of z-scores does: a signal that hardly
    tells these papers apart for this query does not drown one that does. A signal that is
    the same for all of them gets no share, unless all are, as with a single paper: then shares
    are as the weights.
    """
    spreads = [float(signal.scores.std()) if len(signal.scores) else 0.0 for signal in signals]
    shares = [
        signal.weight * (signal.high - signal.low) / spread if spread > 1e-12 and signal.high > signal.low else 0.0
        for signal, spread in zip(signals, spreads, strict=True)
    ]
    if not any(shares):
        shares = [signal.weight if signal.high > signal.low else 0.0 for signal in signals]
    total = sum(shares)
    return [
        signal._replace(weight=share / total if total else 0.0)
        for signal, share in zip(signals, shares, strict=True)
    ]


def combine(signals: Sequence[Signal]) -> Float64Array:
    """The sum of weight times normalised score of at least one signal, (K,), higher is better."""
    fused: Float64Array = sum(
        (signal.weight * signal.normalised for signal in signals[1:]),
        start=signals[0].weight * signals[0].normalised,
    )
    return fused
