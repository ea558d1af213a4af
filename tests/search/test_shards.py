"""Shards answer as the one index that they were cut from: every field of every result, floats to the bit."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.api import Index
from papersearch.cli.counts import stats_fields
from papersearch.index.collection import Collection
from papersearch.index.generations import open_current
from papersearch.index.opened import OpenedIndex
from papersearch.search.protocol import METHODS, Call
from papersearch.search.shard import Shard
from papersearch.search.shards import in_process
from papersearch.text.analysis import Analyzer
from papersearch.types import MODES, LibraryPaper, Mode
from tests.conftest import CORPUS, sentence
from tests.growing import encode_in_part
from tests.index.parts_of import records
from tests.search.cutting import Numbers, cut, every_nth, held, ranges

QUERIES = [
    "pipeline bubbles",
    "moe routing",
    "large language model agents",
    '"mixture of experts" routing',
    "rout* -survey",
    'title:"pre-training" OR pretraining',
    "(moe OR experts) AND rout* NOT vision",
    "pipelne bubbels qqqqzzzz",
    "the of and",
    "qqqqzzzz",
    "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism",
]

SETTINGS: list[dict[str, Any]] = [
    {"facets": True, "related": True},
    {"explain": True, "k": 250},
    {"since": "2025-02", "facets": True, "fold": True},
    {"until": "2024", "sort": "date", "strict": True},
    {"include_undated": True, "since": "2020", "late": False, "k": 3},
    {"has_code": True, "new": True, "literal": True},
]


class Pair(NamedTuple):
    """An index, and the shards that it was cut into."""

    whole: Index
    shards: Index


def held_pair(index: Index, papers: Sequence[Numbers]) -> Pair:
    return Pair(index, Index(held(open_current(index.path), papers)))


SLOW = [pytest.param(deal, marks=pytest.mark.slow) for deal in ((ranges, 2), (every_nth, 7))]


@pytest.fixture(scope="module", params=[(every_nth, 4), *SLOW])
def pair(request: pytest.FixtureRequest, any_index: Index, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Return the index of the committed corpus and its shards on disk."""
    deal, n_shards = request.param
    folder = tmp_path_factory.mktemp("shards")
    cut(any_index.path, folder, deal(len(any_index), n_shards))
    return Pair(any_index, papersearch.open(folder))


def answers_alike(pair: Pair, query: str, mode: Mode, options: dict[str, Any]) -> bool:
    return pair.whole.search(query, mode=mode, **options) == pair.shards.search(query, mode=mode, **options)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
@pytest.mark.parametrize("query", QUERIES)
def test_every_field_is_equal(pair: Pair, query: str, mode: Mode) -> None:
    """Hits, totals, verdicts, explanations, facets, suggestions and all else are those of the one index."""
    assert all(answers_alike(pair, query, mode, options) for options in SETTINGS)


def test_filters_by_name_are_equal(pair: Pair) -> None:
    """An organisation or dump that few shards know filters as in the one index; unknown ones are errors."""
    names = [one.handle for one in pair.whole.organisations()]
    dumps = [dump.name.rsplit("/", 1)[-1] for dump in pair.whole.manifest.dumps]
    assert names == [one.handle for one in pair.shards.organisations()]
    for options in ({"organisations": names[:3]}, {"organisations": names[-1:]}, {"dumps": dumps[:1]}):
        assert answers_alike(pair, "model training", "hybrid", {**options, "facets": True})
    errors = []
    for index in pair:
        with pytest.raises(papersearch.UnknownFilterValue) as caught:
            index.search("model", organisations="nobody at all")
        errors.append((caught.value.known, caught.value.nearest))
    assert errors[0] == errors[1]


def test_similar_papers_are_equal(pair: Pair) -> None:
    """Examples, counterexamples and a pasted text lead to the same papers."""
    ids = [paper.paper_id for paper in list(pair.whole.papers())[5:300:60]]
    for like, unlike in ((ids[:1], ()), (ids[:3], ids[3:]), (ids[::-1], ())):
        for options in ({}, {"k": 60, "since": "2025"}):
            assert pair.whole.similar(like, unlike, **options) == pair.shards.similar(like, unlike, **options)
    for text in ("Experts are chosen by a learned gate.", "qqqq zzzz"):
        assert pair.whole.similar((), text=text) == pair.shards.similar((), text=text)
        assert pair.whole.similar(ids[:2], text=text) == pair.shards.similar(ids[:2], text=text)


