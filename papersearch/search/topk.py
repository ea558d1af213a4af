"""The first k of a ranking, and the only place where ties are broken: by paper order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float64Array, IntArray


def top_k(scores: Float64Array, k: int, candidates: IntArray) -> IntArray:
    """The `k` best of `candidates`, best first; equal scores keep paper order.

    scores: (N,), higher is better. candidates: ascending doc_idx, any number of them.
    Returns min(k, len(candidates)) doc_idx. The result does not depend on `k` beyond its
    length: the first j of `top_k(.., k)` are `top_k(.., j)`.
    """
    if k <= 0 or len(candidates) == 0:
        return candidates[:0]
    values = scores[candidates]
    if k < len(candidates):
        # Everything above the k-th value, then as many of its equals as fit, in paper order.
        threshold = _kth(values, k)
        above = np.flatnonzero(values > threshold)
        equal = np.flatnonzero(values == threshold)[: k - len(above)]
        kept = np.sort(np.concatenate([above, equal]))
        candidates, values = candidates[kept], values[kept]
    return candidates[np.argsort(-values, kind="stable")]


def may_be_in_top_k(estimates: Float64Array, margin: float, k: int, candidates: IntArray) -> IntArray:
    """Those of `candidates`, ascending, that can be among the `k` best when every estimate,
    (N,), is off by `margin` at most."""
    if k >= len(candidates):
        return candidates
    values = estimates[candidates]
    # k papers have at least the k-th estimate less the margin.
    return candidates[values >= _kth(values, k) - 2 * margin]


def _kth(values: Float64Array, k: int) -> float:
    """The k-th largest, 1 <= k <= len(values)."""
    return float(np.partition(values, len(values) - k)[len(values) - k])
