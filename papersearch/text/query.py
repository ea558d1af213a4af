"""The query language: user input becomes a `Query`, or an error that marks the place.

    pipeline bubbles            words that rank the papers
    "mixture of experts"        a phrase that every hit must contain
    -survey  -"data pipeline"   words and phrases that no hit may contain
    title:gpipe                 a word or phrase that every hit must contain in its title
    moe AND routing             both, in every hit
    moe OR "mixture of experts" one of them, in every hit
    moe NOT survey              the same as moe -survey
    (moe OR experts) AND gate   parentheses group where an operator is used
    rout*                       every word with this beginning

A required or excluded word of several parts (pre-training) is treated as a phrase of them, in any
spelling of the corpus (`lexical.forms`). Nothing is searched here. `syntax` reads the signs,
`grammar` the operators.
"""

from __future__ import annotations

import re
from itertools import pairwise, zip_longest
from typing import NamedTuple

from papersearch.errors import EmptyQuery, OnlyExclusions, QueryTooLong, UnindexedClause
from papersearch.text.analysis import Analyzer
from papersearch.text.clauses import Condition, Sequence, shown
from papersearch.text.cleaning import clean_text
from papersearch.text.grammar import Conditions, clause_of, conditions, operated
from papersearch.text.identity import title_key
from papersearch.text.syntax import FIELDS, Token, prefixes, tokens, without_prefix_signs
from papersearch.types import Note, Reading

MAX_QUERY_LENGTH = 20_000
"""Longest query, in characters: ten times a pasted abstract."""

_MAY_OPERATE = re.compile(r"\b(?:AND|OR|NOT)\b")

_FIELD = re.compile(r"([A-Za-z][A-Za-z_-]{1,19}):(?!/)")
_ADDRESSES = frozenset("arxiv doi http https ftp mailto urn isbn issn pmid".split())
"""Beginnings of identifiers and addresses, which look like fields."""

_FIELDS_ELSEWHERE = frozenset(
    "abstract abs au author authors cat category categories comment conference date dump field id in intitle "
    "journal keyword keywords lang language org organisation published since subject tag tags ti until "
    "venue year".split()
)
"""Fields of other search engines; these are noticed before a blank too."""


class Query(NamedTuple):
    """A parsed query, ready to be ranked.

    text: the input, cleaned
    plain: the input without operators and exclusions; the encoder reads this
    terms: the terms for the postings, sorted; repeats are kept because BM25 counts them
    sequence: the same words in query order, as (position, term), for adjacent pairs
    required, excluded: what a paper must and must not contain
    title_key: the key of the text, to find a paper with this title
    prefixes: beginnings of words to rank by
    is_operated: AND, OR or NOT was read as an operator
    notes: what was read otherwise than its author may have meant
    """

    text: str
    plain: str
    terms: tuple[str, ...]
    sequence: Sequence
    required: tuple[Condition, ...]
    excluded: tuple[Condition, ...]
    title_key: str
    prefixes: tuple[str, ...] = ()
    is_operated: bool = False
    notes: tuple[Note, ...] = ()

    @property
    def pairs(self) -> list[tuple[tuple[int, str], tuple[int, str]]]:
        """Neighbours in `sequence`: each pair of different terms once, sorted by distance and terms."""
        pairs = {(b[0] - a[0], a[1], b[1]): (a, b) for a, b in pairwise(self.sequence) if a[1] != b[1]}
        return [pairs[key] for key in sorted(pairs)]

    @property
    def reading(self) -> Reading:
        """The query as it was understood."""
        return Reading(
            ranked_by=self.plain,
            required=tuple(map(shown, self.required)),
            excluded=tuple(map(shown, self.excluded)),
        )


def parse_query(raw: str, analyzer: Analyzer, *, literal: bool = False) -> Query:
    """Parse one query; with `literal`, read it as plain words even if it contains operators.

    Raises QueryError if the query is empty, too long, has an unbalanced quotation mark, only
    excludes, requires or excludes words that are not indexed, or has too many operators.
    """
    text = clean_text(raw)
    if not text:
        raise EmptyQuery()
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryTooLong(length=len(text), limit=MAX_QUERY_LENGTH)
    if literal:
        return _query(text, text, analyzer)
    notes: list[Note] = []
    operators = operated(tokens(text, grouped=True), notes) if _MAY_OPERATE.search(text) else None
    if operators is None:
        found = tokens(text, grouped=False)
        meant = _signs(found, analyzer)
    else:
        found = operators
        meant = conditions(found, analyzer, notes)
    plain = " ".join(token.text for token in meant.plain).strip()
    if meant.excluded and not plain:
        raise OnlyExclusions()
    notes += _unknown_fields(found)
    query = _query(text, without_prefix_signs(plain) or text, analyzer)
    return query._replace(
        required=tuple(meant.required),
        excluded=tuple(meant.excluded),
        prefixes=tuple(dict.fromkeys(prefixes(plain))),
        is_operated=operators is not None,
        notes=tuple(dict.fromkeys(notes)),
    )


def _query(text: str, plain: str, analyzer: Analyzer) -> Query:
    return Query(
        text=text,
        plain=plain,
        terms=tuple(sorted(analyzer.query_terms(plain))),
        sequence=tuple(analyzer.sequence(plain)),
        required=(),
        excluded=(),
        title_key=title_key(text),
    )


def _signs(found: list[Token], analyzer: Analyzer) -> Conditions:
    """Return the meaning of a query without operators. Raises UnindexedClause."""
    meant = Conditions([], [], [])
    for token in found:
        is_plain = token.kind == "word" and not token.in_title and not token.is_excluded
        clause = None if is_plain else clause_of(token, analyzer)
        if clause is None and not is_plain:
            if not token.is_tentative:
                raise UnindexedClause(clause=token.written)
            token = token._replace(text=token.written)
        if token.is_excluded and clause is not None:
            meant.excluded.append(clause)
            continue
        meant.plain.append(token)
        if clause is not None:
            meant.required.append(clause)
    return meant


def _unknown_fields(found: list[Token]) -> list[Note]:
    """Note what looks like a field and is unknown."""
    notes = []
    for token, after in zip_longest(found, found[1:]):
        field = _FIELD.match(token.text) if token.kind == "word" else None
        if field is None:
            continue
        name, is_whole = field[1], field.end() == len(token.text)
        is_named = name.lower() in _FIELDS_ELSEWHERE and not (is_whole and after is None)
        if is_named or (name.islower() and not is_whole and name not in (*_ADDRESSES, *FIELDS)):
            known = " and ".join(f"{known}:" for known in FIELDS)
            message = f"unknown field {name}: it is read as a word; the known field is {known}"
            notes.append(Note(kind="field", part=f"{name}:", message=message))
    return notes
