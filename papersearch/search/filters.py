"""Filters applied to papers: dates, organisations, dumps, code and new papers.

A date filter cannot decide about a paper without a date. Nor can it if only the year or month is
known and lies partly in the range. Such papers are undecided, and the results report them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from papersearch.errors import AmbiguousDump, EmptyDateRange, InvalidDate, UnknownFilterValue
from papersearch.types import NO_FILTERS, FilterOptions, Filters

if TYPE_CHECKING:
    from papersearch.index.facts import Facts
    from papersearch.index.opened import OpenedIndex
    from papersearch.types import BoolArray, IntArray

_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", re.ASCII)
_NEAREST = 3


class Selection(NamedTuple):
    """The effect of filters on N papers.

    kept: (N,), True for papers that the filters keep
    undecided: (N,), True for papers that only the date filter cannot decide
    """

    kept: BoolArray
    undecided: BoolArray


def select(filters: Filters, index: OpenedIndex) -> Selection:
    """Apply `filters` to an index.

    Raises QueryError for an invalid date, and for an unknown organisation or dump.
    """
    facts = index.facts
    kept = np.ones(len(facts.dates), dtype=np.bool_)
    if filters.organisations:
        kept &= np.isin(facts.organisations, _organisations(filters.organisations, facts))
    if filters.dumps:
        held = np.zeros(len(kept), dtype=np.bool_)
        for name in filters.dumps:
            held[facts.of_dump(_dump(name, index.dump_names))] = True
        kept &= held
    if filters.has_code:
        kept &= facts.has_code != 0
    if filters.new:
        kept &= facts.since == index.manifest.generation
    since, until = days(filters)
    if since is None and until is None:
        return Selection(kept, np.zeros(len(kept), dtype=np.bool_))
    first, last = facts.days()
    low, high = since or 0, until or 99_999_999
    decided = (first >= low) & (last <= high)
    undecided = ~decided & (last >= low) & (first <= high)
    if filters.include_undated:
        return Selection(kept & (decided | undecided), np.zeros(len(kept), dtype=np.bool_))
    return Selection(kept & decided, kept & undecided)


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
    for name in ("organisations", "dumps"):
        if name in given:
            given[name] = (given[name],) if isinstance(given[name], str) else tuple(given[name])
    chosen = filters.replace(**given)
    for name, day in (("since", chosen.since), ("until", chosen.until)):
        if not isinstance(day, str | None):
            raise TypeError(f'{name}: expected a text such as "2025", not {day!r}')
    return chosen


def days(filters: Filters) -> tuple[int | None, int | None]:
    """Return the first and the last day of the range as YYYYMMDD, None for an open end.

    Raises QueryError for an invalid date, and for a range that ends before it begins.
    """
    since = _day(filters.since, "since", first=True) if filters.since is not None else None
    until = _day(filters.until, "until", first=False) if filters.until is not None else None
    if since is not None and until is not None and since > until:
        raise EmptyDateRange(since=str(filters.since), until=str(filters.until))
    return since, until


def _day(written: str, field: Literal["since", "until"], *, first: bool) -> int:
    """Return the first or the last day of a year, month or day as YYYYMMDD.

    The last day of every month is 31, because days are only compared.
    """
    found = _DAY.fullmatch(written.strip())
    try:
        if found is None:
            raise ValueError
        year, month, day = int(found[1]), found[2], found[3]
        date(year, int(month or 1), int(day or 1))
    except ValueError:
        raise InvalidDate(field=field, value=written) from None
    return year * 10_000 + int(month or (1 if first else 12)) * 100 + int(day or (1 if first else 31))


def _organisations(names: Iterable[str], facts: Facts) -> IntArray:
    """Return the numbers in `Facts.organisations` of these handles or names, ignoring case."""
    known = facts.every_organisation()
    numbers: list[int] = []
    for name in names:
        caseless = name.strip().casefold()
        found = [
            place
            for place, one in enumerate(known, 1)
            if caseless and caseless in (one.handle.casefold(), one.name.casefold())
        ]
        if not found:
            every = [spelling for one in known for spelling in (one.handle, one.name)]
            raise _unknown("organisations", name, every)
        numbers += found
    return np.array(numbers, dtype=np.int64)


def _dump(name: str, dumps: Sequence[str]) -> int:
    """Return the number of the dump with this name or file name."""
    found = [place for place, dump in enumerate(dumps) if name in (dump, dump.rsplit("/", 1)[-1])]
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousDump(value=name, candidates=tuple(dumps[place] for place in found))
    raise _unknown("dumps", name, dumps)


def _unknown(field: Literal["organisations", "dumps"], name: str, known: Sequence[str]) -> UnknownFilterValue:
    near = tuple(nearest(name, known))
    return UnknownFilterValue(field=field, value=name, nearest=near, known=tuple(dict.fromkeys(known)))


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """Return at most three names of `known` that are spelt most like `name`.

    Names that contain `name` come first, then names at a small edit distance.
    """
    from rapidfuzz import fuzz, process

    caseless = name.casefold()
    holding = sorted(
        {text for text in known if caseless and caseless in text.casefold()}, key=lambda text: (len(text), text)
    )
    every = sorted(set(known))
    alike = process.extract(caseless, every, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=55)
    return list(dict.fromkeys([*holding, *(text for text, _, _ in alike)]))[:_NEAREST]
