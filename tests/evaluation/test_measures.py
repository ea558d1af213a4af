"""Measures, compared with values by hand and trec_eval's rules for missing topics."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import Qrel, ScoredDoc

from papersearch.evaluation.measures import NAMES, evaluate
from papersearch.evaluation.runs import falling

QRELS = [
    Qrel("1", "a", 2),
    Qrel("1", "b", 1),
    Qrel("1", "c", 0),
    Qrel("2", "d", 1),
    Qrel("2", "e", 1),
    Qrel("3", "f", 1),
]
RUN = [
    ScoredDoc("1", "x", 9.0),
    ScoredDoc("1", "a", 8.0),
    ScoredDoc("1", "c", 7.0),
    ScoredDoc("1", "b", 6.0),
    ScoredDoc("2", "e", 5.0),
    ScoredDoc("2", "y", 4.0),
    ScoredDoc("9", "f", 1.0),
]


def dcg(gains: list[int]) -> float:
    """Return DCG with linear gain over log2(rank + 1), as in trec_eval's ndcg_cut."""
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def test_by_hand() -> None:
    """Three judged topics: one answered in part, one with half of its papers, one not at all.

    Topic 1 ranks x, a (2), c (0), b (1). Topic 2 ranks e (1), y and misses d. Topic 3 is not in the
    run and counts as zero. Topic 9 is not judged and does not count.
    """
    result = evaluate(QRELS, {"hybrid": RUN})
    assert result.topic_ids == ("1", "2", "3")
    expected = {
        "nDCG@10": [dcg([0, 2, 0, 1]) / dcg([2, 1]), dcg([1]) / dcg([1, 1]), 0.0],
        "Recall@100": [1.0, 0.5, 0.0],
        "MRR@10": [1 / 2, 1.0, 0.0],
        "Success@1": [0.0, 1.0, 0.0],
        "AP": [(1 / 2 + 2 / 4) / 2, 1 / 2, 0.0],
    }
    assert set(expected) == set(NAMES)
    for measure, values in expected.items():
        assert list(result.per_topic["hybrid"][measure].values()) == pytest.approx(values)
        assert result.mean("hybrid", measure) == pytest.approx(sum(values) / 3)


def test_paired_test_by_hand() -> None:
    """The t-test equals the one by hand: d = (.5, 0, 1), t = 1.732, p = .2254 (df 2)."""
    better = [
        ScoredDoc("1", "a", 1.0),
        ScoredDoc("2", "e", 1.0),
        ScoredDoc("3", "f", 1.0),
    ]
    result = evaluate(QRELS, {"hybrid": better, "keyword": RUN})
    (compared,) = [c for c in result.comparisons if c.measure == "MRR@10"]
    assert (compared.first, compared.second) == ("hybrid", "keyword")
    assert compared.difference == pytest.approx(0.5)
    mean, deviation = 0.5, math.sqrt((0 + 0.25 + 0.25) / 2)
    t = mean / (deviation / math.sqrt(3))
    assert t == pytest.approx(math.sqrt(3))
    # Student's t with two degrees of freedom has a closed form: p = 1 - t / sqrt(t^2 + 2).
    assert compared.p == pytest.approx(1 - t / math.sqrt(t * t + 2))


def test_nothing_to_test() -> None:
    """Equal runs have difference zero and p = 1; a single topic has no p."""
    same = evaluate(QRELS, {"hybrid": RUN, "keyword": RUN})
    assert {(c.difference, c.p) for c in same.comparisons} == {(0.0, 1.0)}
    single = evaluate(QRELS[-1:], {"hybrid": [ScoredDoc("3", "f", 1.0)], "keyword": RUN})
    assert all(math.isnan(c.p) for c in single.comparisons)


def test_empty_run() -> None:
    """A mode without answers scores zero for every judged topic."""
    result = evaluate(QRELS, {"keyword": []})
    assert all(result.mean("keyword", name) == 0.0 for name in NAMES)


@given(st.lists(st.floats(-1e6, 1e6, width=64), max_size=50).map(lambda scores: sorted(scores, reverse=True)))
def test_run_scores_fall(scores: list[float]) -> None:
    """Written scores strictly fall, even for ties, and stay close to the ranking's scores."""
    fallen = falling(scores)
    assert all(a > b for a, b in pairwise(fallen))
    assert fallen == pytest.approx(scores, rel=1e-5, abs=1e-5)


@given(st.lists(st.integers(-4, 3), min_size=1, max_size=6), st.permutations("abcdef"))
def test_a_relevance_below_zero_counts_as_zero(relevance: list[int], ranking: list[str]) -> None:
    """Papers that are judged worse than not relevant measure as not relevant, also where a topic has no others."""
    run = [ScoredDoc("1", name, -float(rank)) for rank, name in enumerate(ranking)]
    judged, from_zero = (
        [Qrel("1", name, bound(value)) for name, value in zip("abcdef", relevance, strict=False)]
        for bound in (lambda value: value, lambda value: max(0, value))
    )
    assert evaluate(judged, {"one": run}).per_topic == evaluate(from_zero, {"one": run}).per_topic
