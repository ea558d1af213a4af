"""Fusion: a convex combination of normalised scores makes one score of several signals.

Reciprocal rank fusion discards the distances between scores. Bruch, Gai and Ingber, "An Analysis
of Fusion Functions for Hybrid Retrieval" (ACM TOIS 2023) find convex combinations better. So does
this project on its own collections (docs/ranking.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float64Array, SignalName

KEYWORD_WEIGHT = 0.4
"""Weight of the keyword signal in choosing candidates; figures in docs/ranking.md."""


class Signal(NamedTuple):
    """One kind of score of K papers.

    scores: (K,), higher is better
    low, high: the scores that are normalised to 0 and 1
    weight: the share of this signal in the fused score
    """

    name: SignalName
    scores: Float64Array
    low: float
    high: float
    weight: float

    @property
    def normalised(self) -> Float64Array:
        """Scores mapped linearly so that `low` is 0 and `high` is 1, (K,); all 0 if these are equal."""
        width = self.high - self.low
        return (self.scores - self.low) / width if width > 0 else np.zeros(len(self.scores))


def balance(signals: Sequence[Signal]) -> list[Signal]:
    """Divide each signal's weight by its spread over the K papers, and scale the weights to sum to 1.

    The combination then ranks like a weighted sum of z-scores. A signal that varies little over
    these papers cannot outweigh one that varies much. A constant signal gets weight 0. If all
    signals are constant, as for a single paper, they keep their weights, scaled.
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
    """Sum weight times normalised score over one or more signals: (K,), higher is better."""
    fused: Float64Array = sum(
        (signal.weight * signal.normalised for signal in signals[1:]),
        start=signals[0].weight * signals[0].normalised,
    )
    return fused
