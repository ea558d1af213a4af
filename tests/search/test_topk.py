"""The first k of a ranking, against a full sort."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from papersearch.search.topk import may_be_in_top_k, top_k

SCORES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.5000001, 1.0, -1.0]), min_size=1, max_size=30)


@given(SCORES, st.integers(0, 40), st.data())
def test_top_k_is_the_head_of_a_stable_sort(scores: list[float], k: int, data: st.DataObject) -> None:
    """Top k of any candidates is a full sort by falling score and paper order, cut at k."""
    candidates = data.draw(st.lists(st.sampled_from(range(len(scores))), unique=True).map(sorted))
    expected = sorted(candidates, key=lambda doc: (-scores[doc], doc))[:k]
    found = top_k(np.array(scores), k, np.array(candidates, dtype=np.int64))
    assert found.tolist() == expected


@given(SCORES, st.integers(1, 40), st.floats(0, 0.3), st.data())
def test_estimates_lose_no_paper(scores: list[float], k: int, margin: float, data: st.DataObject) -> None:
    """However estimates err within their margin, the true top k are among those kept."""
    errors = [data.draw(st.floats(-margin, margin)) for _ in scores]
    everything = np.arange(len(scores))
    kept = may_be_in_top_k(np.array(scores) + errors, margin + 1e-9, k, everything)
    assert set(top_k(np.array(scores), k, everything).tolist()) <= set(kept.tolist())
