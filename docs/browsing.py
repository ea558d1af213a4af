"""Write the tables of docs/browse.md: the keys, and the words of the filter line.

    python docs/browsing.py docs/browse.md

The rows come from the help of `papersearch browse` and from the table of filters.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from papersearch.cli.tui.filter_words import ROWS, sample_of
from papersearch.cli.tui.keys import SECTIONS

_TABLE = re.compile(r"(?<=\n\n)\| (?:key|word) \|.*?(?=\n\n)", re.DOTALL)


def with_tables(page: str) -> str:
    """Return a page with both tables made anew."""
    keys = [(row.shown, row.said) for section in SECTIONS for row in section]
    words = [(f"`{sample_of(row)}`", row.help) for row in ROWS.values()]
    tables = iter((_table(("key", "does"), keys), _table(("word", "keeps"), words)))
    return _TABLE.sub(lambda _: next(tables), page)


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"| {left} | {right} |" for left, right in (head, ("---", "---"), *rows))


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
