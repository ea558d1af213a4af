"""Years, months and days as people write them, and ranges of years in queries: 2024, 2023-2025, 2023-, 2024-06."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

ALL_DAYS = (0, 99_999_999)
"""The first and the last day of a range that is open at both ends."""

_DATE = r"\d{4}(?:-\d{1,2}(?:-\d{1,2})?)?"
_RANGE = re.compile(rf"(?P<first>{_DATE})?(?:\.\.|…)(?P<last>{_DATE})?", re.ASCII)
_YEARS = re.compile(r"(?P<first>\d{4})?[-‐‑‒–—](?P<last>\d{4})?", re.ASCII)
_ONE = re.compile(_DATE, re.ASCII)


def days_of_years(written: str) -> tuple[int, int] | None:
    """Return the first and the last day of a range as YYYYMMDD, or None unless `written` is one.

    The range may end before it begins.
    """
    if is_calendar(written):
        first = last = written
    elif (found := _RANGE.fullmatch(written) or _YEARS.fullmatch(written)) is not None:
        first, last = found["first"] or "", found["last"] or ""
    else:
        return None
    if not first and not last:
        return None
    try:
        return (
            number_of_day(calendar_days(first)[0]) if first else ALL_DAYS[0],
            number_of_day(calendar_days(last)[1]) if last else ALL_DAYS[1],
        )
    except ValueError:
        return None


def is_calendar(written: str) -> bool:
    """Return whether a text has the form of a year, month or day."""
    return _ONE.fullmatch(written) is not None


def calendar_days(written: str) -> tuple[date, date]:
    """Return the first and the last day of a year, month or day. Raises ValueError."""
    year, month, day = [*map(int, written.split("-")), 0, 0][:3]
    if written.count("-") == 2:
        return date(year, month, day), date(year, month, day)
    return month_days(year, month) if "-" in written else (date(year, 1, 1), date(year, 12, 31))


def month_days(year: int, month: int) -> tuple[date, date]:
    """Return the first and the last day of a month. Raises ValueError."""
    first = date(year, month, 1)
    return first, first.replace(day=monthrange(year, month)[1])


def number_of_day(day: date) -> int:
    """Return a day as YYYYMMDD."""
    return day.year * 10_000 + day.month * 100 + day.day
