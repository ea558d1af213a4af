"""The arguments of a search: checked as they are given, and resolved as every step of the pipeline reads them.

A client of a server checks them too, so this module imports no numpy.
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

from papersearch.types import NO_FILTERS, FilterOptions, Filters, Mode, Sort

DEFAULT_K = 10


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


def check_arguments(k: int, mode: Mode, sort: Sort = "relevance") -> None:
    """Raise ValueError for an unknown sort or mode, and for a `k` below 1."""
    for what, found, known in (("sort", sort, get_args(Sort)), ("mode", mode, get_args(Mode))):
        if found not in known:
            raise ValueError(f"unknown {what} {found!r}: expected {' or '.join(known)}")
    if k < 1:
        raise ValueError(f"expected k of at least 1, found {k}")


def chosen_filters(filters: Filters, narrowed: FilterOptions) -> Filters:
    """Return the filters of a call that has either `filters` or filter keywords.

    Raises TypeError for both at once, for an unknown keyword, and for a date of another type.
    """
    unknown = sorted(narrowed.keys() - FilterOptions.__annotations__.keys())
    if unknown:
        raise TypeError(f"unknown keyword {unknown[0]!r}")
    if narrowed and filters != NO_FILTERS:
        raise TypeError(f"expected filters or keywords of filters ({', '.join(sorted(narrowed))}), not both")
    given: dict[str, Any] = dict(narrowed)
    for name in ("organisations", "dumps", "within", "without"):
        if given.get(name) is not None:
            given[name] = (given[name],) if isinstance(given[name], str) else tuple(given[name])
    chosen = filters.replace(**given)
    for name, day in (("since", chosen.since), ("until", chosen.until)):
        if not isinstance(day, str | None):
            raise TypeError(f'{name}: expected a text such as "2025", not {day!r}')
    return chosen
