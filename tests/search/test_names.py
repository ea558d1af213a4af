"""Search by authors, categories, venues and years against the papers themselves, asked one by one."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.errors import EmptyQuery, InvalidYear, LimitExceeded, OnlyExclusions, UnknownFilterValue
from papersearch.index.layout import generation_folder
from papersearch.index.typed_json import read_record, read_value
from papersearch.remote.calls import (
    RESULTS,
    Call,
    NamesCall,
    RankManyCall,
    SearchCall,
    SearchManyCall,
    SimilarCall,
    check_limits,
)
from papersearch.serving.verbs import perform
from papersearch.types import MODES, NAME_KINDS, Filters, Mode, Paper
from papersearch.values import fields_of
from tests.rewriting import record_anew
from tests.search.cutting import cut, every_nth
from tests.text.test_author_match import Person, are_compatible, means, people, spellings

_TOPICS = ("expert routing", "pipeline bubbles", "protein folding", "graph colouring", "speech recognition")
_PEOPLE = (
    Person(("Jane",), (), "Doe"),
    Person(("J.",), (), "Doe"),
    Person(("Karl", "A."), (), "Doe"),
    Person(("Jane", "Ann"), ("van", "der"), "Roe"),
    Person(("Bo",), ("van",), "Moran"),
    Person(("Janet",), (), "Dober"),
    Person(("K.",), ("de",), "Dober"),
)
_CATEGORIES = ("cs.LG", "cs.DC", "stat.ML", "hep-th")
_VENUES = ("NeurIPS 2023", "Proceedings of NeurIPS", "Annals of Statistics", None)
_DATES: tuple[dict[str, Any], ...] = (
    {"date": "2023-05-06"},
    {"date": "2024-11"},
    {"year": 2024},
    {"year": 2025},
    {"date": "2025-01-02"},
    {},
)
N_PAPERS = 48


class Made(NamedTuple):
    """A made index: its papers by id, who wrote each, and the same papers in shards."""

    index: papersearch.Index
    shards: papersearch.Index
    writers: dict[str, tuple[Person, ...]]
    papers: tuple[Paper, ...]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Made:
    """Build an index of papers whose authors are known in parts, and cut it into shards."""
    chosen, folder = random.Random(20), tmp_path_factory.mktemp("names")
    writers, lines = {}, []
    for number in range(N_PAPERS):
        authors = tuple(chosen.sample(_PEOPLE, chosen.randint(1, 3)))
        writers[f"p{number}"] = authors
        topic = _TOPICS[number % len(_TOPICS)]
        lines.append(
            {
                "_id": f"p{number}",
                "title": f"On {topic} {number}",
                "text": f"We measure {topic} in the case of {number}.",
                "authors": [
                    {"given": " ".join(one.given), "family": " ".join((*one.particle, one.family))}
                    for one in authors
                ],
                "categories": chosen.sample(_CATEGORIES, chosen.randint(0, 2)),
                "venue": chosen.choice(_VENUES),
                **chosen.choice(_DATES),
            }
        )
    path = folder / "papers.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    papersearch.build([path], folder / "index", model=str(small_model))
    index = papersearch.open(folder / "index")
    cut(index.path, folder / "shards", every_nth(len(index), 3))
    made = Made(index, papersearch.open(folder / "shards"), writers, tuple(index.papers()))
    assert {paper.paper_id for paper in made.papers} == writers.keys()
    return made


def found(results: papersearch.Results) -> set[str]:
    return {hit.paper.paper_id for hit in results}


def day_of(paper: Paper) -> int:
    """Return the date as a number that sorts a day before its month alone, and a month before its year alone."""
    if paper.date:
        return int(paper.date.replace("-", ""))
    return (paper.year or 0) * 10_000 + (paper.month or 0) * 100


@settings(max_examples=120)
@given(people, st.integers(0, 3))
def test_authors(made: Made, asked: Person, form: int) -> None:
    """A filter by an author lists all papers of who it may be, the newest first; nobody's name is an error."""
    wanted = {name for name, writers in made.writers.items() if any(means(asked, one) for one in writers)}
    name = spellings(asked)[form]
    for index in (made.index, made.shards):
        if not wanted:
            with pytest.raises(UnknownFilterValue, match="unknown author"):
                index.search("", authors=name)
            continue
        results = index.search("", k=N_PAPERS, authors=name)
        assert found(results) == wanted
        assert results.total == len(wanted)
        assert (results.sort, results.verdict, results.is_ranked, results.encoded) == (
            "date",
            None,
            False,
            index.encoded,
        )
        days = [day_of(hit.paper) for hit in results]
        assert days == sorted(days, reverse=True)
        assert {hit.score for hit in results} == {0.0}
        assert found(index.search(f'author:"{name}"', k=N_PAPERS)) == wanted


