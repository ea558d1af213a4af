"""Filters as one line of words, for an application without options.

since:2024 until:2025-06 org:nvidia org:"Peking University" dump:page.txt code added:7d new tag:moe unread
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from papersearch.cli.errors import CommandError
from papersearch.search.filter_table import (
    FILTER_ROWS,
    MARK_ROWS,
    FilterRow,
    MarkFilters,
    make_filters,
    make_mark_filters,
)
from papersearch.types import Filters

_OF_THE_INDEX = tuple(row for row in FILTER_ROWS if row.kind != "papers")  # those come from files
ROWS = {row.word: row for row in (*_OF_THE_INDEX, *MARK_ROWS)}
_PATTERN = re.compile(r'(?P<name>[^\s:"]+)(?P<valued>:(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]*)))?(?!\S)|\S+')


class LastWord(NamedTuple):
    """The word at the end of a line of filters: `name:value`, or only the beginning of a name."""

    written: str = ""
    name: str = ""
    value: str = ""
    is_valued: bool = False


def last_word(line: str) -> LastWord:
    """Return the word that is being typed at the end of a line; it is empty behind a blank."""
    words = list(_PATTERN.finditer(line))
    if not words or words[-1].end() < len(line):
        return LastWord()
    found = words[-1]
    value = found["quoted"] or found["plain"] or ""
    return LastWord(found[0], found["name"] or "", value, found["valued"] is not None)


def parse_filters(line: str) -> Filters:
    """Parse the filters on `line`; of a date written twice, the last one counts.

    Raises CommandError for an unknown word. Dates, organisations and dumps are not looked up.
    """
    return make_filters(_of(_OF_THE_INDEX, line))


def parse_mark_filters(line: str) -> MarkFilters:
    """Parse the conditions on marks on `line`. Raises CommandError for an unknown word."""
    return make_mark_filters(_of(MARK_ROWS, line))


def _of(rows: Iterable[FilterRow], line: str) -> dict[str, Any]:
    """Parse the line, and return the values of these rows by field."""
    values = _values(line)
    return {row.field: values[row.field] for row in rows if row.field in values}


def _values(line: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for found in _PATTERN.finditer(line):
        row = ROWS.get((found["name"] or "").lower())
        value = (found["quoted"] or found["plain"] or "").strip()
        takes_value = row is not None and row.kind != "switch"
        if row is not None and takes_value and not value:
            raise CommandError(f"expected a value, as in {sample_of(row)}", FILTER_WORDS)
        if row is None or takes_value != bool(value):
            raise CommandError(_unknown(found[0]), FILTER_WORDS)
        if row.kind == "list":
            values.setdefault(row.field, []).append(value)
        else:
            values[row.field] = value if takes_value else True
    return values


def _unknown(word: str) -> str:
    """Say that a word is not a filter; one that is an option of the command has another form here."""
    row = next((row for row in ROWS.values() if word == f"--{row.name}"), None)
    return f"unknown filter {word}" + (f": write {sample_of(row)}" if row else "")


def sample_of(row: FilterRow) -> str:
    """Return the filter as it is typed, with a value where it takes one."""
    return f"{row.word}:{row.example}" if row.example else row.word


FILTER_WORDS = " ".join(map(sample_of, ROWS.values()))
"""Sample of a line, for hints."""
