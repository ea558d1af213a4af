"""What a ranking promises, whatever the corpus: laws of top k, fusion, feedback, search."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.dense.feedback import FEEDBACK_WEIGHT, move_towards
from papersearch.dense.vectors import PaperVectors, quantize
from papersearch.errors import QueryError
from papersearch.lexical.statistics import statistics_of
from papersearch.search.fusion import Signal, balance, combine
from papersearch.search.ranking import by_both, by_meaning
from papersearch.search.topk import may_be_in_top_k, top_k
from papersearch.text.analysis import plain_word
from papersearch.types import MODES, Mode, SignalName

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


@given(SCORES, st.integers(1, 40), st.floats(0, 0.3), st.data())
def test_estimates_lose_no_paper(scores: list[float], k: int, margin: float, data: st.DataObject) -> None:
    """However estimates err within their margin, the true top k are among those kept."""
    errors = [data.draw(st.floats(-margin, margin)) for _ in scores]
    everything = np.arange(len(scores))
    kept = may_be_in_top_k(np.array(scores) + errors, margin + 1e-9, k, everything)
    assert set(top_k(np.array(scores), k, everything).tolist()) <= set(kept.tolist())


def unit_rows(rng: np.random.Generator, n_papers: int, dimensions: int, spread: float) -> npt.NDArray[np.float32]:
    """Unit vectors around one direction: the smaller the spread, the closer their cosines."""
    rows = rng.standard_normal(dimensions) + spread * rng.standard_normal((n_papers, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("spread", [10.0, 0.5, 0.01])
@pytest.mark.parametrize("seed", range(5))
def test_int8_decides_nothing(seed: int, spread: float) -> None:
    """Rankings by meaning and by both are those of float64 brute force, however close the
    cosines are; papers alike keep paper order; no estimate errs by more than its margin."""
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng, 700, 24, spread)
    vectors[300:310] = vectors[5]  # ties
    query = unit_rows(rng, 1, 24, 10.0)[0]
    if seed == 0:
        query = vectors[5]
    exact = vectors.astype(np.float64) @ query.astype(np.float64)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(query)
    assert np.abs(cosines.estimates - exact).max() <= cosines.margin < 0.1
    np.testing.assert_allclose(cosines.bounds(), (exact.min(), exact.max()), atol=1e-12)
    allowed = np.flatnonzero(rng.random(700) < 0.9)
    keyword = np.where(rng.random(700) < 0.3, rng.random(700) * 20, 0.0)
    low, high = exact.min(), exact.max()
    both = 0.4 * keyword / keyword.max() + 0.6 * (exact - low) / (high - low)
    for k in (1, 10, 100, 650, 900):
        by_cosine = by_meaning(cosines, allowed, k)
        found = cosines.exact(by_cosine.papers)
        assert by_cosine.papers.tolist() == _brute_force(exact, allowed, k)
        np.testing.assert_allclose(by_cosine.scores, found)
        fused = by_both(keyword, cosines, allowed, k)
        assert fused.papers.tolist() == _brute_force(both, allowed, k)
        np.testing.assert_allclose(fused.scores, both[fused.papers], atol=1e-9)
        assert by_cosine.total == fused.total == len(allowed)


def _brute_force(scores: npt.NDArray[np.float64], allowed: npt.NDArray[np.int64], k: int) -> list[int]:
    """A full sort; what differs by less than arithmetic does counts as equal."""
    return sorted(allowed.tolist(), key=lambda doc: (-round(float(scores[doc]), 12), doc))[:k]


def test_convex_combination_by_hand() -> None:
    """Four papers, worked out with a pencil: words count .4, meaning .6, each from 0 to 1."""
    vectors = np.array([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6], [0.0, 1.0]], np.float32)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(np.array([1.0, 0.0], np.float32))
    ranking = by_both(np.array([0.0, 4.0, 2.0, 0.0]), cosines, np.arange(4), 3)
    assert ranking.papers.tolist() == [1, 2, 0]
    assert ranking.scores.tolist() == pytest.approx([0.76, 0.68, 0.6])


def test_vectors_that_say_nothing() -> None:
    """Papers whose vectors are zero are ranked all the same, in paper order."""
    vectors = np.zeros((3, 4), np.float32)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(np.ones(4, np.float32) / 2)
    assert by_meaning(cosines, np.arange(3), 2).papers.tolist() == [0, 1]


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
    papers = list(real_index.papers())[:: 10 if mode == "semantic" else 1]
    first = real_index.rank_many([paper.title for paper in papers], 1, mode)
    assert [ranking[0].paper_id for ranking in first] == [paper.paper_id for paper in papers]
    for paper in papers[::10]:
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
    for hit in real_index.search("pipeline bubbles", k=60):
        evidence = hit.evidence
        assert hit.paper.abstract[evidence.start : evidence.end] == evidence.text
        words = [evidence.text[start:end] for start, end in evidence.text_spans]
        words += [hit.paper.title[start:end] for start, end in evidence.title_spans]
        assert all(word.lower().startswith(("pipelin", "bubbl")) for word in words)
        marked += len(words)
    assert marked > 50


@pytest.mark.parametrize("query", ["", "  \t\n", "\x1b[31m", 'an "unclosed phrase', "x" * 30_000])
def test_unreadable_queries_are_refused(real_index: papersearch.Index, query: str) -> None:
    """An empty, unbalanced or absurdly long query is a QueryError."""
    with pytest.raises(QueryError):
        real_index.search(query)


@pytest.mark.parametrize(("k", "mode"), [(0, "hybrid"), (-1, "hybrid"), (1, "fuzzy")])
def test_wrong_arguments_are_refused(real_index: papersearch.Index, k: int, mode: Mode) -> None:
    """A cutoff below one and an unknown mode are ValueErrors."""
    with pytest.raises(ValueError, match=r"expected k of at least|unknown mode"):
        real_index.search("pipeline", k=k, mode=mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", [*QUERIES, '"mixture of experts" -survey', "LLM serving", "GPT-4o"])
def test_explanations_add_up(real_index: papersearch.Index, query: str, mode: Mode) -> None:
    """Signals add up to the score, terms to the keyword signal's own score; for every paper."""
    for hit in real_index.search(query, k=302, mode=mode, explain=True):
        explanation = hit.explanation
        assert explanation is not None
        assert sum(signal.contribution for signal in explanation.signals) == pytest.approx(hit.score, abs=1e-9)
        for signal in explanation.signals:
            assert signal.weight * signal.normalised == pytest.approx(signal.contribution, abs=1e-12)
        keyword = [signal.score for signal in explanation.signals if signal.name == "keyword"]
        assert sum(term.impact for term in explanation.terms) == pytest.approx(sum(keyword), abs=1e-9)
        assert 0.0 <= explanation.coverage <= 1.0 + 1e-12
        if hit.keyword_score is not None:
            pairs = sum(term.impact for term in explanation.terms if term.kind == "pair")
            assert sum(keyword) - pairs == pytest.approx(hit.keyword_score, abs=1e-9)


