"""The query language: user input becomes a `Query`, or an error that marks the place.

    pipeline bubbles            words that rank the papers
    "mixture of experts"        a phrase that every hit must contain
    -survey  -"data pipeline"   words and phrases that no hit may contain
    title:gpipe                 a word or phrase that every hit must contain in its title
    author:doe  author:"J. Doe" an author that every hit must have; so do cat:cs.LG and venue:neurips
    year:2024  year:2023-2025   a range of dates in which every hit must lie
    moe AND routing             both, in every hit
    moe OR "mixture of experts" one of them, in every hit
    moe NOT survey              the same as moe -survey
    (moe OR experts) AND gate   parentheses group where an operator is used
    rout*                       every word with this beginning

A required or excluded word of several parts (pre-training) is treated as a phrase of them, in any
spelling of the corpus (`lexical.forms`). Stop words keep their positions in a phrase. Only titles
are indexed by them: a phrase of stop words alone is searched for in titles. Nothing is searched
here. `signs` reads queries that are not plain words.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from papersearch.errors import EmptyQuery, OnlyExclusions, QueryTooLong
from papersearch.text.analysis import Analyzer, is_of_title
from papersearch.text.clauses import Condition, FieldClause, TermSequence, leaves, shown
from papersearch.text.cleaning import clean_text
from papersearch.text.identity import title_key
from papersearch.types import Note, Reading

MAX_QUERY_LENGTH = 20_000
"""Longest query, in characters: ten times a pasted abstract."""

_PARENTHESES = str.maketrans("()", "  ")
_SIGNS = '":*“”„‟«»‹›\uff02\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d'
"""Characters without which, without a dash before a word and without capital operators, a query is plain."""


_LABELS = ("arxiv", "pmid", "pmc", "corpusid")
_LEAST_DIGITS = 5
"""Least number of digits in an identifier without slash or label."""


class Query(NamedTuple):
    """A parsed query, ready to be ranked.

    text: the input, cleaned
    plain: the input without operators, exclusions and fields; the encoder reads this. Empty if there is
        nothing to rank by
    terms: the terms for the postings, sorted; repeats are kept because BM25 counts them
    sequence: the same words in query order, as (position, term), for adjacent pairs
    required, excluded: what a paper must and must not contain
    title_key: the key of the text, to find a paper with this title
    prefixes: beginnings of words to rank by
    is_operated: AND, OR or NOT was read as an operator
    notes: what was read otherwise than its author may have meant
    compounds: (other term, terms) for words that a paper may have in another form
    others: the sequence in each other language of the collection
    """

    text: str
    plain: str
    terms: tuple[str, ...]
    sequence: TermSequence
    required: tuple[Condition, ...]
    excluded: tuple[Condition, ...]
    title_key: str
    prefixes: tuple[str, ...] = ()
    is_operated: bool = False
    notes: tuple[Note, ...] = ()
    compounds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    others: tuple[TermSequence, ...] = ()

    @property
    def alternatives(self) -> list[tuple[str, tuple[str, ...]]]:
        """For each word in `sequence` its term, and its other terms in other languages, if it has any."""
        if not self.others:
            return []
        others = [dict(sequence) for sequence in self.others]
        found = []
        for position, term in self.sequence:
            terms = dict.fromkeys(other[position] for other in others if position in other)
            found.append((term, tuple(other for other in terms if other != term)))
        return [each for each in found if each[1]]

    @property
    def other_terms(self) -> set[str]:
        """The terms of other forms and of other languages, of which a paper may have one for a word's own."""
        return {
            *(other for other, _ in self.compounds),
            *(other for _, terms in self.alternatives for other in terms),
        }

    @property
    def fields(self) -> tuple[FieldClause, ...]:
        """The clauses about names and years."""
        clauses = leaves((*self.required, *self.excluded))
        return tuple(clause for clause in clauses if isinstance(clause, FieldClause))

    @property
    def n_words(self) -> int:
        """Number of different words."""
        return len({term for _, term in self.sequence})

    @property
    def pairs(self) -> list[tuple[tuple[int, str], tuple[int, str]]]:
        """Neighbours in `sequence` and `others`: each pair of different terms once, by distance and terms."""
        pairs = {
            (b[0] - a[0], a[1], b[1]): (a, b)
            for sequence in (self.sequence, *self.others)
            for a, b in pairwise(sequence)
            if a[1] != b[1]
        }
        return [pairs[key] for key in sorted(pairs)]

    @property
    def reading(self) -> Reading:
        """The query as it was understood."""
        words = (f"{word}*" if word.split("-")[-1] in self.prefixes else word for word in self.plain.split())
        return Reading(
            ranked_by=" ".join(words) if self.prefixes else self.plain,
            required=tuple(map(shown, self.required)),
            excluded=tuple(map(shown, self.excluded)),
        )


def parse_query(raw: str, analyzer: Analyzer, *, literal: bool = False, may_be_empty: bool = False) -> Query:
    """Parse one query; with `literal`, read it as plain words even if it contains operators.

    may_be_empty: the papers are named otherwise, so the query may have nothing to rank by

    Raises QueryError if the query is empty, too long, has an unbalanced quotation mark, only
    excludes, requires or excludes words that are not indexed, or has too many operators.
    """
    text = clean_text(raw)
    own = analyzer.of(text)
    if not text and may_be_empty:
        return _query("", "", own, analyzer)
    if not text:
        raise EmptyQuery()
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryTooLong(length=len(text), limit=MAX_QUERY_LENGTH)
    if literal:
        return _query(text, text, own, analyzer)
    if not _has_signs(text):
        return _query(text, " ".join(text.split()) or text, own, analyzer)
    from papersearch.text.signs import understood  # most queries are plain

    meant = understood(text, own)
    if meant.excluded and not meant.plain and not meant.required and not may_be_empty:
        raise OnlyExclusions()
    has_conditions = bool(meant.required or meant.excluded)
    return _query(text, meant.plain if has_conditions else meant.plain or text, own, analyzer)._replace(
        required=meant.required,
        excluded=meant.excluded,
        prefixes=meant.prefixes,
        is_operated=meant.is_operated,
        notes=meant.notes,
    )


def may_identify(text: str) -> bool:
    """Return whether a query may hold an identifier: a cheap test before `text.dress` is imported."""
    if "/" in text:
        return True
    lowered = text.lower()
    words = lowered.split()
    if any("." in word and sum(map(str.isdigit, word)) >= _LEAST_DIGITS for word in words):
        return True
    is_code = len(words) == 1 and len(lowered) > _LEAST_DIGITS and any(map(str.isdigit, lowered))
    return is_code or any(label in lowered for label in _LABELS)


def _has_signs(text: str) -> bool:
    words = text.translate(_PARENTHESES).split()
    has_operator = not {"AND", "OR", "NOT"}.isdisjoint(words)
    return has_operator or any(sign in text for sign in _SIGNS) or any(word[0] == "-" for word in words)


def _query(text: str, plain: str, own: Analyzer, analyzer: Analyzer) -> Query:
    """Make a query without conditions; `own` is the analyzer of its language, `analyzer` that of the collection."""
    placed = own.placed(plain)
    first = placed[0][0] if placed else 0
    return Query(
        text=text,
        plain=plain,
        terms=tuple(sorted(own.query_terms(plain))),
        compounds=tuple(own.compounds(plain)),
        sequence=tuple((position - first, term) for position, term in placed),
        required=(),
        excluded=(),
        title_key=title_key(text),
        others=tuple(
            tuple((position - first, term) for position, term in other.placed(plain) if not is_of_title(term))
            for other in analyzer.each
            if other is not own
        ),
    )
