"""Agreement of filters in options, saved searches, browse, tools and the router."""

from __future__ import annotations

from pathlib import Path

import pytest

from papersearch import saved
from papersearch.cli.app import VERBS
from papersearch.cli.group import with_verb
from papersearch.cli.tui.filter_words import FILTER_WORDS, parse_filters
from papersearch.errors import SearchesUnreadable
from papersearch.search.filter_table import FILTER_ROWS, FilterRow, make_filters

SAMPLES = {
    "since": "2024",
    "until": "2025-06",
    "author": "Jane Doe",
    "category": "cs.LG",
    "venue": "NeurIPS 2023",
    "org": "Peking University",
    "dump": "page.txt",
    "added-since": "last week",
}
LINED = [row for row in FILTER_ROWS if row.kind != "papers"]
rows = pytest.mark.parametrize("row", FILTER_ROWS, ids=lambda row: row.name)


def expected(row: FilterRow) -> object:
    """Return the filters with only this filter set."""
    sample = SAMPLES.get(row.name, True)
    return make_filters({row.field: [sample] if row.kind == "list" else sample})


def options(verb: str) -> dict[str, str]:
    """Return the help of each option of a verb."""
    return {name: option.help for option in VERBS[verb].load(verb).params for name in option.opts}


@rows
@pytest.mark.parametrize("verb", ["search", "similar"])
def test_every_filter_is_an_option(verb: str, row: FilterRow) -> None:
    """Every filter is an option of both verbs that rank, with the help of the table."""
    assert options(verb)[f"--{row.name}"] == row.help


@rows
def test_the_router_knows_which_filters_take_a_value(row: FilterRow) -> None:
    """The word after a filter that takes a value is its value, not a verb."""
    routed = with_verb([f"--{row.name}", "stats"], VERBS)
    assert routed[0] == ("stats" if row.kind == "switch" else "search")


@rows
def test_a_filter_of_a_saved_search(row: FilterRow, tmp_path: Path) -> None:
    """A saved search has filters under their options' names, and refuses filters of a single run."""
    path = tmp_path / saved.FILE
    listed = f'["{SAMPLES.get(row.name)}"]'
    value = {"switch": "true", "list": listed, "papers": listed, "text": f'"{SAMPLES.get(row.name)}"'}
    path.write_text(f'[one]\nquery = "experts"\n{row.name} = {value[row.kind]}\n')
    if row.is_saved:
        assert saved.read(path)["one"].filters == expected(row)
    else:
        with pytest.raises(SearchesUnreadable):
            saved.read(path)


@pytest.mark.parametrize("row", LINED, ids=lambda row: row.name)
def test_a_filter_on_a_line_of_browse(row: FilterRow) -> None:
    """A filter line parses each filter's word, also with a quoted value; the hint has every word."""
    sample = SAMPLES.get(row.name)
    assert parse_filters(f'{row.word}:"{sample}"' if sample else row.word) == expected(row)
    assert any(word.split(":")[0] == row.word for word in FILTER_WORDS.split())


def test_the_sample_line_of_browse_is_one() -> None:
    """The sample line of the hint can be parsed."""
    assert parse_filters(FILTER_WORDS).since == "2024"


def test_tools_take_every_filter() -> None:
    """Served tools have exactly the filters of the table."""
    tools = pytest.importorskip("papersearch.cli.agents.tools")
    (group,) = tools.FilterArguments.__metadata__
    assert [each.name for each in group.parameters] == [row.field for row in FILTER_ROWS]
    assert group.make({"since": "2024", "until": None, "has_code": True, "include_undated": False}) == make_filters(
        {"since": "2024", "has_code": True}
    )
