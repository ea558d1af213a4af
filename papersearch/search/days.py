"""Dates of filters as people write them: a year, month or day, or words that move with today.

A text names a span of days. `since` and `added_since` take its first day, `until` its last. Words are
resolved here and nowhere else, when a search begins: a saved search keeps them as they were typed.
No numpy is imported, because a client of a server resolves dates by its own clock.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal

from papersearch import clock
from papersearch.errors import InvalidDate
from papersearch.text.years import calendar_days, is_calendar, month_days
from papersearch.types import Filters

DateField = Literal["since", "until", "added_since"]

_BETWEEN = re.compile(r"[\s._-]+", re.ASCII)
_AGO = re.compile(r"(\d{1,6}) ?([a-z]+)(?: ago)?", re.ASCII)
_UNITS = {
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("w", "week", "weeks"), "week"),
    **dict.fromkeys(("m", "month", "months"), "month"),
    **dict.fromkeys(("y", "year", "years"), "year"),
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def with_dates(filters: Filters) -> Filters:
    """Return filters whose dates do not move: days in place of words, an instant in `added_since`.

    A year, month or day stays as it is written. Raises InvalidDate.
    """
    if filters.since is None and filters.until is None and filters.added_since is None:
        return filters
    return filters.replace(
        since=_fixed(filters.since, "since"),
        until=_fixed(filters.until, "until"),
        added_since=None if filters.added_since is None else _instant(filters.added_since),
    )


def first_and_last(written: str, field: DateField) -> tuple[date, date]:
    """Return the first and the last day of a text. Raises InvalidDate."""
    try:
        bare = written.strip()
        return calendar_days(bare) if is_calendar(bare) else _of_words(_BETWEEN.sub(" ", bare.casefold()))
    except (ValueError, OverflowError):
        raise InvalidDate(field=field, value=written) from None


def _fixed(written: str | None, field: Literal["since", "until"]) -> str | None:
    if written is None:
        return None
    first, last = first_and_last(written, field)
    if is_calendar(written.strip()):
        return written
    return (first if field == "since" else last).isoformat()


def _instant(written: str) -> str:
    """Return the instant at which what a text names begins; an instant stays as it is."""
    try:
        return clock.instant_of(clock.seconds_of(written.strip()))
    except ValueError:
        return clock.instant_of(clock.beginning_of(first_and_last(written, "added_since")[0]))


def _of_words(words: str) -> tuple[date, date]:
    """Return the first and the last day of words that move. Raises ValueError or OverflowError."""
    today = clock.today()
    if words in ("today", "yesterday"):
        day = today - timedelta(words == "yesterday")
        return day, day
    if found := _AGO.fullmatch(words):
        day = _before(today, int(found[1]), _UNITS.get(found[2], ""))
        return day, day
    which, _, unit = words.rpartition(" ")
    if which in ("", "last") and (weekday := _weekday(unit)) is not None:
        n_days = (today.weekday() - weekday) % 7
        day = today - timedelta(7 if which and not n_days else n_days)
        return day, day
    if which in ("this", "last") and unit in ("week", "month", "year"):
        return _around(_before(today, which == "last", unit), unit)
    raise ValueError(words)


def _weekday(word: str) -> int | None:
    """Return the number of a day of the week, 0 for Monday; None for another word."""
    named = (number for number, name in enumerate(_WEEKDAYS) if word in (name, name[:3]))
    return next(named, None)


def _before(day: date, n: int, unit: str) -> date:
    """Return the day `n` units before another; the last of its month where that is shorter."""
    if unit in ("day", "week"):
        return day - timedelta(n * (7 if unit == "week" else 1))
    if unit not in ("month", "year"):
        raise ValueError(unit)
    year, month = divmod(day.year * 12 + day.month - 1 - n * (12 if unit == "year" else 1), 12)
    return date(year, month + 1, min(day.day, month_days(year, month + 1)[1].day))


def _around(day: date, unit: str) -> tuple[date, date]:
    """Return the first and the last day of the week, from Monday, of the month or of the year of a day."""
    if unit == "week":
        monday = day - timedelta(day.weekday())
        return monday, monday + timedelta(6)
    return month_days(day.year, day.month) if unit == "month" else (date(day.year, 1, 1), date(day.year, 12, 31))
