"""Doors of queries: the query language, and whole searches, in one index and in shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from papersearch.api import Index
from papersearch.cli.tui.half_typed import half_typed
from papersearch.errors import PapersearchError, QueryError, UnclosedQuote
from papersearch.index.generations import open_current
from papersearch.serving.refusals import Refusal
from papersearch.serving.requests import read_call
from papersearch.text.analysis import Analyzer
from papersearch.text.clauses import Compound, Condition, FieldClause, leaves
from papersearch.text.cleaning import clean_text, printable_text
from papersearch.text.grammar import MAX_CLAUSES, MAX_DEPTH
from papersearch.text.query import Query, may_identify, parse_query
from papersearch.values import fields_of
from tests.fuzz.door import Door, Enter
from tests.fuzz.texts import text_of
from tests.fuzz.tiny import tiny_index
from tests.search.cutting import every_nth, held


def _enter_query(folder: Path) -> Enter:
    analyzers = [Analyzer(languages) for languages in (("en",), ("en", "de", "fr"))]

    def enter(content: bytes) -> None:
        text = text_of(content)
        may_identify(text)
        half_typed(text)
        for analyzer in analyzers:
            _parse_lawfully(text, analyzer)

    return enter


def _parse_lawfully(text: str, analyzer: Analyzer) -> None:
    """Parse a query, and assert what holds of every one."""
    for literal in (True, False):
        try:
            query = parse_query(text, analyzer, literal=literal)
        except UnclosedQuote as error:
            assert 0 <= error.position < len(error.query)
            continue
        except QueryError as error:
            assert error.message
            continue
        assert query == parse_query(query.text, analyzer, literal=literal)
        assert query.text == clean_text(text)
        assert [place for place, _ in query.sequence] == sorted(place for place, _ in query.sequence)
        assert not literal or not (query.required or query.excluded or query.notes or query.is_operated)
        _assert_conditions(query)
        for part in (*query.reading.required, *query.reading.excluded, *(note.message for note in query.notes)):
            assert part and printable_text(part) == part
        orjson.dumps(fields_of(query.reading))
        assert (query.alternatives, query.pairs, query.n_words) is not None


def _assert_conditions(query: Query) -> None:
    conditions = (*query.required, *query.excluded)
    clauses = list(leaves(conditions))
    assert len(clauses) <= MAX_CLAUSES * 2
    assert max(map(_depth, conditions), default=0) <= 2 * MAX_DEPTH + 2
    for clause in clauses:
        if isinstance(clause, FieldClause):
            assert clause.days[0] <= clause.days[1]
        else:
            places = [place for place, _ in clause.sequence]
            assert places[0] == 0
            assert places == sorted(set(places))


def _depth(condition: Condition) -> int:
    return 1 + max(map(_depth, condition.parts), default=0) if isinstance(condition, Compound) else 0


def _enter_search(folder: Path) -> Enter:
    whole = tiny_index(folder)
    shards = Index(held(open_current(whole.path), every_nth(len(whole), 3)))

    def enter(content: bytes) -> None:
        """Search by the arguments of a client: shards answer, or refuse, as the whole does."""
        verb, _, body = content.partition(b"\n")
        if verb not in (b"search", b"similar", b"recommend", b"look-up", b"names", b"ids", b"paper"):
            return
        try:
            call = read_call(verb.decode(), body)
        except (PapersearchError, Refusal):
            return
        answers = [_answered(index, _METHODS[verb], fields_of(call)) for index in (whole, shards)]
        assert repr(answers[0]) == repr(answers[1])
        if verb == b"search":
            _assert_ranked(answers[0], call)

    return enter


_METHODS = {
    b"search": "search", b"similar": "similar", b"recommend": "recommend", b"look-up": "look_up", b"paper": "paper",
    b"ids": "ids_beginning_with", b"names": "names_beginning_with",
}  # fmt: skip


def _answered(index: Index, method: str, arguments: dict[str, Any]) -> Any:
    try:
        return getattr(index, method)(**arguments)
    except PapersearchError as error:
        return type(error), error.message
    except ValueError as error:  # a documented refusal of arguments that exclude each other
        assert str(error).startswith(("expected", "unknown")), error
        return type(error), str(error)


def _assert_ranked(results: Any, call: Any) -> None:
    """Assert that at most `k` papers answer, each once."""
    if isinstance(results, tuple):
        return
    ids = [hit.paper.paper_id for hit in results]
    assert len(ids) == len(set(ids)) <= call.k
    orjson.dumps(results, default=fields_of)


_QUERIES = (
    "pipeline bubbles", '"mixture of experts" -survey', 'title:gpipe author:"J. Doe" cat:cs.LG venue:neurips',
    "year:2023-2025 rout*", "(moe OR experts) AND rout* NOT vision", "title:(a AND b) -(c OR “d e”)", "–a ‘b’ «c»",
    "arXiv:2504.01234 and doi:10.5555/a", "Attention is NOT explanation", "year:..2020 author:(a OR b)",
    "U-Net's pre-training",
)  # fmt: skip
_FILTERS = {
    "authors": ["grove"], "categories": ["q-bio"], "venues": ["lamps"], "since": "2024", "until": "2026-05",
    "has_code": True, "within": ["gpipe"], "include_undated": True,
}  # fmt: skip
SEARCHES: tuple[tuple[str, dict[str, Any]], ...] = (
    *(
        ("search", {"query": query, "k": 5, "mode": "hybrid", "facets": True, "related": True})
        for query in _QUERIES
    ),
    ("search", {"query": "moths", "k": 3, "mode": "keyword", "filters": _FILTERS, "sort": "date", "fold": True}),
    ("search", {"query": "moths AND lamp", "k": 9, "mode": "semantic", "strict": True, "late": False}),
    ("search", {"query": "", "k": 4, "mode": "hybrid", "filters": {"added_since": "2 weeks ago"}, "explain": True}),
    ("search", {"query": "Moths at the lamp", "k": 2, "mode": "hybrid", "literal": True, "instruction": "find"}),
    ("similar", {"like": ["Graph colouring"], "unlike": ["10.5555/moth_1"], "k": 3, "text": "moths"}),
    (
        "recommend",
        {
            "library": [{"paper_id": "a", "title": "Moths", "abstract": "Lamps", "doi": None, "arxiv_id": None}],
            "k": 3,
        },
    ),
    ("look-up", {"names": ["arXiv:2504.01234", "a survey of moths"], "by": "title"}),
    ("names", {"kind": "authors", "beginning": "g", "limit": 3}),
    ("ids", {"prefix": "m", "limit": 3}),
    ("paper", {"name": "10.5555/moth_1"}),
)

_WORDS = (
    *'AND OR NOT ( ) " “ ” « » - – * : title: author: cat: venue: year: title:( author:( -('.split(),
    *".. 2020-2023 ? !".split(),
    *"moths lamp graph pre-training the of 王伟 É é \u0301 \u200d \u202e \t \0".split(" "),
)

DOORS = {
    "queries": Door(_enter_query, lambda folder: map(str.encode, _QUERIES), _WORDS),
    "searches": Door(
        _enter_search,
        lambda folder: (verb.encode() + b"\n" + orjson.dumps(call) for verb, call in SEARCHES),
        (*_WORDS, *'true false null [] {} \\" \\u0000 hybrid keyword semantic within without until since'.split()),
        4_000,
    ),
}
"""The doors of queries."""