def test_papers_for_a_library_are_equal(pair: Pair) -> None:
    """A library of papers that the collection has, and of others, leads to the same papers."""
    library = [*list(pair.whole.papers())[5:300:40], LibraryPaper(paper_id="mine", title="Experts and their gate")]
    for options in ({}, {"k": 60, "since": "2025"}):
        assert pair.whole.recommend(library, **options) == pair.shards.recommend(library, **options)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_many_queries_are_equal(pair: Pair, mode: Mode) -> None:
    """Batches and the rankings of an evaluation are equal."""
    for literal in (True, False):
        found = [list(index.search_many(QUERIES, 7, mode, literal=literal, since="2025")) for index in pair]
        assert found[0] == found[1]
    ranked = [list(index.rank_many(QUERIES, 1000, mode)) for index in pair]
    assert ranked[0] == ranked[1]


def named_or_error(index: Index, name: str) -> object:
    try:
        return index.paper(name)
    except papersearch.AmbiguousPaper as error:
        return error.matched, error.n_papers, error.candidates
    except papersearch.PaperNotFound as error:
        return type(error)


def test_papers_are_equal(pair: Pair) -> None:
    """Papers come in the same order, and are found by the same ids, beginnings and titles."""
    papers = list(pair.whole.papers())
    assert list(pair.shards.papers()) == papers
    assert [pair.shards.papers()[number] for number in (0, 7, 301)] == [papers[number] for number in (0, 7, 301)]
    ids = [paper.paper_id for paper in papers]
    names = [*ids[:5], *(paper_id[:4] for paper_id in ids[:40]), "2", "", papers[9].title, "no such paper"]
    assert pair.shards.look_up(names) == pair.whole.look_up(names)
    assert pair.shards.look_up(names, "title") == pair.whole.look_up(names, "title")
    for name in names:
        assert named_or_error(pair.shards, name) == named_or_error(pair.whole, name)
        for limit in (1, 3, 1000):
            listed = [index.papers().beginning_with(name, limit) for index in pair]
            assert listed[0] == listed[1]
            named = [index.ids_beginning_with(name, limit) for index in pair]
            assert named[0] == named[1]
            assert [(one.paper_id, one.title) for one in named[0]] == [
                (paper_id, papers[number].title) for paper_id, number in listed[0]
            ]


def test_what_is_told_of_the_whole_is_equal(pair: Pair) -> None:
    """Counts, findings and BM25 of all papers are equal; only the sizes of files are others."""
    own = {"size", "parts"}
    told = [{name: value for name, value in stats_fields(index).items() if name not in own} for index in pair]
    assert told[0] == told[1]
    assert pair.whole.findings() == pair.shards.findings()
    assert (pair.whole.keyword_scores("model training") == pair.shards.keyword_scores("model training")).all()
    assert pair.whole.encoded == pair.shards.encoded
    assert pair.whole.near_duplicates() == pair.shards.near_duplicates()
    assert pair.shards.verify() == []
    assert pair.shards.is_current()
    fields = ("n_papers", "n_encoded", "n_appearances", "n_terms", "n_postings", "n_positions", "n_organisations")
    assert all(getattr(pair.whole.manifest, field) == getattr(pair.shards.manifest, field) for field in fields)


