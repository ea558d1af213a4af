"""Ranges of years in queries: 2024, 2023-2025, 2023..2025, 2023-, -2025, 2024-06."""

from __future__ import annotations

import re
from datetime import date

ALL_DAYS = (0, 99_999_999)
"""The first and the last day of a range that is open at both ends."""

_DATE = r"\d{4}(?:-\d{1,2}(?:-\d{1,2})?)?"
_RANGE = re.compile(rf"(?P<first>{_DATE})?(?:\.\.|…)(?P<last>{_DATE})?", re.ASCII)
_YEARS = re.compile(r"(?P<first>\d{4})?[-‐‑‒–—](?P<last>\d{4})?", re.ASCII)
_ONE = re.compile(_DATE, re.ASCII)


def days_of_years(written: str) -> tuple[int, int] | None:
    """Return the first and the last day of a range as YYYYMMDD, or None unless `written` is one.

    The range may end before it begins. The last day of every month is 31, because days are only compared.
    """
    if _ONE.fullmatch(written):
        first = last = written
    elif (found := _RANGE.fullmatch(written) or _YEARS.fullmatch(written)) is not None:
        first, last = found["first"] or "", found["last"] or ""
    else:
        return None
    if not first and not last:
        return None
    try:
        return _day(first, (1, 1)) if first else ALL_DAYS[0], _day(last, (12, 31)) if last else ALL_DAYS[1]
    except ValueError:
        return None


def _day(written: str, unsaid: tuple[int, int]) -> int:
    """Return a day as YYYYMMDD. Raises ValueError."""
    parts = [*map(int, written.split("-"))]
    date(*[*parts, 1, 1][:3])
    year, month, day = [*parts, *unsaid[len(parts) - 1 :]]
    return year * 10_000 + month * 100 + day
