"""Dates of filters as people write them, against calendars that are walked day by day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch import clock
from papersearch.errors import InvalidDate
from papersearch.search.days import first_and_last, with_dates
from papersearch.types import Filters

DAY = timedelta(1)
TODAY = st.dates(date(1990, 1, 1), date(2060, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2024, 3, 31), date(2023, 12, 31), date(2024, 1, 1), date(2026, 3, 16)]
)


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "today", clock.today)
    yield


def at(today: date, written: str) -> tuple[date, date]:
    """Return the span of a text on a day."""
    clock.today = lambda: today  # restored by the fixture
    return first_and_last(written, "since")


def walked(today: date, belongs: Callable[[date], bool]) -> tuple[date, date]:
    """Return the first and the last day around the latest one, up to `today`, of a run that fits."""
    last = today
    while not belongs(last):
        last -= DAY
    first = last
    while belongs(first - DAY) and first - DAY > date.min:
        first -= DAY
    while belongs(last + DAY):
        last += DAY
    return first, last


@given(TODAY, st.integers(0, 4000), st.sampled_from(["{}d", "{} d", "{} day", "{}.days.ago", "{}-DAYS"]))
def test_days_ago(today: date, n: int, form: str) -> None:
    """A number of days is the day that is as many steps back."""
    assert at(today, form.format(n)) == (today - n * DAY, today - n * DAY)
    assert at(today, f"{n}w") == at(today, f"{7 * n} days")


@given(TODAY, st.integers(0, 300))
def test_months_ago(today: date, n: int) -> None:
    """A number of months is the same day of the n-th month before, or the last day of that month."""
    month = today
    for _ in range(n):
        month = month.replace(day=1) - DAY
    days = [month.replace(day=1) + k * DAY for k in range(31)]
    days = [day for day in days if (day.year, day.month) == (month.year, month.month)]
    expected = max((day for day in days if day.day <= today.day), key=lambda day: day.day)
    assert at(today, f"{n} months") == (expected, expected)
    assert at(today, f"{n}y") == at(today, f"{12 * n}m")


@given(TODAY)
def test_weeks_months_and_years(today: date) -> None:
    """This and last week, month and year are whole runs of days; a week begins on Monday."""
    runs = {
        "week": lambda day: (day - day.weekday() * DAY).toordinal(),
        "month": lambda day: (day.year, day.month),
        "year": lambda day: day.year,
    }
    for unit, run in runs.items():
        first, last = walked(today, lambda day, run=run: run(day) == run(today))
        assert at(today, f"this {unit}") == (first, last)
        before = walked(first - DAY, lambda day, run=run, first=first: run(day) == run(first - DAY))
        assert at(today, f"Last-{unit}") == before


@given(TODAY, st.integers(0, 6))
def test_days_of_the_week(today: date, weekday: int) -> None:
    """A day of the week is the latest one up to today, `last` the latest one before today."""
    name = (date(2024, 1, 1) + weekday * DAY).strftime("%A")
    latest = next(today - k * DAY for k in range(7) if (today - k * DAY).weekday() == weekday)
    before = next(today - k * DAY for k in range(1, 8) if (today - k * DAY).weekday() == weekday)
    assert at(today, name) == at(today, name[:3].lower()) == (latest, latest)
    assert at(today, f"last {name}") == (before, before)
    assert at(today, "today") == (today, today)
    assert at(today, " Yesterday ") == (today - DAY, today - DAY)


@pytest.mark.parametrize(
    "wrong",
    ["", " ", "soon", "tomorrow", "7", "d", "7x", "-7d", "7d 2w", "last", "this", "last day", "last 7 days",
     "next week", "this monday", "mo", "7 dd", "７d", "7.5d", "999999y", "999999 days", "1e3d", "now", "2024-13",
     "P7D", "7d\n2024"],
)  # fmt: skip
def test_what_is_no_date(wrong: str) -> None:
    """Anything else is an error that shows how dates are written."""
    for field in ("since", "until", "added_since"):
        with pytest.raises(InvalidDate, match="7d, 2 weeks") as caught:
            with_dates(Filters(**{field: wrong}))
        assert (caught.value.field, caught.value.value) == (field, wrong)


@given(st.text(max_size=12))
def test_any_text(written: str) -> None:
    """Any text is a span of days in order, or one kind of error."""
    try:
        first, last = first_and_last(written, "until")
    except InvalidDate:
        return
    assert first <= last


def test_fixed_dates() -> None:
    """Words become the first day of `since`, the last of `until`; a year, month or day stays as it is written."""
    clock.today = lambda: date(2026, 3, 16)
    found = with_dates(Filters(since="last week", until="last-month", has_code=True))
    assert found == Filters(since="2026-03-09", until="2026-02-28", has_code=True)
    assert with_dates(Filters(since="2024", until="2024-6")) == Filters(since="2024", until="2024-6")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_a_day_begins_at_local_midnight(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`added_since` becomes the instant at which the local day begins, also across a change of the clock."""
    import time
    from datetime import datetime
    from zoneinfo import ZoneInfo

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        clock.today = lambda: date(2026, 3, 16)
        instant = with_dates(Filters(added_since="8d")).added_since
        assert instant is not None
        assert clock.seconds_of(instant) == datetime(2026, 3, 8, tzinfo=ZoneInfo(zone)).timestamp()
        assert clock.local_day(instant) == "2026-03-08"
        assert with_dates(Filters(added_since=instant)).added_since == instant
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
