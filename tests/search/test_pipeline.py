"""What a search promises, whatever the query and the mode."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

import papersearch
from papersearch.types import MODES, Mode
from tests.conftest import sentence
from tests.search.test_filters import QUERY

QUERIES = [
    "pipeline bubbles",
    "mixture of experts",
    "What limits long-context inference?",
    "M$^3$ViT",
    "the of and",
    "qqqqzzzz",
    "模型",
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", QUERIES)
def test_results_are_a_ranking(any_index: papersearch.Index, query: str, mode: Mode) -> None:
    """Ranks count from 1, scores never rise, no paper comes twice, and k only cuts."""
    whole = any_index.search(query, k=400, mode=mode)
    assert [hit.rank for hit in whole] == list(range(1, len(whole) + 1))
    scores = [hit.score for hit in whole]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.paper.paper_id for hit in whole}) == len(whole) == whole.total
    assert any_index.search(query, k=7, mode=mode).hits == whole.hits[:7]


@pytest.mark.parametrize("mode", MODES)
def test_same_query_same_answer(real_index_path: object, mode: Mode) -> None:
    """Two indexes opened from the same folder answer alike to the last bit."""
    first, second = (papersearch.open(str(real_index_path)) for _ in range(2))
    assert first.search("pipeline bubbles", mode=mode) == second.search("pipeline bubbles", mode=mode)


def test_keyword_mode_ranks_exactly_the_papers_with_a_term(any_index: papersearch.Index) -> None:
    """`total` counts papers whose text holds the word or an inflection of it, by plain search."""
    holding = {
        paper.paper_id for paper in any_index.papers() if "bubble" in f"{paper.title} {paper.abstract}".lower()
    }
    found = any_index.search("bubbles", k=302, mode="keyword")
    assert {hit.paper.paper_id for hit in found} == holding
    assert found.total == len(holding) > 1


def test_no_term_no_hit(any_index: papersearch.Index) -> None:
    """A word that no paper has gives no hit in keyword mode, and no error."""
    results = any_index.search("qqqqzzzz", mode="keyword")
    assert (results.total, results.hits) == (0, ())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "step"),
    [("keyword", 1), ("semantic", 10), ("hybrid", 1)],
)
def test_exact_titles_come_first(real_index: papersearch.Index, mode: Mode, step: int) -> None:
    """Each of the 302 papers is first for its own full title; by meaning alone, every tenth."""
    papers = list(real_index.papers())[::step]
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


@pytest.fixture(scope="module")
def namesakes(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> papersearch.Index:
    """Index papers whose titles differ in signs, in a last mark, or not at all."""
    folder = tmp_path_factory.mktemp("namesakes")
    titles = [
        "Learning C",
        "Learning C++",
        "Learning C#",
        "Is It All You Need?",
        "Is It All You Need!",
        *["Preface"] * 2,
    ]
    topics = ["stoves", "kilns", "ovens", "lamps", "moths", "apples", "pears"]
    records = [{"title": title, "abstract": sentence(topic)} for title, topic in zip(titles, topics, strict=True)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    papersearch.build(folder / "corpus.jsonl", folder / "index", model=str(small_model))
    return papersearch.open(folder / "index")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("query", "topics"),
    [
        ("Learning C", ["stoves"]),
        ("learning c++", ["kilns"]),
        ("Learning C\\#", ["ovens"]),
        ("Is It All You Need?", ["lamps", "moths"]),
        ("Is It All You Need!", ["moths", "lamps"]),
        ("is it all you need!", ["moths", "lamps"]),
        ('"Is It All You Need!"', ["moths", "lamps"]),
        ("Preface", ["apples", "pears"]),
    ],
)
def test_the_title_as_spelled_comes_first(
    namesakes: papersearch.Index, query: str, topics: list[str], mode: Mode
) -> None:
    """Of papers with one title, the one that spells it like the query is first; all are exact titles."""
    results = namesakes.search(query, mode=mode)
    exact = [hit.paper.abstract for hit in results if hit.exact_title]
    assert exact == [sentence(topic) for topic in topics]
    assert exact == [hit.paper.abstract for hit in results[: len(topics)]]


def test_no_namesake_is_lost(namesakes: papersearch.Index) -> None:
    """Each abstract is found by its topic, and each paper by its id; a title finds the paper that spells it so."""
    for paper in namesakes.papers():
        topic = paper.abstract.removeprefix("This paper is about ").split(".")[0]
        assert [hit.paper for hit in namesakes.search(topic, mode="keyword")] == [paper]
        assert namesakes.paper(paper.paper_id) == paper
        if paper.title != "Preface":
            assert namesakes.paper(paper.title) == paper
    with pytest.raises(papersearch.AmbiguousPaper):
        namesakes.paper("Preface")


def test_pipeline_bubbles(real_index: papersearch.Index) -> None:
    """At least four of the five papers on pipeline parallelism's idle time are the first five,
    and no paper on data processing is among them."""
    wanted = ("Balancing Pipeline Parallelism with Vocab", "ElasWave", "SkipPipe", "GPipe", "Efficient Large-Scale")
    unwanted = ("Autonomous Data", "DSPy", "kRAIG", "KramaBench", "DataFlow", "DocETL")
    first = [hit.paper.title for hit in real_index.search("pipeline bubbles", k=5)]
    assert sum(title.startswith(wanted) for title in first) >= 4
    assert not any(title.startswith(unwanted) for title in first)


@pytest.mark.parametrize(("k", "mode"), [(0, "hybrid"), (-1, "hybrid"), (1, "fuzzy")])
def test_wrong_arguments_are_refused(any_index: papersearch.Index, k: int, mode: Mode) -> None:
    """A cutoff below one and an unknown mode are ValueErrors."""
    with pytest.raises(ValueError, match=r"expected k of at least|unknown mode"):
        any_index.search("pipeline", k=k, mode=mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", [*QUERIES, '"mixture of experts" -survey', "LLM serving", "GPT-4o"])
def test_explanations_add_up(any_index: papersearch.Index, query: str, mode: Mode) -> None:
    """Signals add up to the score, terms to the keyword signal's own score; for every paper."""
    for hit in any_index.search(query, k=302, mode=mode, explain=True):
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


