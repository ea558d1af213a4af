"""What was typed: words, phrases, exclusions, titles; with plain text search as the oracle."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.errors import OnlyExclusions, QueryError, UnindexedClause
from papersearch.text.analysis import Analyzer
from papersearch.text.clauses import Clause
from papersearch.text.identity import title_key
from papersearch.text.paper_text import paper_text
from papersearch.text.query import Query, parse_query
from papersearch.types import MODES, Mode

WHOLE = 302


def found(index: papersearch.Index, query: str, mode: Mode = "hybrid") -> set[str]:
    """Return the titles of all papers that a query ranks."""
    (ranked,) = index.rank_many([query], WHOLE, mode, literal=False)
    return {title_of(index)[one.paper_id] for one in ranked}


@cache
def title_of(index: papersearch.Index) -> dict[str, str]:
    """Return the title of each paper by its id."""
    return {paper.paper_id: paper.title for paper in index.papers()}


def titles_where(index: papersearch.Index, pattern: str, *, title_only: bool = False) -> set[str]:
    """Return the titles of the papers whose text a regular expression finds."""
    return {
        paper.title
        for paper in index.papers()
        if re.search(pattern, paper.title if title_only else paper_text(paper), re.IGNORECASE)
    }


def test_operators_by_hand() -> None:
    """Each operator becomes its clause; the encoder reads the words without signs and exclusions."""
    query = parse_query('moe "expert parallelism" -survey -"data pipeline" title:routing GPT-4', Analyzer())
    assert query.plain == "moe expert parallelism routing GPT-4"
    assert query.required == (
        Clause(((0, "expert"), (1, "parallel")), False, "expert parallelism", '"expert parallelism"'),
        Clause(((0, "rout"),), True, "routing", "title:routing"),
    )
    assert query.excluded == (
        Clause(((0, "survey"),), False, "survey", "survey"),
        Clause(((0, "data"), (1, "pipelin")), False, "data pipeline", '"data pipeline"'),
    )
    assert query.terms == tuple(sorted(["moe", "expert", "parallel", "rout", "gpt", "4"]))


def test_stop_words_keep_their_places_in_a_phrase() -> None:
    """The phrase "mixture of experts" is two terms at distance two."""
    (clause,) = parse_query('"the mixture of experts"', Analyzer()).required
    assert isinstance(clause, Clause)
    assert clause.sequence == ((0, "mixtur"), (2, "expert"))


@pytest.mark.parametrize(
    "text", ["GPT-4 agents", "pre-training", "a - b", "--", "Title: a colon", "x -- y", "C++ -"]
)
def test_what_looks_like_an_operator(text: str) -> None:
    """Hyphens within words, single dashes, and `title:` before a blank and no indexed word are plain text."""
    query = parse_query(text, Analyzer())
    assert (query.required, query.excluded, query.plain.split()) == ((), (), text.split())


@given(st.text(min_size=1))
def test_literal_queries_have_no_operators(text: str) -> None:
    """A literal query requires and excludes nothing, and only an empty one is refused."""
    try:
        query = parse_query(text, Analyzer(), literal=True)
    except QueryError as error:
        assert "empty" in error.message
    else:
        assert (query.required, query.excluded, query.plain) == ((), (), query.text)


@pytest.mark.parametrize("text", ["-survey", '-"data pipeline" -moe', '"be"', 'bubbles -"to be"', "bubbles -the"])
def test_queries_without_sense(text: str) -> None:
    """A query of exclusions alone, or a clause without indexed terms, is refused."""
    with pytest.raises((OnlyExclusions, UnindexedClause)):
        parse_query(text, Analyzer())


@pytest.mark.parametrize("mode", MODES)
def test_phrase_in_the_corpus(real_index: papersearch.Index, mode: Mode) -> None:
    """A phrase finds every paper that contains it, in any inflection, and no other paper."""
    expected = titles_where(real_index, r"\bexpert(s|ise)?[ -]parallel(ism|ly|ized?)?\b")
    assert found(real_index, '"expert parallelism"', mode) == expected
    assert 1 < len(expected) < 60


def test_title_in_the_corpus(any_index: papersearch.Index) -> None:
    """`title:` finds exactly the papers whose title contains the word or phrase."""
    assert found(any_index, "title:pipeline") == titles_where(
        any_index, r"\bpipelin(e|es|ed|ing)\b", title_only=True
    )
    expected = titles_where(any_index, r"\bmixture[ -]of[ -]experts?\b", title_only=True)
    assert found(any_index, 'title:"mixture of experts"') == expected
    assert len(expected) > 5


def test_exclusion_in_the_corpus(any_index: papersearch.Index) -> None:
    """`-word` leaves exactly the papers without the word, in every mode."""
    expected = titles_where(any_index, r".") - titles_where(any_index, r"\bpipelin(e|es|ed|ing)\b")
    assert found(any_index, "bubbles -pipeline") == expected
    assert found(any_index, "bubbles -pipeline", "semantic") == expected
    assert found(any_index, "bubbles -pipeline", "keyword") < expected


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=5)
@given(words=st.permutations(["-expert", "-training", '-"language model"', "-title:pipeline", "-data"]))
def test_more_exclusions_never_add_hits(any_index: papersearch.Index, mode: Mode, words: list[str]) -> None:
    """Each further exclusion leaves a subset of the papers."""
    queries = [" ".join(["pipeline bubbles", *words[:n]]) for n in range(len(words) + 1)]
    answers = [found(any_index, query, mode) for query in queries]
    assert all(after <= before for before, after in pairwise(answers))
    assert len(answers[-1]) < len(answers[0])


def test_nothing_left(any_index: papersearch.Index) -> None:
    """A phrase that no paper contains gives no hits and no error, in every mode."""
    for mode in MODES:
        results = any_index.search('"bubbles pipeline banana"', mode=mode)
        assert (results.total, results.hits, results.verdict) == (0, (), None)


@pytest.mark.parametrize("query", ["", "  \t\n", "\x1b[31m", 'an "unclosed phrase', "x" * 30_000])
def test_unreadable_queries_are_refused(any_index: papersearch.Index, query: str) -> None:
    """An empty, unbalanced or absurdly long query is a QueryError."""
    with pytest.raises(QueryError):
        any_index.search(query)


MOST = 20_000


@pytest.mark.parametrize("literal", [False, True])
def test_the_longest_query(literal: bool) -> None:
    """20,000 characters are read, one more is refused with both numbers."""
    longest = "ab " * (MOST // 3) + "cd"
    assert len(longest) == MOST
    assert parse_query(longest, Analyzer(), literal=literal).text == longest
    with pytest.raises(QueryError, match=r"20,001.*20,000"):
        parse_query(longest + "e", Analyzer(), literal=literal)


@pytest.mark.parametrize("literal", [False, True])
def test_no_query(literal: bool) -> None:
    """Blanks are an empty query, whether or not operators are read."""
    with pytest.raises(QueryError, match="empty"):
        parse_query(" \t\n", Analyzer(), literal=literal)


@pytest.mark.parametrize("n_quotes", [1, 3])
@pytest.mark.parametrize("n_after", [0, 1, 28, 29, 30, 200])
@pytest.mark.parametrize("n_before", [0, 1, 29, 30, 31, 200])
def test_the_caret_stands_below_the_open_quote(n_before: int, n_after: int, n_quotes: int) -> None:
    """The last quotation mark of an odd number is shown above a caret, with 30 characters before it
    and 29 after it, as far as there are any."""
    before = f'"{"b" * n_before}"' * (n_quotes // 2) + "a" * n_before
    text = f'{before}"{"c" * n_after}'
    with pytest.raises(QueryError, match="quotation mark") as caught:
        parse_query(text, Analyzer())
    shown, below = str(caught.value).splitlines()[1:3]
    column = below.index("^")
    assert below.strip() == "^"
    assert shown[:column].strip() == before[-30:]
    assert shown[column:] == '"' + "c" * min(n_after, 29)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('bubbles -"to be" title:gpipe', '-"to be"'),
        ('bubbles "of" moe', '"of"'),
        ("bubbles -the moe", "-the"),
    ],
)
def test_an_error_names_its_part_of_the_query(text: str, named: str) -> None:
    """The clause of which nothing is indexed is named as it was typed, and nothing else of the query."""
    with pytest.raises(QueryError) as caught:
        parse_query(text, Analyzer())
    assert named in str(caught.value)
    assert not {"bubbles", "gpipe", "moe"} & set(re.findall(r"\w+", str(caught.value)))


def test_a_query_of_exclusions_alone() -> None:
    """A query of exclusions needs a word to rank by, which may be a stop word."""
    with pytest.raises(QueryError, match="only excludes"):
        parse_query('-survey -"data pipeline"', Analyzer())
    assert parse_query("the -survey", Analyzer()).plain == "the"


@pytest.mark.parametrize("operator", ["title:", "TITLE:", "Title:"])
def test_title_in_any_case(operator: str) -> None:
    """The operator's case does not matter; a minus before it excludes."""
    [clause] = parse_query(f"{operator}routing", Analyzer()).required
    assert clause == Clause(((0, "rout"),), True, "routing", f"{operator}routing")
    [clause] = parse_query(f"moe -{operator}routing", Analyzer()).excluded
    assert clause == Clause(((0, "rout"),), True, "routing", f"{operator}routing")