TITLES = ["On moths", "Learning C", "Learning C++", "Mixture of experts", "Preface", "Preface", "", "", ""]
TOPICS = ["mixture of experts (MoE)", "moe routing", "pre-training", "pretraining", "routers", "routes of moths"]
DATES = [None, "2024", "2024-05", "2024-05-06", "2025-01-02"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Index:
    """Index few papers: acronyms, compounds, namesakes, papers without title or date, and equal texts."""
    papers = [
        {
            "id": f"p{number}",
            "title": f"{title}{f' {number // 9}' if title and number >= 9 else ''}",
            "abstract": sentence(TOPICS[number % 6 if title else 0], 90),
            "date": DATES[number % 5],
        }
        for number, title in enumerate(2 * TITLES)
    ]
    folder = tmp_path_factory.mktemp("small")
    records(folder / "corpus.jsonl", papers)
    papersearch.build([folder / "corpus.jsonl"], folder / "index", model=str(small_model))
    return papersearch.open(folder / "index")


@pytest.fixture(scope="module")
def halves(small: Index, tmp_path_factory: pytest.TempPathFactory) -> list[Index]:
    """Return the small index with all, with half and with none of its papers encoded."""
    made = [small]
    for n_texts in (8, 0):
        path = shutil.copytree(small.path, tmp_path_factory.mktemp("half") / "index")
        encode_in_part(small.path.parent, path, n_texts)
        made.append(papersearch.open(path))
    return made


SMALL_QUERIES = [
    "moe",
    "mixture of experts",
    "pretraining",
    "pre-training data",
    '"pretraining"',
    "rout*",
    '"pre-train*" OR moths',
    "moths -routes",
    "title:preface",
    "Preface",
    "Learning C",
    "learning c++ AND moe",
    "routr",
    "unknownword",
    "the",
    "paper",
]


def cuts(n_papers: int) -> st.SearchStrategy[list[Numbers]]:
    """Draw the shard of each paper; some shards may have none."""

    def deal(owners: list[int]) -> list[Numbers]:
        return [np.flatnonzero(np.array(owners) == number) for number in range(max(owners) + 1)]

    return st.lists(st.integers(0, 4), min_size=n_papers, max_size=n_papers).map(deal)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.data())
def test_any_cut_is_equal(small: Index, halves: list[Index], data: st.DataObject) -> None:
    """Any papers may be in any shard, and any of them may be encoded: ties, empty shards, absent words."""
    index = data.draw(st.sampled_from(halves))
    pair = held_pair(index, data.draw(cuts(len(small))))
    mode = data.draw(st.sampled_from([mode for mode in MODES if mode != "semantic" or index.manifest.n_encoded]))
    for query in data.draw(st.lists(st.sampled_from(SMALL_QUERIES), min_size=2, max_size=4)):
        options = data.draw(st.sampled_from([{"k": 4}, *SETTINGS]))
        assert answers_alike(pair, query, mode, options)
    if index.manifest.n_encoded:
        ids = data.draw(st.lists(st.integers(0, len(small) - 1), min_size=1, max_size=4, unique=True))
        like, unlike = ([small.papers()[number].paper_id for number in part] for part in (ids[:2], ids[2:]))
        assert pair.whole.similar(like, unlike, 5) == pair.shards.similar(like, unlike, 5)


def test_ties_lie_in_different_shards(small: Index) -> None:
    """Of papers with equal scores the first in the whole comes first, whichever shard has it."""
    for papers in (every_nth(len(small), 5), every_nth(len(small), 5)[::-1]):
        pair = held_pair(small, papers)
        for mode in MODES:
            hits = pair.shards.search("mixture of experts", 18, mode).hits
            scores = [hit.score for hit in hits]
            assert len(set(scores)) < len(scores)
            assert hits == pair.whole.search("mixture of experts", 18, mode).hits


@pytest.mark.parametrize("mode", MODES)
def test_one_paper(tmp_path: Path, small_model: Path, mode: Mode) -> None:
    """A collection of one paper between empty shards answers as its index does."""
    records(tmp_path / "a.jsonl", [{"id": "a", "title": "On moths", "abstract": sentence("moths")}])
    papersearch.build([tmp_path / "a.jsonl"], tmp_path / "index", model=str(small_model))
    nobody = np.zeros(0, dtype=np.int64)
    cut(tmp_path / "index", tmp_path / "shards", [nobody, np.arange(1), nobody])
    pair = Pair(papersearch.open(tmp_path / "index"), papersearch.open(tmp_path / "shards"))
    for query in ("moths", "On moths", "kilns", "moth*", "-moths kilns"):
        assert all(answers_alike(pair, query, mode, options) for options in SETTINGS)


