"""The reason for an empty answer, in one sentence."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from papersearch.search.filter_table import (
    FILTER_ROWS,
    MARK_ROWS,
    NO_MARK_FILTERS,
    FilterRow,
    MarkFilters,
    filter_values,
)
from papersearch.types import NO_FILTERS

if TYPE_CHECKING:
    from papersearch.types import Filters, Results


def why_empty(results: Results, n_papers: int, wanted: MarkFilters = NO_MARK_FILTERS) -> str:
    """Say why an answer has no hits, without a full stop; `n_papers` is the size of the collection.

    `wanted` are the conditions on marks.
    """
    is_filtered = results.filters != NO_FILTERS or wanted != NO_MARK_FILTERS
    typed = typed_filters(results.filters, wanted) if is_filtered else ""
    kept = f" that {typed} leaves" if is_filtered else ""
    match results.emptied_by:
        case "filters":
            return f"{typed} leaves no paper to rank"
        case "operators":
            return f"no paper{kept} meets the phrases, title: words and exclusions of the query"
        case "words":
            return f"no paper{kept} has a word of the query"
    n_left = results.total if is_filtered else n_papers
    return f"none of the {n_left} paper{'' if n_left == 1 else 's'}{kept} answers the query"


def typed_filters(filters: Filters, wanted: MarkFilters = NO_MARK_FILTERS) -> str:
    """Return filters as the options that set them."""
    values = filter_values(filters)
    typed = [_typed(row, value) for row in FILTER_ROWS if (value := values[row.field]) or value == ()]
    typed += [_typed(row, value) for row in MARK_ROWS if (value := getattr(wanted, row.field))]
    return " ".join(filter(None, typed))


def _typed(row: FilterRow, value: Any) -> str:
    """Return the option that sets a filter; papers came from a file and are counted."""
    if row.kind == "papers":
        return f"--{row.name} {len(value)} paper{'' if len(value) == 1 else 's'}"
    given = value if isinstance(value, tuple) else (value,)
    return " ".join(f"--{row.name}" if one is True else f"--{row.name} {shlex.quote(one)}" for one in given)
