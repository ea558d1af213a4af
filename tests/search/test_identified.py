"""Queries and names that are identifiers: looked up in every dress, and never in place of words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import papersearch
from papersearch.api import Index
from papersearch.errors import AmbiguousPaper, PaperNotFound
from tests.conftest import PATIENCE_S
from tests.search.cutting import cut, every_nth
from tests.search.library import RECORDS, make_library
from tests.served import served


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Index:
    return papersearch.open(make_library(tmp_path_factory.mktemp("library"), small_model))


@pytest.fixture(scope="module", params=["one index", "shards", pytest.param("a server", marks=pytest.mark.slow)])
def index(
    request: pytest.FixtureRequest, library: Index, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    """Open the library as one index, as three shards, and on a server."""
    if request.param == "one index":
        yield library
    elif request.param == "shards":
        folder = tmp_path_factory.mktemp("shards")
        yield Index(cut(library.path, folder, every_nth(len(library), 3)))
    else:
        with pytest.MonkeyPatch.context() as patch, served(library.path) as server:
            patch.setenv("PAPERSEARCH_TIMEOUT", str(PATIENCE_S))
            yield papersearch.open(server.address)


NAMES = {
    "2503.11731v1": [
        *("2503.11731", "arXiv:2503.11731v7", "https://arxiv.org/pdf/2503.11731v2.pdf?x=1"),
        *("https://huggingface.co/papers/2503.11731", "doi:10.48550/arXiv.2503.11731"),
    ],
    "strings": ["hep-th/9901001v2", "https://arxiv.org/abs/hep-th/9901001"],
    "doe2024pipeline": ["10.1000/ABC_DEF", "https://doi.org/10.1000/abc_def", "doe:2024", "doe2024pipeline"],
    "knuth": ["http://www.example.org/papers/12", "https://example.org/papers/12.pdf"],
    "forum": ["https://openreview.net/pdf?id=r1xMH1BtvB"],
    "1984": ["https://github.com/acme/nineteen/"],
    "10.1000/abc": ["10.1000/abc", "https://doi.org/10.1000/ABC"],
    "2020.acl-main.1": ["2020.acl-main.1", "https://aclanthology.org/2020.acl-main.1/"],
    "3": ["lamport"],
    "a-long-id-made-by-hand-of-a-report": ["a-long-id-made-by-hand-of-a-report", "a-long-id-made-by-h"],
}


@pytest.mark.parametrize(("paper_id", "name"), [(one, name) for one, names in NAMES.items() for name in names])
def test_an_identifier_goes_straight_to_its_paper(index: Index, paper_id: str, name: str) -> None:
    """As a query it has that paper as the only hit; as a name it is that paper; in every mode and explained."""
    assert index.paper(name).paper_id == paper_id
    for mode in ("keyword", "hybrid"):
        results = index.search(name, mode=mode, explain=True)
        assert [hit.paper.paper_id for hit in results] == [paper_id]
        assert (results.verdict, results.total, results.notes, results.emptied_by) == ("strong", 1, (), None)
        assert results.reading is not None and results.reading.identifier
        explanation = results[0].explanation
        assert explanation and sum(one.contribution for one in explanation.signals) == results[0].score
    [many] = index.search_many([name], literal=False)
    assert [hit.paper.paper_id for hit in many] == [paper_id]
    assert paper_id not in [hit.paper.paper_id for hit in index.similar([name], ["strings"])]


def test_identifiers_among_many_queries(index: Index) -> None:
    """Many queries get the answers of one, in their order; an identifier is looked up with an open quote too."""
    queries = ["pipelines", '"10.1000/abc_Def', "attention heads", '10.1000/ab"c', "arXiv:2503.11731"]
    assert list(index.search_many(queries, literal=False)) == [index.search(query) for query in queries]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "2503.99999",
            "arXiv:2503.11732v1",
            "https://arxiv.org/abs/2503.1173",
            "10.1000/ab",
            "doi:10.1000/abc_de",
        ),
        *("https://example.org/papers/1", "PMID:123", "PMC1234567", "2020.acl-main.2", "arXiv:9999.99999"),
    ],
)
def test_an_absent_identifier_shows_nothing_else(index: Index, name: str) -> None:
    """The answer is empty, a note says so, and no paper whose id only begins like it is found."""
    results = index.search(name)
    assert (len(results), results.total, results.verdict, results.emptied_by) == (0, 0, None, "identifier")
    [note] = results.notes
    assert note.kind == "identifier" and note.message.endswith("is not in this collection")
    with pytest.raises(PaperNotFound, match="is not in this collection"):
        index.paper(name)


@pytest.mark.parametrize(
    "query",
    [
        *("attention", "gpt-4", "2024", "3", "1984", "10.5 billion tokens", "1234.5678 meters", "1203.4567 meters"),
        *("state-of-the-art", "mixtures", "10.5281 reasons for numbers in titles", "sensors", "knuth programming"),
        *("title:sensors", "and/or", "qqqqzzzz"),
    ],
)
def test_words_are_ranked(index: Index, query: str) -> None:
    """Words that papers have, numbers and titles are queries, even where a paper has them as its id or key."""
    literal = query != "title:sensors"
    results = index.search(query)
    ranked = index.search(query, literal=literal)
    assert [(hit.paper.paper_id, hit.score) for hit in results] == [
        (hit.paper.paper_id, hit.score) for hit in ranked
    ]
    assert len(results) > 1 or query == "title:sensors"
    assert results.reading is not None and results.reading.identifier is None


def test_two_papers_of_one_identifier(index: Index) -> None:
    """A query shows both and says so; a name is ambiguous, and the error names both."""
    results = index.search("https://doi.org/10.5555/book")
    assert [hit.paper.paper_id for hit in results] == ["one", "two"]
    assert results.notes[0].message == "doi:10.5555/book: 2 papers have this DOI: one, two"
    with pytest.raises(AmbiguousPaper, match="2 papers have this DOI: one, two"):
        index.paper("10.5555/Book")


def test_several_identifiers_are_looked_up(index: Index) -> None:
    """A query of identifiers alone shows the papers in its order, each once, and notes those without one."""
    results = index.search("10.1000/abc_def, arXiv 2503.11731 https://arxiv.org/abs/2503.11731 10.1000/none")
    assert [hit.paper.paper_id for hit in results] == ["doe2024pipeline", "2503.11731v1"]
    assert [note.message for note in results.notes] == ["doi:10.1000/none is not in this collection"]
    assert [hit.rank for hit in results] == [1, 2]
    assert index.search("1203.4567 1204.5678").reading == index.search("1203.4567 1204.5678", literal=True).reading


def test_an_identifier_among_words_is_a_note(index: Index) -> None:
    """The other words rank as without it, and a note names its paper, or says that there is none."""
    alone = index.search("bubbles of heads")
    for query, said in (
        ("2503.11731 bubbles of heads", "arXiv:2503.11731 is 2503.11731v1: Sensors"),
        ("bubbles of https://doi.org/10.1000/abc_def heads", "doi:10.1000/abc_def is"),
        ("bubbles of heads arXiv:2503.99999", "arXiv:2503.99999 is not in this collection"),
    ):
        results = index.search(query)
        assert [(hit.paper, hit.score) for hit in results] == [(hit.paper, hit.score) for hit in alone]
        assert results.query == query
        assert said in results.notes[-1].message
    assert index.search('"sensors behaves 2503.11731" heads').notes == ()
    [note] = index.search("chapters in 10.5555/book").notes
    assert "2 papers have this DOI: one, two" in note.message
    assert [note.kind for note in index.search("doi:10.1000/abc_def -survey").notes] == ["identifier"]


def test_filters_and_facets_hold_for_a_paper_that_is_looked_up(index: Index) -> None:
    """A filter that leaves the paper out leaves no hit, and says so; an undated paper is counted."""
    results = index.search("2503.11731", has_code=True)
    assert (len(results), results.emptied_by) == (0, "filters")
    results = index.search("https://github.com/acme/nineteen", since="2020", facets=True)
    assert results.undated is not None
    assert (results.undated.n_papers, [one.paper_id for one in results.undated.papers]) == (1, ["1984"])
    results = index.search("10.5555/book", k=1, facets=True, related=True, include_undated=True, since="2020")
    assert (len(results), results.total, results.related) == (1, 2, ())
    assert results.facets is not None and results.facets.n_papers == 2


def test_every_short_id_finds_its_paper(index: Index) -> None:
    """The short id of every hit is brief, never the number of a result, and a name of that paper."""
    shown = {hit.paper.paper_id: hit.short_id for hit in index.search("pipelines", len(index))}
    assert shown.keys() == {paper.paper_id for paper in index.papers()}
    for paper_id, short in shown.items():
        assert len(short) <= 12 and not (short.isdecimal() and len(short) <= 3)
        assert index.paper(short).paper_id == paper_id
    made = index.paper("GPipe: giant neural networks")
    assert made.paper_id.endswith(f"-{shown[made.paper_id]}")
    assert [hit.paper for hit in index.search(shown[made.paper_id])] == [made]


def test_an_id_alone_is_never_another_name(index: Index) -> None:
    """After id: only ids count, and their beginnings."""
    assert index.paper("id:3").title == "Three"
    assert index.paper("id:a-long").paper_id == RECORDS[12]["paper_id"]
    with pytest.raises(PaperNotFound):
        index.paper("id:lamport")


def test_every_hit_has_a_short_id(real_index: papersearch.Index) -> None:
    """Hits of a search, of `similar`, of a list by filters and of an identifier name their paper in short."""
    dump = real_index.manifest.dumps[0].name
    answers = [
        real_index.search("expert routing", k=3),
        real_index.similar(["gpipe"], k=3),
        real_index.search("", k=3, dumps=[dump]),
        real_index.search(real_index.papers()[0].paper_id),
    ]
    for results in answers:
        assert results.hits
        for hit in results:
            assert hit.short_id
            assert real_index.paper(hit.short_id) == hit.paper
