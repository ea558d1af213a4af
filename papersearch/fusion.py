"""Two rankings become one: a convex combination of min-max normalised scores.

Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (ACM TOIS
2023) find it better than reciprocal rank fusion, which throws the scores' distances away;
on this project's collections it is too (docs/decisions/ranking.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float64Array

KEYWORD_WEIGHT = 0.4
"""Share of the lexical side; figures in docs/decisions/ranking.md."""


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