def test_an_exact_title_explains_itself(any_index: papersearch.Index) -> None:
    """What the rule adds to a title's paper is a signal of its own."""
    title = any_index.papers()[7].title
    for mode in MODES:
        (hit,) = any_index.search(title, k=1, mode=mode, explain=True)
        assert hit.explanation is not None
        assert sum(signal.contribution for signal in hit.explanation.signals) == pytest.approx(hit.score)
        assert hit.verdict == "strong"


def test_papers_beyond_the_candidates_stay_below(any_index: papersearch.Index) -> None:
    """The hundred candidates come first; the rest keeps the order of words and meaning."""
    whole = any_index.search("expert routing", k=302, explain=True)
    tiers = [any(s.name == "late interaction" for s in hit.explanation.signals) for hit in whole if hit.explanation]
    assert tiers == [True] * 100 + [False] * 202
    assert all(a.score >= b.score for a, b in pairwise(whole))


def test_late_interaction_can_be_left_out(any_index: papersearch.Index) -> None:
    """Without it the other signals rank, and nothing of it is explained."""
    (hit,) = any_index.search("pipeline bubbles", k=1, late=False, explain=True)
    assert hit.explanation is not None
    assert [signal.name for signal in hit.explanation.signals] == ["keyword", "semantic", "neighbours"]


def test_ties_keep_paper_order(tmp_path: Path, small_model: Path) -> None:
    """Papers with the same text keep paper order in every mode."""
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


def test_newest_first(any_index: papersearch.Index) -> None:
    """By date, of the first hundred that answer better than weakly; unknown dates last, ties by rank."""
    ranked = [hit for hit in any_index.search(QUERY, k=100) if hit.verdict != "weak"]
    expected = sorted(ranked, key=lambda hit: hit.paper.date or str(hit.paper.year or ""), reverse=True)
    found = any_index.search(QUERY, k=100, sort="date")
    assert [hit.paper.paper_id for hit in found] == [hit.paper.paper_id for hit in expected]
    assert [hit.rank for hit in found] == list(range(1, len(found) + 1))
    best = any_index.search(QUERY, k=3, sort="date")
    assert [hit.paper.paper_id for hit in best] == [hit.paper.paper_id for hit in expected[:3]]
