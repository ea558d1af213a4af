"""The table of filters: the name, kind and help of each.

Command-line options, saved searches, the filter line of `browse` and the arguments of served
tools are all made from these rows. `filters` applies filters to papers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from papersearch.types import Filters

Kind = Literal["text", "list", "switch"]
"""Type of a filter's value: one text, any number of texts, or a bool."""


class FilterRow(NamedTuple):
    """One filter.

    name: the option without its dashes, and the key in a file of saved searches
    field: the field of `Filters`, and the argument of a served tool
    word: the filter's name in a line of filters
    value, example: a placeholder and a sample of the value
    known: the names in an index that the value must match
    is_saved: whether saved searches may have the filter
    is_served: whether served tools offer it
    """

    name: str
    field: str
    word: str
    kind: Kind
    help: str
    value: str = ""
    example: str = ""
    known: Literal["", "organisations", "dumps"] = ""
    is_saved: bool = True
    is_served: bool = False


_DATE = "YYYY[-MM[-DD]]"
FILTER_ROWS = (
    FilterRow(
        name="since",
        field="since",
        word="since",
        kind="text",
        value=_DATE,
        example="2024",
        help="Papers of this date or later; also 7d, 3 months, last week.",
        is_served=True,
    ),
    FilterRow(
        name="until",
        field="until",
        word="until",
        kind="text",
        value=_DATE,
        example="2025-06",
        help="Papers of this date or earlier.",
        is_served=True,
    ),
    FilterRow(
        name="org",
        field="organisations",
        word="org",
        kind="list",
        value="NAME",
        example="NAME",
        help="Papers of this organisation; may be given again.",
        known="organisations",
    ),
    FilterRow(
        name="dump",
        field="dumps",
        word="dump",
        kind="list",
        value="FILE",
        example="FILE",
        help="Papers read from this dump; may be given again.",
        known="dumps",
    ),
    FilterRow(
        name="has-code",
        field="has_code",
        word="code",
        kind="switch",
        help="Papers with a link to a repository of source code.",
        is_served=True,
    ),
    FilterRow(
        name="added-since",
        field="added_since",
        word="added",
        kind="text",
        value=_DATE,
        example="7d",
        help="Papers that came into the collection on this date or later, such as 7d.",
        is_served=True,
    ),
    FilterRow(
        name="new",
        field="new",
        word="new",
        kind="switch",
        help="Only papers that the last build added.",
        is_saved=False,  # it belongs to one run of a search, not to its topic
    ),
    FilterRow(
        name="include-undated",
        field="include_undated",
        word="undated",
        kind="switch",
        help="Keep papers whose date is unknown or too coarse to compare.",
        is_served=True,
    ),
)
"""Every filter, in the order in which help lists them."""


def make_filters(values: Mapping[str, Any]) -> Filters:
    """Make filters of values by field. A list becomes a tuple; None and absent fields get the default."""
    from papersearch.types import Filters

    given: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value
        for field, value in values.items()
        if value is not None
    }
    return Filters(**given)


def filter_values(filters: Filters, rows: Iterable[FilterRow] = FILTER_ROWS) -> dict[str, Any]:
    """Return the values of `rows` by field."""
    return {row.field: getattr(filters, row.field) for row in rows}