def test_the_words_are_joined_as_typed() -> None:
    """The encoder reads the words with one blank between them and none around; a title's key is of
    all that was typed."""
    query = parse_query('  " expert  routing" -survey moe ', Analyzer())
    assert query.text == '" expert routing" -survey moe'
    assert query.plain == "expert routing moe"
    assert [term for _, term in query.sequence] == ["expert", "rout", "moe"]
    assert parse_query("GPipe: Efficient", Analyzer()).title_key == title_key("GPipe: Efficient")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("pipeline", []),
        ("pipeline pipeline", []),
        ("pipeline bubble", [((0, "pipelin"), (1, "bubbl"))]),
        ("expert the router", [((0, "expert"), (2, "router"))]),
        ("bubble pipeline model", [((0, "bubbl"), (1, "pipelin")), ((1, "pipelin"), (2, "model"))]),
        (
            "model the data model data",
            [((0, "model"), (2, "data")), ((2, "data"), (3, "model")), ((3, "model"), (4, "data"))],
        ),
        ("model data model data", [((1, "data"), (2, "model")), ((2, "model"), (3, "data"))]),
    ],
)
def test_pairs_by_hand(text: str, expected: list[tuple[tuple[int, str], tuple[int, str]]]) -> None:
    """Neighbours are of different terms; each pair at one distance comes once."""
    sequence = tuple(Analyzer().sequence(text))
    found = Query(text, text, (), sequence, (), (), "").pairs
    assert sorted(found) == expected
    keys = [(b[0] - a[0], a[1], b[1]) for a, b in found]
    assert keys == sorted(set(keys))