def test_any_of_several_names(made: Made) -> None:
    """Names of one kind are alternatives, and kinds are conditions together."""
    roe = {name for name, writers in made.writers.items() if any(one.family == "Roe" for one in writers)}
    moran = {name for name, writers in made.writers.items() if any(one.family == "Moran" for one in writers)}
    of_cs = {paper.paper_id for paper in made.papers if any(one.startswith("cs.") for one in paper.categories)}
    results = made.index.search("", k=N_PAPERS, authors=["roe", "Bo van Moran"], categories="CS")
    assert found(results) == (roe | moran) & of_cs
    assert roe & of_cs


class Leaf(NamedTuple):
    text: str


class Node(NamedTuple):
    operator: str
    parts: tuple[Tree, ...]


Tree: TypeAlias = Leaf | Node

_LEAVES = (
    "author:doe", 'author:"Jane Doe"', "author:roe", "cat:cs", "category:stat.ML", "venue:neurips",
    'venue:"statistics annals"', "year:2024", "year:2023-2024", "year:2025-", "year:..2024-10",
    "routing", "folding",
)  # fmt: skip
trees: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(_LEAVES).map(Leaf),
    lambda inner: st.builds(
        Node, st.sampled_from(["AND", "OR", "NOT"]), st.lists(inner, min_size=2, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


def written(tree: Tree) -> str:
    if isinstance(tree, Leaf):
        return tree.text
    if tree.operator == "NOT":
        return f"({written(tree.parts[0])} AND NOT {written(tree.parts[1])})"
    return f"({f' {tree.operator} '.join(map(written, tree.parts))})"


def holds(tree: Tree, paper: Paper, writers: tuple[Person, ...]) -> bool | None:
    """Tell whether a paper meets a condition; None where its date does not say. Kleene's logic."""
    if isinstance(tree, Leaf):
        return leaf_holds(tree.text, paper, writers)
    values = [holds(part, paper, writers) for part in tree.parts]
    if tree.operator == "NOT":
        values = [values[0], None if values[1] is None else not values[1]]
    if tree.operator == "OR":
        return True if True in values else None if None in values else False
    return False if False in values else None if None in values else True


def leaf_holds(text: str, paper: Paper, writers: tuple[Person, ...]) -> bool | None:
    match text.partition(":")[::2]:
        case ("author", name):
            given = () if name != '"Jane Doe"' else ("Jane",)
            family = "Roe" if name == "roe" else "Doe"
            return any(one.family == family and (not given or are_compatible(given, one.given)) for one in writers)
        case ("cat", _):
            return any(one.startswith("cs.") for one in paper.categories)
        case ("category", _):
            return "stat.ML" in paper.categories
        case ("venue", "neurips"):
            return "NeurIPS" in (paper.venue or "")
        case ("venue", _):
            return paper.venue == "Annals of Statistics"
        case ("year", years):
            low, high = _RANGES[years]
            first = day_of(paper) or 0
            last = first or 99_999_999
            if first and first % 10_000 == 0:
                first, last = first + 101, first + 1231
            elif first and first % 100 == 0:
                first, last = first + 1, first + 31
            return True if low <= first and last <= high else None if low <= last and first <= high else False
    return text in paper.title


_RANGES = {
    "2024": (20240101, 20241231),
    "2023-2024": (20230101, 20241231),
    "2025-": (20250101, 99_999_999),
    "..2024-10": (0, 20241031),
}


@pytest.mark.slow
@settings(max_examples=150)
@given(trees, st.booleans())
def test_conditions(made: Made, tree: Tree, include_undated: bool) -> None:
    """Fields join with operators and parentheses; papers whose date leaves a condition open are counted."""
    query = f"{written(tree)} AND (year:2020-2030 OR NOT year:2020-2030)"  # any known year meets the second part
    verdicts = {}
    for paper in made.papers:
        own = holds(tree, paper, made.writers[paper.paper_id])
        verdicts[paper.paper_id] = None if own and not day_of(paper) else own
    options: dict[str, Any] = {"k": N_PAPERS, "include_undated": include_undated}
    results = made.index.search(query, **options)
    wanted = {name for name, verdict in verdicts.items() if verdict or (verdict is None and include_undated)}
    assert found(results) == wanted
    assert results.total == len(wanted)
    if include_undated:
        assert results.undated is None
    else:
        assert results.undated is not None
        assert results.undated.n_papers == list(verdicts.values()).count(None)
    assert made.shards.search(query, **options) == results


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "query", ["author:doe routing", "routing -author:doe", "cat:cs OR folding", "year:2024 routing"]
)
def test_words_rank_and_fields_do_not(made: Made, query: str, mode: Mode) -> None:
    """Beside fields, words rank the papers as they do alone."""
    words = [word for word in query.split() if ":" not in word and word != "OR"]
    alone = {hit.paper.paper_id: hit.score for hit in made.index.search(words[0], k=N_PAPERS, mode=mode)}
    for index in (made.index, made.shards):
        results = index.search(query, k=N_PAPERS, mode=mode)
        assert results.reading is not None
        assert results.reading.ranked_by == words[0]
        if mode != "hybrid":  # where scores are relative to the candidates
            assert all(hit.score == alone[hit.paper.paper_id] for hit in results)


def test_a_field_and_a_filter_are_one_condition(made: Made) -> None:
    """Names and years in a query keep what the filters keep, also for many queries at once and in runs."""
    pairs = [
        ("author:doe routing", Filters(authors=("doe",))),
        ('venue:"neurips 2023" routing', Filters(venues=("neurips 2023",))),
        ("cat:cs.lg routing", Filters(categories=("cs.LG",))),
        ("year:2024-2025 routing", Filters(since="2024", until="2025")),
        ("year:..2024-11-30 routing", Filters(until="2024-11-30")),
    ]
    for query, filters in pairs:
        results, filtered = made.index.search(query, k=9), made.index.search("routing", k=9, filters=filters)
        assert [hit.paper.paper_id for hit in results] == [hit.paper.paper_id for hit in filtered]
        assert (results.total, results.undated) == (filtered.total, filtered.undated)
        assert list(made.index.search_many([query], 9, literal=False)) == [results]
        ranked = next(made.index.rank_many([query], 9, literal=False))
        assert [one.paper_id for one in ranked] == [hit.paper.paper_id for hit in results]
    newest = made.index.search("author:doe", k=9)
    [ranked] = made.index.rank_many(["author:doe"], 9, literal=False)
    assert [one.paper_id for one in ranked] == [hit.paper.paper_id for hit in newest]
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    assert made.index.search("author:doe", literal=True).is_ranked


def test_facets(made: Made) -> None:
    """Facets count the papers of each name, most first, over all that a list has or that answer."""
    for index in (made.index, made.shards):
        for query in ("author:doe", "routing"):
            results = index.search(query, k=N_PAPERS, facets=True)
            facets, papers = results.facets, [hit.paper for hit in results]
            if results.is_ranked:
                papers = [hit.paper for hit in results if hit.verdict != "weak"]
            assert facets is not None
            for counted, names in (
                (facets.authors, [paper.authors for paper in papers]),
                (facets.categories, [paper.categories for paper in papers]),
                (facets.venues, [(paper.venue,) if paper.venue else () for paper in papers]),
            ):
                counts = Counter(name for of_one in names for name in set(of_one))
                assert [(one.value, one.n_papers) for one in counted] == sorted(
                    counts.items(), key=lambda each: (-each[1], each[0])
                )


def completions(made: Made, kind: str) -> Iterator[tuple[str, str]]:
    for paper in made.papers:
        if kind == "authors":
            writers = made.writers[paper.paper_id]
            yield from (("".join((*one.particle, one.family)).lower(), paper.paper_id) for one in writers)
        elif kind == "categories":
            for category in paper.categories:
                yield category, paper.paper_id
                if "." in category:
                    yield category.partition(".")[0], paper.paper_id
        else:
            yield from ((word.lower(), paper.paper_id) for word in (paper.venue or "").split())


@pytest.mark.parametrize("kind", ["authors", "categories", "venues"])
@pytest.mark.parametrize("beginning", ["", "d", "D", "c", "CS", "n", "van", "zz"])
def test_completion(made: Made, kind: Any, beginning: str) -> None:
    """The beginning of a family name, of a category or of a word of a venue is completed, and counts its papers."""
    wanted: dict[str, set[str]] = {}
    for key, paper_id in completions(made, kind):
        if key.lower().startswith(beginning.lower()):
            wanted.setdefault(key, set()).add(paper_id)
    for index in (made.index, made.shards):
        offered = index.names_beginning_with(kind, beginning, 100)
        assert {one.value: one.n_papers for one in offered} == {key: len(papers) for key, papers in wanted.items()}
        assert index.names_beginning_with(kind, beginning, 2) == offered[:2]


@pytest.mark.parametrize(
    ("options", "offered"),
    [
        ({"authors": "dow"}, {"doe"}),
        ({"authors": "Jane Dow"}, {"Jane Doe", "J. Doe"}),
        ({"categories": "cs.LX"}, {"cs.LG"}),
        ({"venues": "nurips"}, {"neurips"}),
        ({"venues": "nurips 2023"}, {"NeurIPS 2023"}),
    ],
)
def test_unknown_names(made: Made, options: dict[str, str], offered: set[str]) -> None:
    """A name that no paper has is an error with the nearest ones, in filters and in queries, excluded or not."""
    [(kind, value)] = options.items()
    field = {"authors": "author", "categories": "cat", "venues": "venue"}[kind]
    errors = []
    for index in (made.index, made.shards):
        for query, filters in (("routing", options), (f'{field}:"{value}"', {}), (f'moe -{field}:"{value}"', {})):
            with pytest.raises(UnknownFilterValue, match="did you mean") as caught:
                index.search(query, **filters)
            errors.append((caught.value.field, caught.value.value, caught.value.nearest, caught.value.known))
            assert caught.value.in_query == (not filters)
    assert len(set(errors)) == 1
    assert offered & set(errors[0][2])


def test_what_lists_nothing(made: Made) -> None:
    """Nothing, and exclusions alone, are errors unless filters name the papers."""
    for index in (made.index, made.shards):
        with pytest.raises(EmptyQuery):
            index.search("")
        with pytest.raises(EmptyQuery):
            index.search("", include_undated=True)
        with pytest.raises(OnlyExclusions):
            index.search("-author:doe")
        with pytest.raises(InvalidYear):
            index.search("year:20244")
        everything = found(index.search("", k=N_PAPERS, authors="doe"))
        rest = found(index.search("-venue:neurips", k=N_PAPERS, authors="doe"))
        assert rest == everything - found(index.search("venue:neurips", k=N_PAPERS))
        assert index.search("cat:hep-th cat:cs.DC cat:stat.ML").emptied_by == "operators"


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("doe", ["author"]),
        ("Jane Doe", ["author"]),
        ("doe, jane", ["author"]),
        ("van der Roe", ["author"]),
        ("cs.LG", ["category"]),
        ("hep-th", ["category"]),
        ("jane routing", []),
        ("routing", []),
        ("doe routing", []),
        ("author:doe", []),
        ('"jane doe"', []),
        ("Karla Doe", []),
    ],
)
def test_a_query_that_is_a_name(made: Made, query: str, kinds: list[str]) -> None:
    """A query whose words are all the name of one author, or a category, is noted with the clause that finds it."""
    for index in (made.index, made.shards):
        notes = index.search(query).notes
        assert [note.kind for note in notes] == kinds
        for note in notes:
            clause = note.message.split(": ", 1)[1].removesuffix(" finds the papers")
            assert index.search(clause).total > 0


