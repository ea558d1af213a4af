"""Pseudo-relevance feedback: the query's vector moves towards the papers it first found.

Rocchio's method on dense vectors (Li et al., "Pseudo Relevance Feedback with Deep Language Models
and Dense Retrievers", ACM TOIS 2023, section 3.3.2). A query of two words tells the encoder little.
The two best papers of lexical and dense retrieval together tell it more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float32Array

FEEDBACK_DEPTH = 2
"""Number of papers; figures in docs/ranking.md."""

UNLIKE_WEIGHT = 0.5
"""Weight of the negative examples. Papers of one field share most of their direction. With one
half, the rest points from the negative to the positive examples."""


def move_towards(query: Float32Array, papers: Float32Array, weight: float) -> Float32Array:
    """Return unit(query + weight * unit(mean of papers)), (D,).

    query: (D,) unit vector; papers: (depth, D) unit rows. Without papers, `query` is returned.
    """
    if len(papers) == 0:
        return query
    moved = query + np.float32(weight) * unit(papers.mean(axis=0, dtype=np.float32))
    return unit(moved)


def between(like: Float32Array, unlike: Float32Array) -> Float32Array:
    """Return unit(mean of like - UNLIKE_WEIGHT * mean of unlike), (D,): Rocchio without a query.

    like: (n, D) unit rows, at least one; unlike: (m, D) unit rows, or none. Both means are scaled
    to length one.
    """
    direction = unit(like.mean(axis=0, dtype=np.float32))
    if len(unlike):
        direction = unit(direction - np.float32(UNLIKE_WEIGHT) * unit(unlike.mean(axis=0, dtype=np.float32)))
    return direction


def unit(vector: Float32Array) -> Float32Array:
    """Return `vector` (D,) scaled to length one; a zero vector stays zero."""
    length = np.sqrt(np.dot(vector, vector))
    return vector / length if length > 0 else vector
