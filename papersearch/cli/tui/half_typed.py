"""Queries while somebody types them: each is read as if what was begun were finished."""

from __future__ import annotations

import re
from typing import NamedTuple

from papersearch.errors import UnclosedQuote
from papersearch.text.syntax import FIELDS, MAY_OPERATE, tokens

_WAITING = re.compile(rf"(?:(?<=[\s(])|\A)(?:-?(?i:{'|'.join(FIELDS)}):|AND|OR|NOT|-?\(|-+)\Z")
"""A part at the end that means nothing without what follows it."""

_CLOSING = {"“": "”", "„": "“", "‟": "”", "«": "»", "»": "«", "‹": "›", "›": "‹"}
"""The mark that closes a quotation; others close themselves."""

_ENDS = '"“”„‟«»‹›\uff02)'


class HalfTyped(NamedTuple):
    """A typed query, made readable.

    query: the query to answer; empty where nothing is left
    note: what was closed or left out, for the reader; empty if the query is whole
    is_growing: its last word is still being typed, so that no paper may have it yet
    """

    query: str
    note: str
    is_growing: bool


def half_typed(typed: str) -> HalfTyped:
    """Close what is open at the end of a query, and leave out what waits for a word."""
    text, mark = _closed_quote(typed.rstrip())
    text, waiting = _without_waiting(text)
    text, n_open = _closed_groups(text)
    notes = ["a quotation mark is open"] if mark else []
    notes += [f"{waiting} waits for a word"] if waiting else []
    notes += ["a parenthesis is open"] if n_open else []
    is_growing = bool(mark or waiting) or (typed != "" and not typed[-1].isspace() and typed[-1] not in _ENDS)
    return HalfTyped(text, ", ".join(notes), is_growing)


def loosened(query: str) -> str:
    """Return a query without its last part; of a single part, return its words alone."""
    words = [token for token in tokens(query, grouped=True) if token.is_operand]
    if not words:
        return query
    return half_typed(query[: words[-1].position]).query or half_typed(words[-1].text).query or query


def _closed_quote(text: str) -> tuple[str, str]:
    """Close an open quotation by its own mark, or drop a mark without words; return the mark too."""
    try:
        tokens(text, grouped=False)
    except UnclosedQuote as error:
        before, mark, words = text[: error.position], text[error.position], text[error.position + 1 :]
        return (f"{text}{_CLOSING.get(mark, mark)}" if words.strip() else before.rstrip()), mark
    return text, ""


def _without_waiting(text: str) -> tuple[str, str]:
    """Cut off what waits for a word at the end; return its beginning too."""
    waiting = ""
    while found := _WAITING.search(text):
        text, waiting = text[: found.start()].rstrip(), found[0]
    return text, waiting


def _closed_groups(text: str) -> tuple[str, int]:
    """Close open parentheses, where operators give them a meaning; return their number too."""
    if "(" not in text or not MAY_OPERATE.search(text):
        return text, 0
    depth = 0
    try:
        for token in tokens(text, grouped=True):
            depth = max(depth + {"open": 1, "close": -1}.get(token.kind, 0), 0)
    except UnclosedQuote:
        return text, 0
    return text + " )" * depth, depth  # behind a blank they belong to no word
