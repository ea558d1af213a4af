"""What a ranking promises, whatever the corpus: laws of top k, fusion, feedback, search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.dense.feedback import FEEDBACK_WEIGHT, move_towards
from papersearch.errors import QueryError
from papersearch.fusion import convex_combination, min_max
from papersearch.topk import top_k
from papersearch.types import MODES, Mode

SCORES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.5000001, 1.0, -1.0]), min_size=1, max_size=30)
QUERIES = [
    "pipeline bubbles",
    "mixture of experts",
    "What limits long-context inference?",
    "M$^3$ViT",
    "the of and",
    "qqqqzzzz",
    "模型",
]


@given(SCORES, st.integers(0, 40), st.data())
def test_top_k_is_the_head_of_a_stable_sort(scores: list[float], k: int, data: st.DataObject) -> None:
    """Top k of any candidates is a full sort by falling score and paper order, cut at k."""
    candidates = data.draw(st.lists(st.sampled_from(range(len(scores))), unique=True).map(sorted))
    expected = sorted(candidates, key=lambda doc: (-scores[doc], doc))[:k]
    found = top_k(np.array(scores), k, np.array(candidates, dtype=np.int64))
    assert found.tolist() == expected


@given(SCORES)
def test_min_max_keeps_order_and_range(scores: list[float]) -> None:
    """Normalising maps to [0, 1], hits both ends unless all are equal, and keeps the order."""
    normal = min_max(np.array(scores))
    assert normal.min() == 0.0
    assert normal.max() == (1.0 if len(set(scores)) > 1 else 0.0)
    order = np.argsort(scores, kind="stable")
    assert (np.diff(normal[order]) >= 0).all()


def test_convex_combination_by_hand() -> None:
    """Three papers, equal weights, worked out with a pencil."""
    fused = convex_combination(np.array([4.0, 2.0, 0.0]), np.array([0.1, 0.2, 0.3]), 0.5)
    assert fused.tolist() == pytest.approx([0.5, 0.5, 0.5])
    assert convex_combination(np.array([4.0, 0.0]), np.array([0.1, 0.2]), 0.75).tolist() == [0.75, 0.25]


def test_feedback_by_hand() -> None:
    """The query moves by half a unit towards its papers and has length one again."""
    query, paper = np.array([1.0, 0.0], np.float32), np.array([[0.0, 1.0]], np.float32)
    expected = np.array([1.0, FEEDBACK_WEIGHT]) / np.hypot(1.0, FEEDBACK_WEIGHT)
    np.testing.assert_allclose(move_towards(query, paper), expected, atol=1e-6)
    assert move_towards(query, paper[:0]) is query


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", QUERIES)
def test_results_are_a_ranking(real_index: papersearch.Index, query: str, mode: Mode) -> None:
    """Ranks count from 1, scores never rise, no paper comes twice, and k only cuts."""
    whole = real_index.search(query, k=400, mode=mode)
    assert [hit.rank for hit in whole] == list(range(1, len(whole) + 1))
    scores = [hit.score for hit in whole]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.paper.paper_id for hit in whole}) == len(whole) == whole.total
    assert real_index.search(query, k=7, mode=mode).hits == whole.hits[:7]


@pytest.mark.parametrize("mode", MODES)
def test_same_query_same_answer(real_index_path: object, mode: Mode) -> None:
    """Two indexes opened from the same folder answer alike to the last bit."""
    first, second = (papersearch.open(str(real_index_path)) for _ in range(2))
    assert first.search("pipeline bubbles", mode=mode) == second.search("pipeline bubbles", mode=mode)


@given(words=st.permutations("expert pipeline training memory the routing".split()))
def test_order_of_query_terms_is_irrelevant(real_index: papersearch.Index, words: list[str]) -> None:
    """Keyword scores do not change with the order of the words."""
    expected = real_index.keyword_scores("expert pipeline training memory the routing")
    assert (real_index.keyword_scores(" ".join(words)) == expected).all()


def test_keyword_mode_ranks_exactly_the_papers_with_a_term(real_index: papersearch.Index) -> None:
    """`total` counts papers whose text holds the word or an inflection of it, by plain search."""
    holding = {
        paper.paper_id for paper in real_index.papers() if "bubble" in f"{paper.title} {paper.abstract}".lower()
    }
    found = real_index.search("bubbles", k=302, mode="keyword")
    assert {hit.paper.paper_id for hit in found} == holding
    assert found.total == len(holding) > 1


def test_no_term_no_hit(real_index: papersearch.Index) -> None:
    """A word that no paper has gives no hit in keyword mode, and no error."""
    results = real_index.search("qqqqzzzz", mode="keyword")
    assert (results.total, results.hits) == (0, ())


@pytest.mark.parametrize("mode", MODES)
def test_exact_titles_come_first(real_index: papersearch.Index, mode: Mode) -> None:
    """Each of the 302 papers is first for its own full title; by meaning alone, every tenth."""
    for paper in list(real_index.papers())[:: 10 if mode == "semantic" else 1]:
        best = real_index.search(paper.title, k=1, mode=mode)[0]
        assert best.paper == paper
        assert best.exact_title


def test_exact_title_needs_no_exact_spelling(real_index: papersearch.Index) -> None:
    """Case, hyphens and punctuation of a title do not matter."""
    best = real_index.search("gpipe efficient training of GIANT neural networks using pipeline-parallelism!")[0]
    assert best.exact_title
    assert best.paper.title.startswith("GPipe")


def test_pipeline_bubbles(real_index: papersearch.Index) -> None:
    """At least four of the five papers on pipeline parallelism's idle time are the first five,
    and no paper on data processing is among them."""
    wanted = ("Balancing Pipeline Parallelism with Vocab", "ElasWave", "SkipPipe", "GPipe", "Efficient Large-Scale")
    unwanted = ("Autonomous Data", "DSPy", "kRAIG", "KramaBench", "DataFlow", "DocETL")
    first = [hit.paper.title for hit in real_index.search("pipeline bubbles", k=5)]
    assert sum(title.startswith(wanted) for title in first) >= 4
    assert not any(title.startswith(unwanted) for title in first)


def test_evidence_is_a_piece_of_the_abstract(real_index: papersearch.Index) -> None:
    """Evidence is abstract[start:end], and every marked span is an inflection of a query word."""
    marked = 0
    for hit in real_index.search("pipeline bubbles", k=50):
        evidence = hit.evidence
        assert hit.paper.abstract[evidence.start : evidence.end] == evidence.text
        words = [evidence.text[start:end] for start, end in evidence.text_spans]
        words += [hit.paper.title[start:end] for start, end in evidence.title_spans]
        assert all(word.lower().startswith(("pipelin", "bubbl")) for word in words)
        marked += len(words)
    assert marked > 50


@pytest.mark.parametrize("query", ["", "  \t\n", "\x1b[31m", 'an "unclosed phrase', "x" * 30_000])
def test_unreadable_queries_are_refused(real_index: papersearch.Index, query: str) -> None:
    """An empty, unbalanced or absurdly long query is a QueryError with a hint."""
    with pytest.raises(QueryError) as caught:
        real_index.search(query)
    assert caught.value.hint


@pytest.mark.parametrize(("k", "mode"), [(0, "hybrid"), (-1, "hybrid"), (1, "fuzzy")])
def test_wrong_arguments_are_refused(real_index: papersearch.Index, k: int, mode: Mode) -> None:
    """A cutoff below one and an unknown mode are ValueErrors."""
    with pytest.raises(ValueError, match=r"k is at least|mode is one of"):
        real_index.search("pipeline", k=k, mode=mode)