def test_an_exact_title_explains_itself(real_index: papersearch.Index) -> None:
    """What the rule adds to a title's paper is a signal of its own."""
    title = real_index.papers()[7].title
    for mode in MODES:
        (hit,) = real_index.search(title, k=1, mode=mode, explain=True)
        assert hit.explanation is not None
        assert sum(signal.contribution for signal in hit.explanation.signals) == pytest.approx(hit.score)
        assert hit.verdict == "strong"


@given(
    documents=st.lists(st.lists(st.sampled_from("abcd"), max_size=8), min_size=2, max_size=6),
    term=st.sampled_from("abcd"),
    data=st.data(),
)
def test_bm25_rises_with_tf(documents: list[list[str]], term: str, data: st.DataObject) -> None:
    """Writing a query term once more in place of another word of the paper never lowers its
    BM25, everything else being equal."""
    doc_idx = data.draw(st.sampled_from(range(len(documents))))
    document = documents[doc_idx]
    others = [place for place, word in enumerate(document) if word != term]
    if term not in document or not others:
        return
    richer = [*documents]
    richer[doc_idx] = [term if place == others[0] else word for place, word in enumerate(document)]

    def score(corpus: list[list[str]]) -> float:
        return float(statistics_of(corpus, plain_word).postings().score([term], len(corpus))[0][doc_idx])

    assert score(richer) > score(documents)


