"""Which papers a search looks at, by what is known of them: dates, organisations, dumps, code.

A date filter decides about a paper only where it can: one of which nothing is known, or only
a year that the range cuts in two, is undecided, and the results say so.
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
    """kept: (N,), which papers a search looks at; undecided: (N,), which others it would if
    their dates were known to fit."""

    kept: BoolArray
    undecided: BoolArray


def select(filters: Filters, index: OpenedIndex) -> Selection:
    """What `filters` leave of an index. Raises QueryError for dates, organisations and dumps
    that there are not."""
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
    """Merge the two ways to give filters. Raises TypeError for both at once, and for other types."""
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
    """The first and the last day of the range, YYYYMMDD; None where it is open. Raises
    QueryError for what is no date, and for a range that ends before it begins."""
    since = _day(filters.since, "since", first=True) if filters.since is not None else None
    until = _day(filters.until, "until", first=False) if filters.until is not None else None
    if since is not None and until is not None and since > until:
        raise EmptyDateRange(since=str(filters.since), until=str(filters.until))
    return since, until


def _day(written: str, field: Literal["since", "until"], *, first: bool) -> int:
    """YYYYMMDD, the first or the last day that a year, month or day has; a month's last is 31."""
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
    """The numbers in `Facts.organisations` of those with these handles or names, case apart."""
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
    """The dump of this name, or of this last part of a name."""
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
    """Those of `known` that are spelt most like `name`: those that it begins or is a part of,
    then those that differ little; at most three."""
    from rapidfuzz import fuzz, process

    caseless = name.casefold()
    holding = sorted(
        {text for text in known if caseless and caseless in text.casefold()}, key=lambda text: (len(text), text)
    )
    every = sorted(set(known))
    alike = process.extract(caseless, every, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=55)
    return list(dict.fromkeys([*holding, *(text for text, _, _ in alike)]))[:_NEAREST]
