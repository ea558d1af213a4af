"""The query language: user input becomes a `Query`, or an error that marks the place.

    pipeline bubbles          words that rank the papers
    "mixture of experts"      a phrase that every hit must contain
    -survey  -"data pipeline" words and phrases that no hit may contain
    title:gpipe               a word or phrase that every hit must contain in its title

A required or excluded word of several parts (pre-training) is treated as a phrase of them. Stop
words keep their positions in a phrase. Only titles are indexed by them: a phrase of stop words alone
is searched for in titles. Nothing is searched here.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from papersearch.errors import EmptyQuery, OnlyExclusions, QueryTooLong, UnclosedQuote, UnindexedClause
from papersearch.text.analysis import Analyzer
from papersearch.text.cleaning import clean_text
from papersearch.text.identity import title_key
from papersearch.text.words import TITLE_PREFIX

MAX_QUERY_LENGTH = 20_000
"""Longest query, in characters: ten times a pasted abstract."""

_PIECE = re.compile(
    r'(?P<minus>(?<!\S)-(?=[^\s-]))?(?P<title>(?<![^\s-])title:(?=[^\s]))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)

Sequence: TypeAlias = tuple[tuple[int, str], ...]
"""A phrase: (distance from the first term, term), ascending."""


class Clause(NamedTuple):
    """A phrase or single word that a paper must, or must not, contain."""

    sequence: Sequence
    in_title: bool


class Query(NamedTuple):
    """A parsed query, ready to be ranked.

    text: the input, cleaned
    plain: the input without operators and exclusions; the encoder reads this
    terms: the terms for the postings, sorted; repeats are kept because BM25 counts them
    sequence: the same words in query order, as (position, term), for adjacent pairs
    required, excluded: the phrases that a paper must and must not contain
    title_key: the key of the text, to find a paper with this title
    compounds: (other term, terms) for words that a paper may have in another form
    """

    text: str
    plain: str
    terms: tuple[str, ...]
    sequence: Sequence
    required: tuple[Clause, ...]
    excluded: tuple[Clause, ...]
    title_key: str
    compounds: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def pairs(self) -> list[tuple[tuple[int, str], tuple[int, str]]]:
        """Neighbours in `sequence`: each pair of different terms once, sorted by distance and terms."""
        pairs = {(b[0] - a[0], a[1], b[1]): (a, b) for a, b in pairwise(self.sequence) if a[1] != b[1]}
        return [pairs[key] for key in sorted(pairs)]


def parse_query(raw: str, analyzer: Analyzer, *, literal: bool = False) -> Query:
    """Parse one query; with `literal`, read it as plain words even if it contains operators.

    Raises QueryError if the query is empty, too long, has an unbalanced quotation mark, only
    excludes, or requires or excludes words that are not indexed.
    """
    text = clean_text(raw)
    if not text:
        raise EmptyQuery()
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryTooLong(length=len(text), limit=MAX_QUERY_LENGTH)
    if literal:
        return _query(text, text, (), (), analyzer)
    _check_quotes(text)
    plain: list[str] = []
    required: list[Clause] = []
    excluded: list[Clause] = []
    for piece in _PIECE.finditer(text):
        is_phrase = piece["phrase"] is not None
        words = piece["phrase"] if is_phrase else piece["word"]
        if piece["minus"]:
            excluded.append(_clause(words, piece, analyzer))
            continue
        plain.append(words)
        if is_phrase or piece["title"]:
            required.append(_clause(words, piece, analyzer))
    if excluded and not "".join(plain).strip():
        raise OnlyExclusions()
    return _query(text, " ".join(plain).strip() or text, tuple(required), tuple(excluded), analyzer)


def _query(
    text: str, plain: str, required: tuple[Clause, ...], excluded: tuple[Clause, ...], analyzer: Analyzer
) -> Query:
    return Query(
        text=text,
        plain=plain,
        terms=tuple(sorted(analyzer.query_terms(plain))),
        compounds=tuple(analyzer.compounds(plain)),
        sequence=tuple(analyzer.sequence(plain)),
        required=required,
        excluded=excluded,
        title_key=title_key(text),
    )


def _check_quotes(text: str) -> None:
    quotes = [place for place, character in enumerate(text) if character == '"']
    if len(quotes) % 2:
        raise UnclosedQuote(query=text, position=quotes[-1])


def _clause(words: str, piece: re.Match[str], analyzer: Analyzer) -> Clause:
    sequence = tuple(analyzer.sequence(words))
    # Abstracts are not indexed by stop words, so only their titles can be asked for one.
    if not sequence or (
        sequence[0][1].startswith(TITLE_PREFIX) and not piece["title"] and (piece["minus"] or len(sequence) == 1)
    ):
        raise UnindexedClause(clause=piece[0])
    return Clause(sequence, in_title=piece["title"] is not None)