@given(st.lists(st.tuples(*[st.floats(0, 100)] * 3), min_size=2, max_size=20))
def test_balance_ranks_as_z_scores(rows: list[tuple[float, float, float]]) -> None:
    """The combination of balanced signals is, up to a shift and a scale, the weighted sum of
    z-scores; its weights are shares of one."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    if any(column.std() < 1e-3 for column in columns):
        return
    weights = (0.7, 1.0, 0.6)
    names: tuple[SignalName, ...] = ("keyword", "semantic", "late interaction")
    signals = balance(
        [
            Signal(name, column, 0.0, float(column.max()), weight)
            for name, column, weight in zip(names, columns, weights, strict=True)
        ]
    )
    assert sum(signal.weight for signal in signals) == pytest.approx(1.0)
    expected = sum(w * (c - c.mean()) / c.std() for w, c in zip(weights, columns, strict=True))
    fused = combine(signals)
    centred, reference = fused - fused.mean(), expected - expected.mean()
    scale = float((centred * reference).sum() / (reference**2).sum()) if (reference**2).sum() > 1e-9 else 0.0
    np.testing.assert_allclose(centred, scale * reference, atol=1e-6)
    assert (fused <= 1 + 1e-9).all()


def test_a_signal_that_is_the_same_for_all_has_no_share() -> None:
    """It cannot tell the papers apart, and does not count."""
    flat, steep = np.array([0.5, 0.5]), np.array([0.1, 0.9])
    alone = balance([Signal("keyword", flat[:1], 0.0, 0.5, 0.7), Signal("semantic", steep[:1], 0.0, 0.9, 1.0)])
    assert [signal.weight for signal in alone] == pytest.approx([0.7 / 1.7, 1.0 / 1.7])  # nothing to compare
    signals = balance([Signal("keyword", flat, 0.0, 0.5, 1.0), Signal("semantic", steep, 0.0, 0.9, 1.0)])
    assert [signal.weight for signal in signals] == [0.0, 1.0]


def test_papers_beyond_the_candidates_stay_below(real_index: papersearch.Index) -> None:
    """The hundred candidates come first; the rest keeps the order of words and meaning."""
    whole = real_index.search("expert routing", k=302, explain=True)
    tiers = [any(s.name == "late interaction" for s in hit.explanation.signals) for hit in whole if hit.explanation]
    assert tiers == [True] * 100 + [False] * 202
    assert all(a.score >= b.score for a, b in pairwise(whole))


def test_late_interaction_can_be_left_out(real_index: papersearch.Index) -> None:
    """Without it the other signals rank, and nothing of it is explained."""
    (hit,) = real_index.search("pipeline bubbles", k=1, late=False, explain=True)
    assert hit.explanation is not None
    assert [signal.name for signal in hit.explanation.signals] == ["keyword", "semantic"]


@pytest.mark.parametrize("query", ["banana bread recipe", "premier league results", "tomato diseases", "模型"])
def test_nothing_answers(real_index: papersearch.Index, query: str) -> None:
    """A query on nothing in the corpus is judged weak throughout, and leaves nothing when strict."""
    results = real_index.search(query)
    assert results.verdict == "weak"
    assert {hit.verdict for hit in results} == {"weak"}
    assert real_index.search(query, strict=True).hits == ()


@pytest.mark.parametrize("query", ["pipeline bubbles", "MoE", "expert routing", "how to train with long sequences"])
def test_something_answers(real_index: papersearch.Index, query: str) -> None:
    """A query on the corpus has hits that are not weak; strict leaves these, ranked from 1."""
    results = real_index.search(query, k=302)
    strict = real_index.search(query, k=302, strict=True)
    assert results.verdict != "weak"
    assert [hit.paper.paper_id for hit in strict] == [h.paper.paper_id for h in results if h.verdict != "weak"]
    assert [hit.rank for hit in strict] == list(range(1, len(strict) + 1))


def test_every_title_is_answered_by_its_neighbours(real_index: papersearch.Index) -> None:
    """Titles of the corpus, asked without the exact title's rule, are not judged unanswered."""
    judged = [real_index.search(f"{paper.title} paper", k=1).verdict for paper in list(real_index.papers())[::6]]
    assert judged.count("weak") == 0


def test_ties_keep_paper_order(tmp_path: Path, small_model: Path) -> None:
    """Papers with the same text stand in the order in which they came, in every mode."""
    records = [{"_id": f"{n}", "title": "", "text": "The very same text."} for n in (3, 1, 2)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, records)))
    papersearch.build(tmp_path / "corpus.jsonl", tmp_path / "index", model=str(small_model))
    index = papersearch.open(tmp_path / "index")
    for mode in MODES:
        assert [hit.paper.paper_id for hit in index.search("same text", mode=mode)] == ["3", "1", "2"]


def test_late_interaction_is_optional(small_corpus: Path, tmp_path: Path, small_model: Path) -> None:
    """An index built without it has none of its files, and answers all the same."""
    papersearch.build(small_corpus, tmp_path / "without", model=str(small_model), late=False)
    without = papersearch.open(tmp_path / "without")
    assert without.manifest.late is None
    assert not list((tmp_path / "without").rglob("pieces.*"))
    assert without.search("pipeline bubbles")[0].paper.title == "On pipeline bubbles"
    papersearch.build(small_corpus, tmp_path / "with", model=str(small_model))
    assert papersearch.open(tmp_path / "with").manifest.late is not None
