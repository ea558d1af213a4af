"""The first k of a ranking, against a full sort: every small case, and large ones drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.search.topk import may_be_in_top_k, top_k

FEW_SCORES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.5000001, 1.0, -1.0]), min_size=5, max_size=30)


def by_full_sort(scores: Sequence[float], candidates: Sequence[int], k: int) -> list[int]:
    """Sort all candidates by falling score and paper order, and cut at k."""
    return sorted(candidates, key=lambda doc: (-scores[doc], doc))[: max(k, 0)]


def found(scores: Sequence[float], candidates: Sequence[int], k: int) -> list[int]:
    return top_k(np.array(scores), k, np.array(candidates, dtype=np.int64)).tolist()


def subsets(n: int) -> Iterator[tuple[int, ...]]:
    for size in range(n + 1):
        yield from combinations(range(n), size)


def test_every_small_ranking() -> None:
    """Of four papers with three distinct scores, any candidates and any k give the head of a full sort."""
    for scores in product((0.0, 0.5, 1.0), repeat=4):
        for candidates in subsets(4):
            for k in range(-1, len(candidates) + 2):
                assert found(scores, candidates, k) == by_full_sort(scores, candidates, k)


def test_large_rankings() -> None:
    """The same of up to thirty papers; at least a fifth of the cases cut, and some cut a tie in two."""
    reached: Counter[str] = Counter()

    @given(FEW_SCORES, st.data())
    def law(scores: list[float], data: st.DataObject) -> None:
        candidates = sorted(data.draw(st.sets(st.sampled_from(range(len(scores))), min_size=3)))
        k = data.draw(st.integers(1, len(candidates) - 1) | st.integers(0, len(candidates) + 1))
        expected = by_full_sort(scores, candidates, k)
        assert found(scores, candidates, k) == expected
        is_cut = 0 < k < len(candidates)
        reached["cases"] += 1
        reached["cut"] += is_cut
        reached["tie"] += is_cut and scores[by_full_sort(scores, candidates, k + 1)[-1]] == scores[expected[-1]]

    law()
    assert reached["cut"] >= reached["cases"] / 5
    assert reached["tie"] > 0


@pytest.mark.parametrize(
    ("k", "expected"),
    [(-1, []), (0, []), (1, [1]), (2, [1, 3]), (3, [1, 3, 0]), (4, [1, 3, 0, 2]), (5, [1, 3, 0, 2, 4])],
)
def test_ties_at_the_cut_by_hand(k: int, expected: list[int]) -> None:
    """Of papers that score alike, the first in paper order are kept."""
    assert found([0.5, 1.0, 0.5, 1.0, 0.5], range(5), k) == expected


@pytest.mark.parametrize("n_papers", [20, 300])
def test_many_ties_keep_paper_order(n_papers: int) -> None:
    """However many papers score alike, they come in paper order."""
    scores = [float(doc % 2) for doc in range(n_papers)]
    expected = [*range(1, n_papers, 2), *range(0, n_papers, 2)]
    for k in (n_papers // 2 - 1, n_papers - 3, n_papers):
        assert found(scores, range(n_papers), k) == expected[:k]


def test_no_candidates() -> None:
    """Of none, none are the best."""
    assert found([1.0, 2.0], [], 3) == []


def kept(estimates: Sequence[float], margin: float, k: int) -> list[int]:
    return may_be_in_top_k(np.array(estimates), margin, k, np.arange(len(estimates))).tolist()


def test_estimates_lose_no_paper() -> None:
    """However the estimates of four papers err within their margin, the true top k are kept; the
    greatest errors are among the cases, and most cases leave a paper out."""
    margin, n_cases, n_narrowed = 0.25, 0, 0
    for scores in product((0.0, 0.5, 1.5), repeat=4):
        for errors in product((-margin, margin), repeat=4):
            estimates = [score + error for score, error in zip(scores, errors, strict=True)]
            for k in (1, 2, 3, 4, 5):
                left = kept(estimates, margin, k)
                assert set(by_full_sort(scores, range(4), k)) <= set(left)
                n_cases += 1
                n_narrowed += len(left) < 4
    assert n_narrowed > n_cases / 4


@pytest.mark.parametrize(
    ("estimates", "k", "expected"),
    [
        ([0.5, 1.0], 1, [0, 1]),  # both may be 0.75, and then the first wins
        ([0.5, 1.0 + 1e-9], 1, [1]),
        ([0.0, 0.5, 1.0], 1, [1, 2]),
        ([0.0, 0.5, 1.0], 2, [0, 1, 2]),
        ([0.0, 0.6, 1.0], 2, [1, 2]),
        ([0.0, 9.0], 2, [0, 1]),
        ([0.0, 9.0], 3, [0, 1]),
    ],
)
def test_the_bound_exactly(estimates: list[float], k: int, expected: list[int]) -> None:
    """With a margin of a quarter, a paper is kept half below the k-th estimate, and no further down."""
    assert kept(estimates, 0.25, k) == expected


def test_only_candidates_are_kept() -> None:
    """Papers outside the candidates are not kept and do not raise the bound."""
    candidates = np.array([1, 2])
    assert may_be_in_top_k(np.array([9.0, 1.0, 0.0]), 0.25, 1, candidates).tolist() == [1]
