"""The reason for an empty answer, in one sentence."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from papersearch.search.filter_table import FILTER_ROWS, filter_values
from papersearch.types import NO_FILTERS

if TYPE_CHECKING:
    from papersearch.types import Filters, Results


def why_empty(results: Results, n_papers: int) -> str:
    """Say why an answer has no hits, without a full stop; `n_papers` is the size of the collection."""
    is_filtered = results.filters != NO_FILTERS
    kept = f" that {typed_filters(results.filters)} leaves" if is_filtered else ""
    match results.emptied_by:
        case "filters":
            return f"{typed_filters(results.filters)} leaves no paper to rank"
        case "operators":
            return f"no paper{kept} meets the phrases, title: words and exclusions of the query"
        case "words":
            return f"no paper{kept} has a word of the query"
        case "identifier":
            return f"{results.reading.identifier if results.reading else results.query} is not in this collection"
        case "shown":
            return "nothing new"
    n_left = results.total if is_filtered else n_papers
    return f"none of the {n_left} paper{'' if n_left == 1 else 's'}{kept} answers the query"


def typed_filters(filters: Filters) -> str:
    """Return filters as the options that set them."""
    typed: list[str] = []
    values = filter_values(filters)
    for row in FILTER_ROWS:
        value = values[row.field]
        if value:
            given = value if isinstance(value, tuple) else (value,)
            typed += [f"--{row.name}" if one is True else f"--{row.name} {shlex.quote(one)}" for one in given]
    return " ".join(typed)
