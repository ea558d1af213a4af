"""Filters applied to papers: dates, names, organisations, dumps, code, and when papers came into the collection.

A date filter cannot decide about a paper without a date. Nor can it if only the year or month is
known and lies partly in the range. Such papers are undecided, and the results report them.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from papersearch import clock
from papersearch.errors import AmbiguousDump, EmptyDateRange, UnknownFilterValue
from papersearch.search.days import first_and_last
from papersearch.search.papers import ids_of
from papersearch.text.years import ALL_DAYS, number_of_day
from papersearch.types import NAME_KINDS, Filters

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.index.facts import Facts
    from papersearch.index.opened import OpenedIndex
    from papersearch.search.shards import Shards
    from papersearch.types import BoolArray, IntArray, Organisation

_NEAREST = 3

_BLOCK = 65_536
"""Papers selected at once, so that memory does not grow with the index."""


class Selection(NamedTuple):
    """The effect of filters on N papers.

    kept: (N,), True for papers that the filters keep
    undecided: (N,), True for papers that only the date filter cannot decide
    """

    kept: BoolArray
    undecided: BoolArray


def resolved(filters: Filters, shards: Shards) -> Filters:
    """Check `filters` against a collection, and give dumps their full names and papers their ids.

    Raises QueryError for an invalid date, and for an unknown name, organisation or dump, and
    PaperLookupError for an unknown paper.
    """
    if filters.organisations:
        known = shards.organisations()
        spellings = {spelling: one.handle for one in known for spelling in (one.name, one.handle)}
        for name in filters.organisations:
            if not any(_is_named(one, name) for one in known):
                raise _unknown("organisations", name, spellings)
    if any(getattr(filters, kind) for kind in NAME_KINDS):
        from papersearch.search.names import check_filters

        check_filters(filters, shards)
    names = [dump.name for dump in shards.manifest.dumps]
    days(filters)
    return filters.replace(
        dumps=tuple(_dump(name, names) for name in filters.dumps),
        within=None if filters.within is None else ids_of(filters.within, shards),
        without=ids_of(filters.without, shards) if filters.without else None,
    )


def select(filters: Filters, index: OpenedIndex) -> Selection:
    """Apply `filters`, which are `resolved`, to an index; what it does not know keeps no paper."""
    facts = index.facts
    kept = np.ones(len(facts.dates), dtype=np.bool_)
    undecided = np.zeros(len(kept), dtype=np.bool_)
    _keep_listed(kept, filters, index)
    organisations = _organisations(filters.organisations, facts) if filters.organisations else None
    span = days(filters)
    for start in range(0, len(kept), _BLOCK):
        block = slice(start, start + _BLOCK)
        if organisations is not None:
            kept[block] &= np.isin(facts.organisations[block], organisations)
        if filters.has_code:
            kept[block] &= facts.has_code[block] != 0
        if filters.added_since is not None:
            kept[block] &= facts.added[block] >= max(1, clock.seconds_of(filters.added_since))
        if filters.new:
            kept[block] &= facts.since[block] == index.manifest.generation
        if span == ALL_DAYS:
            continue
        decided, doubtful = within(span, facts.dates[block])
        if filters.include_undated:
            kept[block] &= decided | doubtful
        else:
            undecided[block] = kept[block] & doubtful
            kept[block] &= decided
    return Selection(kept, undecided)


def _keep_listed(kept: BoolArray, filters: Filters, index: OpenedIndex) -> None:
    """Take papers out of the mask `kept` (N,) that lists of papers lack: of dumps, of names, within, without."""
    for lists in (
        [index.facts.of_dump(index.dump_names.index(name)) for name in filters.dumps] if filters.dumps else None,
        None if filters.within is None else [index.papers.with_ids(filters.within)],
    ):
        if lists is not None:
            held = np.zeros(len(kept), dtype=np.bool_)
            for papers in lists:
                held[papers] = True
            kept &= held
    if filters.without:
        kept[index.papers.with_ids(filters.without)] = False
    for kind in NAME_KINDS:
        if values := getattr(filters, kind):
            from papersearch.search.names import having

            kept &= having(kind, values, index)


def within(span: tuple[int, int], dates: npt.NDArray[np.uint32]) -> tuple[BoolArray, BoolArray]:
    """Tell which of `Facts.dates` (n,) lie in a range of days, and of which that cannot be told."""
    from papersearch.index.facts import days_of  # reads links of papers, which messages on dates do not

    first, last = days_of(dates)
    low, high = span
    if high != ALL_DAYS[1] and high % 100 >= monthrange(high // 10_000, high // 100 % 100)[1]:
        high = high // 100 * 100 + 31  # as in `days_of`: every month has 31 days
    decided = (first >= low) & (last <= high)
    return decided, ~decided & (last >= low) & (first <= high)


def dated(span: tuple[int, int], dates: npt.NDArray[np.uint32], *, doubtful: bool) -> BoolArray:
    """Return a mask of the dates (N,) in a range of days; `doubtful`: and of those of which it cannot be told."""
    mask = np.zeros(len(dates), dtype=np.bool_)
    for start in range(0, len(dates), _BLOCK):
        decided, doubted = within(span, dates[start : start + _BLOCK])
        mask[start : start + _BLOCK] = decided | doubted if doubtful else decided
    return mask


def days(filters: Filters) -> tuple[int, int]:
    """Return the first and the last day that the filters allow, as YYYYMMDD; those of `ALL_DAYS` for an open end.

    Raises QueryError for an invalid date, and for a range that ends before it begins.
    """
    since, until = ALL_DAYS
    if filters.since is not None:
        since = number_of_day(first_and_last(filters.since, "since")[0])
    if filters.until is not None:
        until = number_of_day(first_and_last(filters.until, "until")[1])
    if since > until:
        raise EmptyDateRange(since=str(filters.since), until=str(filters.until))
    return since, until


def _organisations(names: Iterable[str], facts: Facts) -> IntArray:
    """Return the numbers in `Facts.organisations` of these handles or names, ignoring case."""
    known = facts.every_organisation()
    numbers = [place for name in names for place, one in enumerate(known, 1) if _is_named(one, name)]
    return np.array(numbers, dtype=np.int64)


def _is_named(organisation: Organisation, name: str) -> bool:
    caseless = name.strip().casefold()
    return bool(caseless) and caseless in (organisation.handle.casefold(), organisation.name.casefold())


def _dump(name: str, dumps: Sequence[str]) -> str:
    """Return the dump with this name or file name."""
    found = [dump for dump in dumps if name in (dump, dump.rsplit("/", 1)[-1])]
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousDump(value=name, candidates=tuple(found))
    raise _unknown("dumps", name, {dump: dump for dump in dumps})


def _unknown(
    field: Literal["organisations", "dumps"], name: str, spellings: Mapping[str, str]
) -> UnknownFilterValue:
    """Return an error that offers the nearest of `spellings`, and lists all: what each is mapped to, once."""
    near = tuple(dict.fromkeys(spellings[spelling] for spelling in nearest(name, list(spellings))))
    return UnknownFilterValue(field=field, value=name, nearest=near, known=tuple(dict.fromkeys(spellings.values())))


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
