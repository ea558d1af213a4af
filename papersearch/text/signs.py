"""Queries with signs: phrases, exclusions, fields, operators, beginnings of words.

`syntax` finds the tokens, `grammar` reads operators; here queries without operators are read, and
the result is put together.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import NamedTuple

from papersearch.errors import QueryTooComplex, UnindexedClause
from papersearch.text.analysis import Analyzer
from papersearch.text.clauses import Condition
from papersearch.text.grammar import MAX_CLAUSES, Conditions, clause_of, conditions, operated
from papersearch.text.syntax import FIELDS, MAY_OPERATE, Token, prefixes, tokens, without_prefix_signs
from papersearch.types import Note

_FIELD = re.compile(r"([A-Za-z][A-Za-z_-]{1,19}):(?!/)")
_ADDRESSES = frozenset("arxiv doi http https ftp mailto urn isbn issn pmid".split())
"""Beginnings of identifiers and addresses, which look like fields."""

_FIELDS_ELSEWHERE = frozenset(
    "abstract abs au authors categories comment conference date dump field id in intitle "
    "journal keyword keywords lang language org organisation published since subject tag tags ti until".split()
)
"""Fields of other search engines."""

_NOTICED = _FIELDS_ELSEWHERE | (FIELDS.keys() - {"title"})
"""Fields that are noticed before a blank too."""


class Understood(NamedTuple):
    """The meaning of a query; the fields are those of `Query`."""

    plain: str
    required: tuple[Condition, ...]
    excluded: tuple[Condition, ...]
    prefixes: tuple[str, ...]
    is_operated: bool
    notes: tuple[Note, ...]


def understood(text: str, analyzer: Analyzer) -> Understood:
    """Read a query that is not empty. Raises UnclosedQuote, UnindexedClause, QueryTooComplex."""
    notes: list[Note] = []
    operators = operated(tokens(text, grouped=True), notes) if MAY_OPERATE.search(text) else None
    if operators is None:
        found = tokens(text, grouped=False)
        n_fields = sum(token.field is not None for token in found)
        if n_fields > MAX_CLAUSES:
            raise QueryTooComplex(what="fields", n_found=n_fields, limit=MAX_CLAUSES)
        meant = _signs(found, analyzer)
    else:
        found = operators
        meant = conditions(found, analyzer, notes)
    plain = " ".join(token.text for token in meant.plain).strip()
    return Understood(
        plain=without_prefix_signs(plain),
        required=tuple(meant.required),
        excluded=tuple(meant.excluded),
        prefixes=tuple(dict.fromkeys(prefixes(plain))),
        is_operated=operators is not None,
        notes=tuple(dict.fromkeys([*notes, *_unread_fields(found)])),
    )


def _signs(found: list[Token], analyzer: Analyzer) -> Conditions:
    """Return the meaning of a query without operators. Raises UnindexedClause."""
    meant = Conditions([], [], [])
    for token in found:
        is_plain = token.kind == "word" and not token.field and not token.is_excluded
        clause = None if is_plain else clause_of(token, analyzer)
        if clause is None and not is_plain:
            if not token.is_tentative:
                raise UnindexedClause(clause=token.written)
            token = token._replace(text=token.written)
        if token.is_excluded and clause is not None:
            meant.excluded.append(clause)
            continue
        if token.is_ranked_by:
            meant.plain.append(token)
        if clause is not None:
            meant.required.append(clause)
    return meant


def _unread_fields(found: list[Token]) -> list[Note]:
    """Note what looks like a field and is unknown, or has no value that it may have."""
    notes = []
    for token, after in zip_longest(found, found[1:]):
        field = _FIELD.match(token.text) if token.kind == "word" and token.field is None else None
        if field is None:
            continue
        name, is_whole = field[1], field.end() == len(token.text)
        is_named = name.lower() in _NOTICED and not (is_whole and after is None)
        if is_named or (name.islower() and not is_whole and name not in _ADDRESSES):
            notes.append(Note(kind="field", part=f"{name}:", message=_message(name, token.text, is_whole=is_whole)))
    return notes


def _message(name: str, written: str, *, is_whole: bool) -> str:
    """Return why a field is read as a word."""
    if name.lower() not in FIELDS:
        known = ", ".join(f"{field}:" for field in FIELDS if field != "category")
        return f"unknown field {name}: it is read as a word; known are {known}"
    if is_whole:
        return f"{name}: is read as a word: its value must follow without a blank"
    expected = "a year or a range of years" if name.lower() == "year" else "a name"
    return f"{written} is read as a word: {name}: expects {expected}"
