"""The table of filters is the class `Filters`, row for field."""

from __future__ import annotations

import inspect

from papersearch.search.filter_table import FILTER_ROWS, MARK_ROWS, MarkFilters, filter_values, make_filters
from papersearch.types import NO_FILTERS, Filters

EVERY = Filters(
    since="2024",
    until="2025-06",
    organisations=("nvidia", "google"),
    dumps=("page.txt",),
    has_code=True,
    added_since="7d",
    new=True,
    within=("a",),
    without=(),
    include_undated=True,
)


def test_a_row_for_each_field() -> None:
    """The rows are the fields of `Filters`, in their order; no name means two things."""
    assert [row.field for row in FILTER_ROWS] == list(inspect.signature(Filters).parameters)
    for names in ([row.name for row in FILTER_ROWS], [row.word for row in FILTER_ROWS]):
        assert len(set(names)) == len(names)


def test_the_kind_of_a_row_is_the_type_of_its_field() -> None:
    """A switch is off by default, a list empty, a text and a set of papers absent."""
    defaults = {"switch": False, "list": (), "text": None, "papers": None}
    for row in FILTER_ROWS:
        assert getattr(NO_FILTERS, row.field) == defaults[row.kind]
    for row in MARK_ROWS:
        assert getattr(MarkFilters(), row.field) == defaults[row.kind]


def test_a_row_for_each_condition_on_marks() -> None:
    """The rows of marks are the fields of `MarkFilters`, and no name means a filter of the index too."""
    assert [row.field for row in MARK_ROWS] == list(MarkFilters._fields)
    every = (*FILTER_ROWS, *MARK_ROWS)
    for names in ([row.name for row in every], [row.word for row in every]):
        assert len(set(names)) == len(names)


def test_values_make_the_filters_they_came_from() -> None:
    """`make_filters` undoes `filter_values`; absent fields and None are the defaults."""
    assert make_filters(filter_values(EVERY)) == EVERY
    assert make_filters({}) == make_filters({"since": None, "dumps": None}) == NO_FILTERS
