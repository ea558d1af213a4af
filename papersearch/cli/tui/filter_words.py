"""Filters as one line of words, for where there is no command line to write options on.

since:2024 until:2025-06 org:nvidia org:"Peking University" dump:page.txt code new undated
"""

from __future__ import annotations

import re

from papersearch.cli.errors import CommandError
from papersearch.types import NO_FILTERS, Filters

FILTER_WORDS = "since:2024 until:2025-06 org:NAME dump:FILE code new undated"
"""What may be written, for whoever is asked for it."""

_WORD = re.compile(r'(?P<name>[^\s:"]+)(?P<valued>:(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]*)))?(?!\S)|\S+')
_VALUED = frozenset({"since", "until", "org", "dump"})


def parse_filters(line: str) -> Filters:
    """The filters that `line` asks for; a date that is written twice is the last one written.

    Raises CommandError for an unknown word. Dates, organisations and dumps are not looked up.
    """
    filters = NO_FILTERS
    for word in _WORD.finditer(line):
        name = (word["name"] or "").lower()
        value = (word["quoted"] or word["plain"] or "").strip()
        if word["valued"] and not value and name in _VALUED:
            raise CommandError(f"expected a value after {name}:", FILTER_WORDS)
        match name, bool(value):
            case "since", True:
                filters = filters.replace(since=value)
            case "until", True:
                filters = filters.replace(until=value)
            case "org", True:
                filters = filters.replace(organisations=(*filters.organisations, value))
            case "dump", True:
                filters = filters.replace(dumps=(*filters.dumps, value))
            case "code", False:
                filters = filters.replace(has_code=True)
            case "new", False:
                filters = filters.replace(new=True)
            case "undated", False:
                filters = filters.replace(include_undated=True)
            case _:
                raise CommandError(f"unknown filter {word[0]}", FILTER_WORDS)
    return filters
