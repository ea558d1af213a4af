"""Pseudo-relevance feedback: the query's vector moves towards the papers it first found.

Rocchio's method on dense vectors (Li et al., "Pseudo Relevance Feedback with Deep Language
Models and Dense Retrievers", ACM TOIS 2023, section 3.3.2). A two-word query says little to
the encoder; the two papers that words and meaning together put first say the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float32Array

FEEDBACK_DEPTH = 2
FEEDBACK_WEIGHT = 0.7
"""Two papers, at less than the query itself; figures in docs/ranking.md."""

UNLIKE_WEIGHT = 0.5
"""What papers to keep away from count beside those to come near to. Papers of one field share
most of their direction: at one half, what is left points from the ones to the others."""


def move_towards(query: Float32Array, papers: Float32Array) -> Float32Array:
    """unit(query + FEEDBACK_WEIGHT * unit(mean of papers)).

    query: (D,) unit vector; papers: (depth, D) unit rows. Returns (D,), a unit vector
    (or `query` itself when there are no papers).
    """
    if len(papers) == 0:
        return query
    moved = query + np.float32(FEEDBACK_WEIGHT) * unit(papers.mean(axis=0, dtype=np.float32))
    return unit(moved)


def between(like: Float32Array, unlike: Float32Array) -> Float32Array:
    """unit(mean of like - UNLIKE_WEIGHT * mean of unlike): Rocchio's query made of examples alone.

    like: (n, D) unit rows, at least one; unlike: (m, D) unit rows, or none. Returns (D,).
    """
    direction = unit(like.mean(axis=0, dtype=np.float32))
    if len(unlike):
        direction = unit(direction - np.float32(UNLIKE_WEIGHT) * unit(unlike.mean(axis=0, dtype=np.float32)))
    return direction


def unit(vector: Float32Array) -> Float32Array:
    """`vector` (D,) scaled to length one; a zero vector stays zero."""
    length = np.sqrt(np.dot(vector, vector))
    return vector / length if length > 0 else vector
