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
        threshold = np.partition(values, len(values) - k)[len(values) - k]
        above = np.flatnonzero(values > threshold)
        equal = np.flatnonzero(values == threshold)[: k - len(above)]
        kept = np.sort(np.concatenate([above, equal]))
        candidates, values = candidates[kept], values[kept]
    return candidates[np.argsort(-values, kind="stable")]
