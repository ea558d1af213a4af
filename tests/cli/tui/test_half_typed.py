"""Half-typed queries: what is read while somebody types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.cli.tui.half_typed import half_typed, loosened
from papersearch.errors import EmptyQuery, QueryError, UnclosedQuote, UnindexedClause
from papersearch.text.analysis import Analyzer
from papersearch.text.query import parse_query
from papersearch.text.syntax import FIELDS

ANALYZER = Analyzer()
WAITING = [
    "-",
    "(",
    "-(",
    "AND",
    "OR",
    "NOT",
    "AND NOT",
    "AND (",
    '"',
    "“",
    "«",
    '-"',
    *(f"{name}:" for name in FIELDS),
]
PARTS = st.lists(
    st.sampled_from(
        ["moe", "the", '"', "“", "”", "«", "-", "(", ")", "AND", "OR", "NOT", "title:", " ", "x*", "’"]
    ),
    max_size=8,
).map("".join)


def meaning(query: str) -> object:
    """Return the parsed query without its text."""
    return parse_query(query, ANALYZER)._replace(text="", title_key="")


@pytest.mark.parametrize("end", WAITING)
@pytest.mark.parametrize(
    "before", ["gpipe", "mixture of experts", '"mixture of experts"', "moe AND routing", "title:moe x"]
)
@pytest.mark.parametrize("blank", ["", " "])
def test_what_waits_for_a_word_changes_nothing(before: str, end: str, blank: str) -> None:
    """A sign, an operator or a field without its word leaves the query before it, and a note names it."""
    typed = half_typed(f"{before} {end}{blank}")
    assert meaning(typed.query) == meaning(before)
    assert typed.note
    assert typed.is_growing


@pytest.mark.parametrize("end", WAITING)
def test_nothing_but_what_waits_asks_for_nothing(end: str) -> None:
    """A sign, an operator or a field alone is not a query yet."""
    typed = half_typed(end)
    assert typed.query == ""
    assert typed.note


@pytest.mark.parametrize("sign", ["", "-", *(f"{name}:" for name in FIELDS), *(f"-{name}:" for name in FIELDS)])
@pytest.mark.parametrize(("opening", "closing"), [('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("‹", "›")])
def test_an_open_quotation_is_read_as_closed(sign: str, opening: str, closing: str) -> None:
    """An open quotation means what it means with the mark that closes it."""
    typed = f"gpipe {sign}{opening}pipeline parallelism"
    assert meaning(half_typed(typed).query) == meaning(typed + closing)
    assert half_typed(typed).note == "a quotation mark is open"


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("gate AND (moe OR experts", "gate AND (moe OR experts)"),
        ("a AND ((b OR c) AND (d OR e", "a AND ((b OR c) AND (d OR e))"),
        ('gate AND (moe OR "mixture of', 'gate AND (moe OR "mixture of")'),
        ("(moe OR experts) AND gate", "(moe OR experts) AND gate"),
    ],
)
def test_open_parentheses_are_read_as_closed(typed: str, whole: str) -> None:
    """Parentheses of operators that are open mean what they mean closed."""
    assert meaning(half_typed(typed).query) == meaning(whole)


@pytest.mark.parametrize(
    "query",
    [
        "gpipe",
        "a (b",
        "pre-",
        "C++",
        'x "y z"',
        "moe AND gate",
        "-survey moe",
        "title:moe",
        "f(x) = y",
        "AND so on",
    ],
)
def test_a_whole_query_is_read_as_it_is(query: str) -> None:
    """A query without an unfinished end is asked as it was typed, without a note."""
    assert half_typed(query)[:2] == (query, "")


@given(PARTS)
def test_no_quotation_stays_open(typed: str) -> None:
    """In every line, no quotation is open in what is asked, and asking again changes nothing."""
    query = half_typed(typed).query
    try:
        parse_query(query, ANALYZER)
    except UnclosedQuote:
        raise
    except QueryError:
        pass
    assert half_typed(query).query == query


@given(PARTS.filter(lambda typed: half_typed(typed).query != ""))
def test_loosening_ends(typed: str) -> None:
    """Leaving out the last part, again and again, ends with words alone."""
    query = half_typed(typed).query
    for _ in range(20):
        shorter = loosened(query)
        if shorter == query:
            break
        query = shorter
    assert loosened(query) == query


@pytest.mark.slow
def test_every_beginning_of_a_query_finds_papers(real_index: papersearch.Index) -> None:
    """While a query is typed letter by letter, there is always an answer with hits, asked whole or loosened."""
    whole = 'gpipe -survey title:"pipeline parallelism" AND (training OR "neural networks")'
    for end in range(5, len(whole) + 1):
        query = half_typed(whole[:end]).query
        try:
            found = real_index.search(query, 1)
        except (EmptyQuery, UnindexedClause):
            continue
        assert found.hits or real_index.search(loosened(query), 1).hits, whole[:end]
