"""Years in few periods, for colours: single years as far as possible, each period with like numbers of papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

MOST_PERIODS = 7
"""Greatest number of periods: more shades cannot be told apart."""


class Period(NamedTuple):
    """Years from `first` to `last`, both inclusive."""

    first: int
    last: int

    @property
    def name(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


def divide(years: Sequence[int | None]) -> list[Period]:
    """Return at most seven periods that cover all years, ascending; a year belongs to one of them."""
    counts = Counter(year for year in years if year is not None)
    periods: list[Period] = []
    known = sorted(counts)
    left = counts.total()
    while known:
        n_periods = MOST_PERIODS - len(periods)
        last = first = known.pop()  # from the newest year back, which has the most papers in most collections
        size = counts[last]
        while len(known) >= n_periods and (n_periods == 1 or size + counts[known[-1]] / 2 <= left / n_periods):
            first = known.pop()
            size += counts[first]
        periods.append(Period(first, last))
        left -= size
    return periods[::-1]


def period_of(year: int | None, periods: Sequence[Period]) -> int | None:
    """Return the number of the period that a year belongs to; None if it is unknown or in no period."""
    if year is None:
        return None
    return next((number for number, period in enumerate(periods) if period.first <= year <= period.last), None)
