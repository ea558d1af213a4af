"""What the user typed becomes a Query, or an error that shows where it went wrong.

    pipeline bubbles          words, ranked by
    "mixture of experts"      a phrase every hit must hold
    -survey  -"data pipeline" words and phrases no hit may hold
    title:gpipe               a word or phrase every hit must hold in its title

A word made of several parts (pre-training) is a phrase of them where it is required or
excluded. Stop words are not indexed, but keep their places in a phrase.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from papersearch.errors import EmptyQuery, OnlyExclusions, QueryTooLong, UnclosedQuote, UnindexedClause
from papersearch.text.analysis import Analyzer
from papersearch.text.cleaning import clean_text
from papersearch.text.identity import title_key

MAX_QUERY_LENGTH = 20_000
"""Characters; a pasted abstract is a tenth of it. Anything longer is not a query."""

_PIECE = re.compile(
    r'(?P<minus>(?<!\S)-(?=[^\s-]))?(?P<title>(?<![^\s-])title:(?=[^\s]))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)

Sequence: TypeAlias = tuple[tuple[int, str], ...]
"""A phrase: (distance from the first term, term), ascending."""


class Clause(NamedTuple):
    """A phrase (or single word) that a paper must or must not hold."""

    sequence: Sequence
    in_title: bool


class Query(NamedTuple):
    """A query ready to be ranked.

    text: as typed, cleaned. plain: without operators and exclusions; what the encoder reads.
    terms: for the postings, sorted, repeats kept (BM25 counts them). sequence: the same
    words in their order, (position, term), for what depends on neighbours. title_key: to
    find a paper whose title this is.
    """

    text: str
    plain: str
    terms: tuple[str, ...]
    sequence: Sequence
    required: tuple[Clause, ...]
    excluded: tuple[Clause, ...]
    title_key: str

    @property
    def pairs(self) -> list[tuple[tuple[int, str], tuple[int, str]]]:
        """Neighbours in `sequence`, each pair of different terms once."""
        pairs = {(b[0] - a[0], a[1], b[1]): (a, b) for a, b in pairwise(self.sequence) if a[1] != b[1]}
        return [pairs[key] for key in sorted(pairs)]


def parse_query(raw: str, analyzer: Analyzer, *, literal: bool = False) -> Query:
    """Read one query; `literal`: as plain words, whatever operators it seems to have.

    Raises QueryError when it is empty, overlong or unbalanced, has nothing to rank by, or
    requires or excludes what is not indexed.
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
    if not sequence:
        raise UnindexedClause(clause=piece[0])
    return Clause(sequence, in_title=piece["title"] is not None)
