"""Facts of a paper besides its text."""

from __future__ import annotations

import papersearch
from papersearch.index.facts import date_of, has_code
from papersearch.types import Paper


def test_what_is_code(real_index: papersearch.Index) -> None:
    """A link counts as code if it leads into a host of repositories, but not to its front page."""
    paper = real_index.papers()[0]
    for link, expected in (
        ("https://github.com/owner/name", True),
        ("http://www.GitHub.com/owner", True),
        ("https://codeberg.org/owner/name", True),
        ("https://owner.github.io/name", False),
        ("https://example.org/?u=https://github.com/owner/name", False),
    ):
        assert has_code(paper.replace(links=(link,))) is expected


def test_dates() -> None:
    """A date is a number of eight digits, with zeros for an unknown day or month; no year is 0."""
    for date, year, month, expected in (
        ("2026-04-02", 2026, 4, 20260402),
        (None, 2026, 4, 20260400),
        (None, 2026, None, 20260000),
        (None, None, None, 0),
        (None, 99999, None, 0),
    ):
        assert date_of(Paper(paper_id="a", title="A", abstract="", date=date, year=year, month=month)) == expected
