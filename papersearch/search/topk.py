"""Selection of the first k papers, and the only place that breaks ties: by paper order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float32Array, Float64Array, IntArray

_BLOCK = 65_536
"""Candidates whose estimates are read at once, so that memory does not grow with the index."""


def top_k(scores: Float64Array, k: int, candidates: IntArray) -> IntArray:
    """Return the `k` best of `candidates`, best first; equal scores keep paper order.

    scores: (N,), higher is better
    candidates: ascending doc_idx

    Returns min(k, len(candidates)) doc_idx. Only the length of the result depends on `k`: the
    first j of `top_k(.., k)` are `top_k(.., j)`.
    """
    if k <= 0 or len(candidates) == 0:
        return candidates[:0]
    values = scores[candidates]
    if k < len(candidates):
        # All values above the k-th, then values equal to it in paper order, up to k in all.
        threshold = _kth(values, k)
        above = np.flatnonzero(values > threshold)
        equal = np.flatnonzero(values == threshold)[: k - len(above)]
        kept = np.sort(np.concatenate([above, equal]))
        candidates, values = candidates[kept], values[kept]
    return candidates[np.argsort(-values, kind="stable")]


class Estimates(Protocol):
    """Estimates of the scores of papers, as an array (N,) or computed when papers index it."""

    def __getitem__(self, papers: IntArray, /) -> Float64Array | Float32Array: ...


def may_be_in_top_k(estimates: Estimates, margin: float, k: int, candidates: IntArray) -> IntArray:
    """Select the candidates, ascending, that can be among the `k` best.

    `estimates` (N,) differ from the exact scores by `margin` at most. They are read in blocks.
    """
    if k >= len(candidates):
        return candidates
    papers, values = candidates[:0], np.empty(0)
    for start in range(0, len(candidates), _BLOCK):
        block = candidates[start : start + _BLOCK]
        papers, values = np.concatenate([papers, block]), np.concatenate([values, estimates[block]])
        if len(papers) > k:
            # The exact scores of k papers are at least the k-th estimate minus the margin.
            kept = values >= _kth(values, k) - 2 * margin
            papers, values = papers[kept], values[kept]
    return papers


def _kth(values: Float64Array, k: int) -> float:
    """Return the k-th largest value, 1 <= k <= len(values)."""
    return float(np.partition(values, len(values) - k)[len(values) - k])