@pytest.mark.slow
def test_papers_without_a_vector(any_index: Index, tmp_path: Path) -> None:
    """What words promise is computed over the whole, so each field is that of the one index.

    `test_any_cut_is_equal` has more queries of a smaller index.
    """
    path = shutil.copytree(any_index.path, tmp_path / "index")
    encode_in_part(CORPUS, path, 151)
    pair = held_pair(papersearch.open(path), every_nth(302, 3))
    for query in QUERIES[:5]:
        for mode in MODES:
            assert all(answers_alike(pair, query, mode, options) for options in SETTINGS[:3])
    ids = [paper.paper_id for paper in list(pair.whole.papers())[:30:6]]
    assert pair.whole.similar(ids[:3], ids[3:]) == pair.shards.similar(ids[:3], ids[3:])
    library = list(pair.whole.papers())[:60:6]
    assert pair.whole.recommend(library, 200) == pair.shards.recommend(library, 200)


def pickled(collection: Collection) -> Call:
    """Make a transport that pickles each request and answer."""
    call = in_process(made_shards(collection))

    def carry(method: str, asked: Sequence[tuple[int, Any]], /) -> list[Any]:
        return [pickle.loads(pickle.dumps(one)) for one in call(method, pickle.loads(pickle.dumps(asked)))]

    return carry


def forgetful(collection: Collection) -> Call:
    """Make a transport of which every shard is started anew for every request."""

    def carry(method: str, asked: Sequence[tuple[int, Any]], /) -> list[Any]:
        return in_process(made_shards(collection))(method, asked)

    return carry


def made_shards(collection: Collection) -> list[Shard]:
    opened = [OpenedIndex(generation, Analyzer()) for generation in collection.generations]
    return [Shard(one, numbers) for one, numbers in zip(opened, collection.numbers, strict=True)]


@pytest.mark.parametrize("transport", [pickled, forgetful])
def test_transports(small: Index, transport: Callable[[Collection], Call]) -> None:
    """Requests and answers can be pickled, and a shard that forgot what it computed answers the same."""
    collection = held(open_current(small.path), every_nth(len(small), 3))
    pair = Pair(small, Index(collection, transport(collection)))
    for query in SMALL_QUERIES[::3]:
        assert all(answers_alike(pair, query, "hybrid", options) for options in SETTINGS[:3])
    assert pair.whole.similar(["p0"], ["p4"]) == pair.shards.similar(["p0"], ["p4"])
    assert list(pair.shards.papers()) == list(pair.whole.papers())


def test_a_transport_knows_every_method() -> None:
    """What a transport may call is what a shard answers."""
    assert set(METHODS) == {name for name in vars(Shard) if not name.startswith("_")}
    assert len(set(METHODS)) == len(METHODS)


def listening(index: Index) -> list[str]:
    """Return a list of the rounds that the index asks from now on."""
    asked: list[str] = []
    call = index._shards._call

    def counting(method: str, requests: Sequence[tuple[int, Any]], /) -> list[Any]:
        asked.append(method)
        return call(method, requests)

    index._shards._call = counting
    return asked


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        ("moths", {"mode": "keyword"}, ["open", "best", "show"]),
        ("moths", {"mode": "semantic"}, ["open", "best", "show"]),
        ("moths", {}, ["open", "best", "details", "show"]),
        ("moe", {}, ["open", "bounds", "best", "details", "show"]),
    ],
)
def test_a_query_takes_few_rounds(small: Index, query: str, options: Any, expected: list[str]) -> None:
    """Plain words take three rounds and hybrid mode four; an acronym takes one more."""
    index = held_pair(small, every_nth(len(small), 3)).shards
    index.search("warm up")
    asked = listening(index)
    index.search(query, **options)
    assert asked == expected


def test_completion_takes_few_rounds(small: Index) -> None:
    """Ids are found, located and read in one round each, however many there are."""
    index = held_pair(small, every_nth(len(small), 3)).shards
    asked = listening(index)
    assert len(index.ids_beginning_with("p", 9)) == 9
    assert asked == ["ids", "holds", "papers"]
