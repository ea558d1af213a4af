"""The table of filters: the name, kind and help of each.

Command-line options, saved searches, the filter line of `browse` and the arguments of served
tools are all made from these rows. `filters` applies filters to papers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from papersearch.types import Filters

Kind = Literal["text", "list", "papers", "switch"]
"""Type of a filter's value: one text, any number of texts or of papers, or a bool.

An empty list of texts keeps every paper; an empty list of papers keeps none, and None keeps every one.
"""


class FilterRow(NamedTuple):
    """One filter.

    name: the option without its dashes, and the key in a file of saved searches
    field: the field of `Filters`, and the argument of a served tool
    word: the filter's name in a line of filters
    value, example: a placeholder and a sample of the value
    known: the names in an index, or of marks, that the value must match
    is_saved: whether saved searches may have the filter
    """

    name: str
    field: str
    word: str
    kind: Kind
    help: str
    value: str = ""
    example: str = ""
    known: Literal["", "authors", "categories", "venues", "organisations", "dumps", "tags"] = ""
    is_saved: bool = True


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
    ),
    FilterRow(
        name="until",
        field="until",
        word="until",
        kind="text",
        value=_DATE,
        example="2025-06",
        help="Papers of this date or earlier.",
    ),
    FilterRow(
        name="author",
        field="authors",
        word="author",
        kind="list",
        value="NAME",
        example="NAME",
        help='Papers by this author: doe, "Jane Doe", "Doe, J."; may be given again.',
        known="authors",
    ),
    FilterRow(
        name="category",
        field="categories",
        word="cat",
        kind="list",
        value="NAME",
        example="cs.LG",
        help="Papers of this category, or of one below it (cs has cs.LG); may be given again.",
        known="categories",
    ),
    FilterRow(
        name="venue",
        field="venues",
        word="venue",
        kind="list",
        value="NAME",
        example="NAME",
        help="Papers of a venue whose name has these words; may be given again.",
        known="venues",
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
    ),
    FilterRow(
        name="added-since",
        field="added_since",
        word="added",
        kind="text",
        value=_DATE,
        example="7d",
        help="Papers that came into the collection on this date or later, such as 7d.",
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
        name="within",
        field="within",
        word="within",
        kind="papers",
        value="FILE",
        help="Only the papers that this file names, one a line, or this paper; - reads standard input.",
        is_saved=False,
    ),
    FilterRow(
        name="without",
        field="without",
        word="without",
        kind="papers",
        value="FILE",
        help="None of the papers that this file names, one a line, or this paper; - reads standard input.",
        is_saved=False,
    ),
    FilterRow(
        name="include-undated",
        field="include_undated",
        word="undated",
        kind="switch",
        help="Keep papers whose date is unknown or too coarse to compare.",
    ),
)
"""Every filter, in the order in which help lists them."""


MARK_ROWS = (
    FilterRow(
        name="tag",
        field="tags",
        word="tag",
        kind="list",
        value="NAME",
        example="NAME",
        help="Papers that you gave this tag; may be given again.",
        known="tags",
    ),
    FilterRow(
        name="unread",
        field="unread",
        word="unread",
        kind="switch",
        help="Papers that you have not marked as read.",
    ),
    FilterRow(
        name="read",
        field="read",
        word="read",
        kind="switch",
        help="Papers that you have marked as read.",
    ),
)
"""Conditions on the reader's marks, in the order in which help lists them. They belong to the reader and not to an
index: `marks` makes `within` and `without` of them."""


class MarkFilters(NamedTuple):
    """Conditions on the reader's marks: any of these tags; not marked as read; marked as read."""

    tags: tuple[str, ...] = ()
    unread: bool = False
    read: bool = False


NO_MARK_FILTERS = MarkFilters()


def make_filters(values: Mapping[str, Any]) -> Filters:
    """Make filters of values by field. A list becomes a tuple; None and absent fields get the default."""
    from papersearch.types import Filters

    return Filters(**_given(values))


def make_mark_filters(values: Mapping[str, Any]) -> MarkFilters:
    """Make conditions on marks of values by field, as `make_filters` does."""
    return MarkFilters(**_given(values))


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        field: tuple(value) if isinstance(value, list) else value
        for field, value in values.items()
        if value is not None
    }


def described(filters: Filters, wanted: MarkFilters = NO_MARK_FILTERS) -> str:
    """Return filters and conditions on marks as one line of words: author:doe venue:"machine learning" code."""
    said = []
    values = {**filter_values(filters), **wanted._asdict()}
    for row in (*FILTER_ROWS, *MARK_ROWS):
        value = values[row.field]
        if row.kind == "switch":
            said += [row.word] if value else []
        elif row.kind == "papers":
            said += [] if value is None else [f"{row.word}:{len(value)}"]
        else:
            texts = value if row.kind == "list" else [value] if value else []
            said += [clause_of(row.word, one) for one in texts]
    return " ".join(said)


def clause_of(word: str, value: str) -> str:
    """Write a filter or a field of a query, with its value: author:doe, venue:"machine learning"."""
    return f'{word}:"{value}"' if len(value.split()) > 1 else f"{word}:{value}"


def filter_values(filters: Filters, rows: Iterable[FilterRow] = FILTER_ROWS) -> dict[str, Any]:
    """Return the values of `rows` by field."""
    return {row.field: getattr(filters, row.field) for row in rows}
