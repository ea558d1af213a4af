"""Filters as one line of words, for an application without options.

since:2024 until:2025-06 org:nvidia org:"Peking University" dump:page.txt code added:7d new undated
"""

from __future__ import annotations

import re
from typing import Any

from papersearch.cli.errors import CommandError
from papersearch.search.filter_table import FILTER_ROWS, make_filters
from papersearch.types import Filters

_ROWS = {row.word: row for row in FILTER_ROWS}
_PATTERN = re.compile(r'(?P<name>[^\s:"]+)(?P<valued>:(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]*)))?(?!\S)|\S+')

FILTER_WORDS = " ".join(f"{word}:{row.example}" if row.example else word for word, row in _ROWS.items())
"""Sample of a line, for hints."""


def parse_filters(line: str) -> Filters:
    """Parse the filters on `line`; of a date written twice, the last one counts.

    Raises CommandError for an unknown word. Dates, organisations and dumps are not looked up.
    """
    values: dict[str, Any] = {}
    for found in _PATTERN.finditer(line):
        row = _ROWS.get((found["name"] or "").lower())
        value = (found["quoted"] or found["plain"] or "").strip()
        takes_value = row is not None and row.kind != "switch"
        if row is not None and takes_value and found["valued"] and not value:
            raise CommandError(f"expected a value after {row.word}:", FILTER_WORDS)
        if row is None or takes_value != bool(value):
            raise CommandError(f"unknown filter {found[0]}", FILTER_WORDS)
        if row.kind == "list":
            values.setdefault(row.field, []).append(value)
        else:
            values[row.field] = value if takes_value else True
    return make_filters(values)
