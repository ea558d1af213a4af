"""Neighbours: candidates that resemble each other vote for each other.

Papers on one question resemble each other, and a signal that misses one of them seldom misses all
(the cluster hypothesis; Diaz, "Regularizing Query-Based Retrieval Scores", Information Retrieval
2007). So a part of a candidate's score is the mean score of the candidates that are most like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.search.fusion import Signal, combine

if TYPE_CHECKING:
    from papersearch.types import Float32Array, Float64Array, IntArray

_CANDIDATES_PER_NEIGHBOUR = 20
"""Number of candidates for each neighbour: five of a hundred (docs/ranking.md)."""

_WHOLE = 4000.0
"""Factor of unit rows before they are rounded. A product of two is then exact in float32, in any order
of summation: every partial sum is at most (4000 + sqrt(D) / 2)**2 < 2**24, for D up to 30,000."""


def neighbours_of(vectors: Float32Array) -> IntArray | None:
    """Return the places of the neighbours of K candidates, whose unit rows are `vectors` (K, D).

    Fewer than twenty candidates have none.
    """
    n_neighbours = len(vectors) // _CANDIDATES_PER_NEIGHBOUR
    return nearest(vectors, n_neighbours) if n_neighbours else None


def with_neighbours(signals: Sequence[Signal], near: IntArray | None, weight: float) -> list[Signal]:
    """Give `weight` of the score of each of K candidates to the mean score of its neighbours `near` (K, n)."""
    if near is None:
        return list(signals)
    # Sorted, so that papers with equal neighbours get equal sums.
    scores: Float64Array = np.sort(combine(signals)[near], axis=1).mean(axis=1)
    return [
        *(signal._replace(weight=signal.weight * (1 - weight)) for signal in signals),
        Signal("neighbours", scores, 0.0, 1.0, weight),
    ]


def nearest(vectors: Float32Array, n: int) -> IntArray:
    """Return the places of the `n` other rows most like each of `vectors` (K, D): (K, n), ascending.

    Of rows equally like it, the first are taken. `n` is less than K.
    """
    whole = np.rint(vectors * np.float32(_WHOLE))
    likeness = (whole @ whole.T).astype(np.int64) * len(vectors) - np.arange(len(vectors))
    np.fill_diagonal(likeness, np.iinfo(np.int64).min)
    # All values of a row differ, so its greatest are one set, however they are found.
    return np.sort(np.argpartition(likeness, len(vectors) - 1 - n, axis=1)[:, len(vectors) - n :], axis=1)
