"""Write the tables of the documents that come from the code, into the pages that have them.

    python docs/tables.py README.md docs/sources.md docs/browse.md

There are tables of the formats that are read, of the kinds that are not read, and of the keys and the
filter words of `papersearch browse`. A table is known by the first cell of its head.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from papersearch.cli.tui.filter_words import ROWS, sample_of
from papersearch.cli.tui.keys import SECTIONS
from papersearch.ingest.formats import json_records
from papersearch.ingest.formats.json_shapes import SHAPES
from papersearch.ingest.known_kinds import unread_kinds
from papersearch.ingest.reading import _FORMATS

_HIDDEN = ("a journal of SQLite", "a file compressed twice", "an old Office document", "an Office document")
"""Kinds that a table can do without: variants of others, and what belongs to another file."""


def with_tables(page: str) -> str:
    """Return a page with its tables made anew."""
    return _TABLE.sub(lambda found: _TABLES[found[1]](), page)


def _formats() -> str:
    """Return the table of formats that are read, with the sources of JSON in place of JSON."""
    names: dict[str, list[str]] = {}
    for form in _FORMATS:
        for one in SHAPES if form is json_records else [form]:
            names.setdefault(one.ABOUT, []).append(one.NAME)
    rows = [(", ".join(sorted(named, key=str.casefold)), about) for about, named in names.items()]
    return _table(("format", "what it is"), sorted(rows, key=lambda row: row[0].casefold()))


def _unread() -> str:
    """Return the table of kinds that are not read, by what to do with them."""
    by_advice: dict[str, list[str]] = {}
    for kind, advice in unread_kinds().items():
        if kind not in _HIDDEN:
            by_advice.setdefault(advice, []).append(re.sub(r"^an? ", "", kind))
    return _table(("not read", "the way out"), ((", ".join(kinds), advice) for advice, kinds in by_advice.items()))


def _keys() -> str:
    return _table(("key", "does"), ((row.shown, row.said) for section in SECTIONS for row in section))


def _filter_words() -> str:
    return _table(("word", "keeps"), ((f"`{sample_of(row)}`", row.help) for row in ROWS.values()))


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"| {left} | {right} |" for left, right in (head, ("---", "---"), *rows))


_TABLES: dict[str, Callable[[], str]] = {
    "format": _formats,
    "not read": _unread,
    "key": _keys,
    "word": _filter_words,
}
_TABLE = re.compile(rf"(?<=\n\n)\| ({'|'.join(_TABLES)}) \|.*?(?=\n\n)", re.DOTALL)


if __name__ == "__main__":
    for page in map(Path, sys.argv[1:]):
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
