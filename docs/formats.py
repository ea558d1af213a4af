"""Write the tables of formats: the ones that are read, and the ones that are not, with the way out.

    python docs/formats.py README.md docs/sources.md

The rows come from the modules that read the formats, and from the known kinds that are not read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from papersearch.ingest.formats import json_records
from papersearch.ingest.formats.json_shapes import SHAPES
from papersearch.ingest.known_kinds import unread_kinds
from papersearch.ingest.reading import _FORMATS

_TABLE = re.compile(r"(?<=\n\n)\| (format|not read) \|.*?(?=\n\n)", re.DOTALL)
_HIDDEN = ("a journal of SQLite", "a file compressed twice", "an old Office document", "an Office document")
"""Kinds that a table can do without: variants of others, and what belongs to another file."""


def read_table() -> str:
    """Return the table of formats that are read, with the sources of JSON in place of JSON."""
    names: dict[str, list[str]] = {}
    for form in _FORMATS:
        for one in SHAPES if form is json_records else [form]:
            names.setdefault(one.ABOUT, []).append(one.NAME)
    rows = [(", ".join(sorted(named, key=str.casefold)), about) for about, named in names.items()]
    return _table(("format", "what it is"), sorted(rows, key=lambda row: row[0].casefold()))


def unread_table() -> str:
    """Return the table of kinds that are not read, by what to do with them."""
    by_advice: dict[str, list[str]] = {}
    for kind, advice in unread_kinds().items():
        if kind not in _HIDDEN:
            by_advice.setdefault(advice, []).append(re.sub(r"^an? ", "", kind))
    return _table(("not read", "the way out"), ((", ".join(kinds), advice) for advice, kinds in by_advice.items()))


def with_tables(page: str) -> str:
    """Return a page with the tables that it has made anew."""
    return _TABLE.sub(lambda found: read_table() if found[1] == "format" else unread_table(), page)


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"| {left} | {right} |" for left, right in (head, ("---", "---"), *rows))


if __name__ == "__main__":
    for page in map(Path, sys.argv[1:]):
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
