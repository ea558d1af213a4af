"""What was typed: words, phrases, exclusions, titles; with plain text search as the oracle."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.errors import QueryError
from papersearch.text.analysis import Analyzer
from papersearch.text.paper_text import paper_text
from papersearch.text.query import Clause, parse_query
from papersearch.types import MODES, Mode

TERMS = "pipeline bubble model data".split()

WHOLE = 302


def found(index: papersearch.Index, query: str, mode: Mode = "hybrid") -> set[str]:
    """Titles of all papers that a query ranks."""
    return {hit.paper.title for hit in index.search(query, k=WHOLE, mode=mode)}


def titles_where(index: papersearch.Index, pattern: str, *, title_only: bool = False) -> set[str]:
    """Titles of the papers whose text a regular expression finds."""
    return {
        paper.title
        for paper in index.papers()
        if re.search(pattern, paper.title if title_only else paper_text(paper), re.IGNORECASE)
    }


def test_operators_by_hand() -> None:
    """Each form becomes its clause; the encoder reads the words without signs and exclusions."""
    query = parse_query('moe "expert parallelism" -survey -"data pipeline" title:routing GPT-4', Analyzer())
    assert query.plain == "moe expert parallelism routing GPT-4"
    assert query.required == (
        Clause(((0, "expert"), (1, "parallel")), in_title=False),
        Clause(((0, "rout"),), in_title=True),
    )
    assert query.excluded == (
        Clause(((0, "survey"),), in_title=False),
        Clause(((0, "data"), (1, "pipelin")), in_title=False),
    )
    assert query.terms == tuple(sorted(["moe", "expert", "parallel", "rout", "gpt", "4"]))


def test_stop_words_keep_their_places_in_a_phrase() -> None:
    """ "mixture of experts" is two terms, two apart."""
    (clause,) = parse_query('"the mixture of experts"', Analyzer()).required
    assert clause.sequence == ((0, "mixtur"), (2, "expert"))


@pytest.mark.parametrize(
    "text", ["GPT-4 agents", "pre-training", "a - b", "--", "Title: a colon", "x -- y", "C++ -"]
)
def test_what_looks_like_an_operator(text: str) -> None:
    """Hyphens within words, dashes alone and a title: before a space are text."""
    query = parse_query(text, Analyzer())
    assert (query.required, query.excluded, query.plain.split()) == ((), (), text.split())


@given(st.text(min_size=1))
def test_literal_queries_have_no_operators(text: str) -> None:
    """As plain words, nothing is required or excluded, and nothing but emptiness is refused."""
    try:
        query = parse_query(text, Analyzer(), literal=True)
    except QueryError as error:
        assert "empty" in error.message
    else:
        assert (query.required, query.excluded, query.plain) == ((), (), query.text)


@pytest.mark.parametrize("text", ["-survey", '-"data pipeline" -moe', '"to be"', "title:the", "bubbles -the"])
def test_queries_without_sense(text: str) -> None:
    """Only exclusions, or a clause of which nothing is indexed, is a QueryError with a hint."""
    with pytest.raises(QueryError) as caught:
        parse_query(text, Analyzer())
    assert caught.value.hint


@pytest.mark.parametrize("mode", MODES)
def test_phrase_in_the_corpus(real_index: papersearch.Index, mode: Mode) -> None:
    """Every paper with the phrase, in any inflection, and no other."""
    expected = titles_where(real_index, r"\bexpert(s|ise)?[ -]parallel(ism|ly|ized?)?\b")
    assert found(real_index, '"expert parallelism"', mode) == expected
    assert 1 < len(expected) < 60


def test_title_in_the_corpus(real_index: papersearch.Index) -> None:
    """title: finds the papers whose title has the word, a phrase those whose title has it."""
    assert found(real_index, "title:pipeline") == titles_where(
        real_index, r"\bpipelin(e|es|ed|ing)\b", title_only=True
    )
    expected = titles_where(real_index, r"\bmixture[ -]of[ -]experts?\b", title_only=True)
    assert found(real_index, 'title:"mixture of experts"') == expected
    assert len(expected) > 5


def test_exclusion_in_the_corpus(real_index: papersearch.Index) -> None:
    """-word leaves exactly the papers without it, in every mode."""
    expected = titles_where(real_index, r".") - titles_where(real_index, r"\bpipelin(e|es|ed|ing)\b")
    assert found(real_index, "bubbles -pipeline") == expected
    assert found(real_index, "bubbles -pipeline", "semantic") == expected
    assert found(real_index, "bubbles -pipeline", "keyword") < expected


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=5)
@given(words=st.permutations(["-expert", "-training", '-"language model"', "-title:pipeline", "-data"]))
def test_more_exclusions_never_add_hits(real_index: papersearch.Index, mode: Mode, words: list[str]) -> None:
    """Each further exclusion leaves a subset of the papers."""
    queries = [" ".join(["pipeline bubbles", *words[:n]]) for n in range(len(words) + 1)]
    answers = [found(real_index, query, mode) for query in queries]
    assert all(after <= before for before, after in pairwise(answers))
    assert len(answers[-1]) < len(answers[0])


def test_nothing_left(real_index: papersearch.Index) -> None:
    """A phrase that no paper has gives no hits and no error, in every mode."""
    for mode in MODES:
        results = real_index.search('"bubbles pipeline banana"', mode=mode)
        assert (results.total, results.hits, results.verdict) == (0, (), None)


@pytest.mark.parametrize("query", ["", "  \t\n", "\x1b[31m", 'an "unclosed phrase', "x" * 30_000])
def test_unreadable_queries_are_refused(real_index: papersearch.Index, query: str) -> None:
    """An empty, unbalanced or absurdly long query is a QueryError with a hint."""
    with pytest.raises(QueryError) as caught:
        real_index.search(query)
    assert caught.value.hint