def test_a_title_with_a_field(tmp_path: Path, small_model: Path) -> None:
    """A title that reads like a field is searched for as words."""
    record = {
        "_id": "box",
        "title": "Schroedinger's cat:dead",
        "text": "We look into the box.",
        "authors": ["Jane Doe"],
    }
    (tmp_path / "one.jsonl").write_text(json.dumps(record), encoding="utf-8")
    papersearch.build([tmp_path / "one.jsonl"], tmp_path / "index", model=str(small_model))
    results = papersearch.open(tmp_path / "index").search("Schroedinger's cat:dead")
    assert results.hits[0].exact_title
    assert [note.kind for note in results.notes] == ["title"]


@pytest.mark.parametrize(
    "name", [f"{kind}.{file}" for kind in NAME_KINDS for file in ("papers.npy", "starts.npy", "txt")]
)
def test_the_doctor_compares_names_with_papers(made: Made, tmp_path: Path, name: str) -> None:
    """A table of names that says other than the records is a fault, even if its checksum is right."""
    shutil.copytree(made.index.path, tmp_path / "index")
    folder = tmp_path / "index" / generation_folder(1)
    path = folder / name
    if name.endswith(".npy"):
        array = np.load(path)
        array[1] += 1
        np.save(path, array)
    else:
        path.write_bytes(path.read_bytes().swapcase())
    record_anew(tmp_path / "index", folder, name)
    assert name in {fault.file for fault in papersearch.open(tmp_path / "index").verify()}
    assert [fault for fault in made.index.verify() if fault.file != "model"] == []


