"""The resolved options of a search, which every step of the pipeline reads."""

from __future__ import annotations

from typing import NamedTuple

from papersearch.types import NO_FILTERS, Filters, Mode, Sort


class Request(NamedTuple):
    """Search options after the mode has been resolved.

    reason: why `mode_used` differs from `mode`; None if it does not
    """

    k: int
    mode: Mode
    mode_used: Mode
    reason: str | None
    late: bool
    explain: bool = False
    strict: bool = False
    filters: Filters = NO_FILTERS
    sort: Sort = "relevance"
    fold: bool = False
    facets: bool = False
    related: bool = False


def leaves_undated_out(filters: Filters) -> bool:
    """Tell whether a date filter may leave papers undecided."""
    return not (filters.since is None and filters.until is None) and not filters.include_undated
