"""Periods of years: each year in one of them, and single years as far as possible."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from papersearch.maps.periods import MOST_PERIODS, divide, period_of

YEARS = st.lists(st.none() | st.integers(1, 9999) | st.integers(2015, 2026), max_size=200)


@given(YEARS)
def test_periods_cover_every_year_once(years: list[int | None]) -> None:
    """At most seven ascending periods without overlap begin and end with known years, and cover all of them."""
    periods = divide(years)
    known = sorted({year for year in years if year is not None})
    assert len(periods) <= MOST_PERIODS
    assert bool(periods) == bool(known)
    assert all(period.first in known and period.last in known for period in periods)
    assert [one for period in periods for one in period] == sorted(one for period in periods for one in period)
    for year in known:
        holding = [number for number, period in enumerate(periods) if period.first <= year <= period.last]
        assert holding == [period_of(year, periods)]
    assert period_of(None, periods) is None


@given(st.lists(st.integers(1990, 2026), min_size=1, max_size=200))
def test_few_years_are_periods_of_their_own(years: list[int]) -> None:
    """As many periods as there are years, up to seven."""
    assert len(divide(years)) == min(MOST_PERIODS, len(set(years)))


def test_names() -> None:
    """A period of one year is named by it, and one of more years by its ends; a year outside has no period."""
    periods = divide([*range(2000, 2020)])
    assert len(periods) == MOST_PERIODS
    assert divide([2024])[0].name == "2024"
    assert periods[0].first < periods[0].last
    assert periods[0].name == f"{periods[0].first}–{periods[0].last}"
    assert period_of(1999, periods) is None
