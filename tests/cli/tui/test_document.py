"""The document of `browse`: its tables are those of the code."""

from __future__ import annotations

from docs import browsing
from tests.conftest import PROJECT


def test_the_tables_of_browse_are_up_to_date() -> None:
    """The tables of keys and of filter words equal the output of docs/browsing.py."""
    page = (PROJECT / "docs" / "browse.md").read_text(encoding="utf-8")
    assert browsing.with_tables(page) == page
    assert page.count("| key | does |") == page.count("| word | keeps |") == 1
