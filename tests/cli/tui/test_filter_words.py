"""The line of filters in `browse`: words that set filters, and words that do not."""

from __future__ import annotations

import pytest

from papersearch.cli.errors import CommandError
from papersearch.cli.tui.filter_words import parse_filters
from papersearch.types import Filters


@pytest.mark.parametrize(
    ("line", "filters"),
    [
        ("", Filters()),
        ("since:2024 until:2025-06", Filters(since="2024", until="2025-06")),
        ('org:nvidia org:"Peking University"', Filters(organisations=("nvidia", "Peking University"))),
        ('ORG:"not closed', Filters(organisations=("not closed",))),
        ("dump:a.txt  code new undated", Filters(dumps=("a.txt",), has_code=True, new=True, include_undated=True)),
        ("since:2023 since:2024", Filters(since="2024")),
    ],
)
def test_filter_words(line: str, filters: Filters) -> None:
    """Each word sets an option; names add up, and the last of several dates counts."""
    assert parse_filters(line) == filters


@pytest.mark.parametrize(
    "line", ["since", "since:", 'org:""', "code:yes", "frob:1", "2024", ":", '"', "since:2024x y:"]
)
def test_wrong_filter_words(line: str) -> None:
    """Any other word is an error that lists the valid words."""
    with pytest.raises(CommandError, match=r"unknown filter|expected a value") as caught:
        parse_filters(line)
    assert "since:2024" in caught.value.hint
