"""The document of `browse`: its tables are those of the code."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DOCUMENTS = Path(__file__).parents[3] / "docs"


def test_the_tables_of_browse_are_up_to_date() -> None:
    """The tables of keys and of filter words equal the output of docs/browsing.py."""
    spec = importlib.util.spec_from_file_location("browsing", DOCUMENTS / "browsing.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (DOCUMENTS / "browse.md").read_text(encoding="utf-8")
    assert module.with_tables(page) == page
    assert page.count("| key | does |") == page.count("| word | keeps |") == 1
