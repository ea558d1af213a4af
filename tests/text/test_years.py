"""Ranges of years as people type them."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.years import ALL_DAYS, days_of_years

years = st.integers(1000, 9999)


@given(years, years, st.sampled_from(["-", "–", "—", ".."]))
def test_ranges(first: int, last: int, sign: str) -> None:
    """Two years with a dash or two dots between them are a range of whole years, open without one of them."""
    begin, end = first * 10_000 + 101, last * 10_000 + 1231
    assert days_of_years(f"{first}{sign}{last}") == (begin, end)
    assert days_of_years(f"{first}{sign}") == (begin, ALL_DAYS[1])
    assert days_of_years(f"{sign}{last}") == (ALL_DAYS[0], end)
    assert days_of_years(str(first)) == (begin, first * 10_000 + 1231)


@given(st.dates(date(1000, 1, 1)), st.dates(date(1000, 1, 1)))
def test_days_and_months(first: date, last: date) -> None:
    """Dots join days and months too; a dash does not, since it is in them."""
    assert days_of_years(f"{first}..{last}") == (int(f"{first:%Y%m%d}"), int(f"{last:%Y%m%d}"))
    month = f"{first:%Y-%m}"
    last_of_month = monthrange(first.year, first.month)[1]
    assert days_of_years(month) == (int(f"{first:%Y%m}01"), int(f"{first:%Y%m}{last_of_month}"))
    assert days_of_years(f"{month}..") == (int(f"{first:%Y%m}01"), ALL_DAYS[1])


@pytest.mark.parametrize(
    "written", ["", "-", "..", "20244", "202", "2024-13", "2024-02-30", "2024-2025-2026", "last", "0000", "2024/25"]
)
def test_what_is_not_a_range(written: str) -> None:
    """Anything else gives nothing."""
    assert days_of_years(written) is None


@given(st.text(max_size=20))
def test_any_text(written: str) -> None:
    """No text fails."""
    found = days_of_years(written)
    assert found is None or len(found) == 2