@pytest.mark.parametrize(
    "call",
    [
        SearchCall(query="author:doe year:2024-", k=9, mode="hybrid", facets=True),
        SearchCall(query="", k=9, mode="keyword", filters=Filters(authors=("doe",), categories=("cs",))),
        SearchManyCall(queries=("venue:neurips routing", "author:doe"), k=9, mode="keyword", literal=False),
        RankManyCall(queries=("venue:neurips routing", "author:doe"), k=9, mode="keyword", literal=False),
        SimilarCall(like=("p1",), unlike=(), k=9, filters=Filters(venues=("neurips",))),
        NamesCall(kind="authors", beginning="d", limit=9),
    ],
)
def test_a_server_passes_names(made: Made, call: Call) -> None:
    """What a served index is asked and answers with names is, read from JSON again, the same."""
    sent: Call = read_record(type(call), orjson.loads(orjson.dumps(call, default=fields_of)))
    assert sent == call
    check_limits(sent)
    answered = read_value(RESULTS[type(call)], orjson.loads(perform(made.index, sent)))
    again = read_value(RESULTS[type(call)], orjson.loads(perform(made.shards, sent)))
    assert answered == again
    if isinstance(call, SearchCall):
        assert answered == made.index.search(**fields_of(call))
        assert answered.hits


def test_a_server_bounds_names() -> None:
    """Each name costs a search of all names, so a call has at most a hundred."""
    many = tuple(map(str, range(101)))
    check_limits(SearchCall(query="", k=1, mode="keyword", filters=Filters(authors=many[1:])))
    with pytest.raises(LimitExceeded):
        check_limits(
            SearchCall(query="", k=1, mode="keyword", filters=Filters(authors=many[:99], venues=many[99:]))
        )
