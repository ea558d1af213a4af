"""Dates as people and sources write them, against the standard library."""

from __future__ import annotations

import calendar
import time
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.dates import PartialDate, date_of_arxiv_id, is_blank, parse_date, read_date

DAYS = st.dates(date(1000, 1, 1), date(2100, 12, 31))
OF_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%dT10:00:00Z", "%Y-%m-%d 23:59:59", "%Y-%m-%d %Y-%m-%d",
    "%Y-%m-%dT10:00:00+00:00", "%Y-%m-%dT10:00:00.123-0500", "%d %B %Y", "%d %b %Y", "%d %b. %Y", "%B %d, %Y",
    "%b %d %Y", "%Y %b %d", "%Y, %B %d", "%d-%b-%Y", "%Y-%b-%d", "%A, %d %B %Y", "%a, %d %b %Y 19:18:42 GMT",
    "%a %b %d 19:18:42 %Y", "%Y年%m月%d日", "[%d %B %Y]", "published online %d %B %Y", "%Y/%m/%d/online",
    "%Y-%m-%d/2100-12-31", "%d %B %Y – 31 December 2100", "%d %B %Y to 31 December 2100", " %Y-%m-%d\n",
)  # fmt: skip
"""Spellings of a day as `strftime` writes them."""

OF_MONTHS = (
    "%Y-%m", "%Y/%m", "%Y%m", "%B %Y", "%b %Y", "%b. %Y", "%Y %b", "%Y-%m-00", "%m/%Y", "%Y年%m月", "%B, %Y",
    "%Y-%m-00 %B %Y", "%Y-%m/2100-12", "%Y %b-Dec", "%B/December %Y", "%B–December %Y", "(%B %Y)",
)  # fmt: skip
OF_YEARS = (
    "%Y", "%Y.0", "[%Y]", "(%Y)", "c. %Y", "ca. %Y", "©%Y", "%Ya", "%Y?", "%Y-00-00", "%Y-00-00 %Y", "Spring %Y",
    "%Y Fall", "Q2 %Y", "%Y Q2", "2nd quarter %Y", "%Y–2100", "%Y-2100", "%Y/2100", "%Y///", "forthcoming %Y",
    "%Y-21",
)  # fmt: skip


def written(form: str, day: date) -> str:
    """Write a day in a form; `strftime` does not pad a year before 1000 everywhere, and none is drawn."""
    return day.strftime(form)


@given(DAYS, st.sampled_from(OF_DAYS))
def test_days(day: date, form: str) -> None:
    """A day in any spelling is that day."""
    assert parse_date(written(form, day)) == PartialDate(day.year, day.month, day.day)


@given(DAYS, st.sampled_from(OF_MONTHS))
def test_months(day: date, form: str) -> None:
    """A month in any spelling is that month, without a day; of several the first counts."""
    assert parse_date(written(form, day)) == PartialDate(day.year, day.month)


@given(DAYS, st.sampled_from(OF_YEARS))
def test_years(day: date, form: str) -> None:
    """A year in any spelling is that year, without a month; of several the first counts."""
    assert parse_date(written(form, day)) == PartialDate(day.year)


@given(st.datetimes(datetime(1000, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC)), st.booleans())
def test_mail_dates(moment: datetime, use_gmt: bool) -> None:
    """Dates of mails, as arXiv writes its versions, are the day that the standard library wrote."""
    expected = PartialDate(moment.year, moment.month, moment.day)
    assert parse_date(format_datetime(moment, usegmt=use_gmt)) == expected
    assert parse_date(moment.isoformat()) == expected


@given(st.datetimes(datetime(2001, 10, 1), datetime(2099, 12, 31), timezones=st.just(UTC)))
def test_moments_in_numbers(moment: datetime) -> None:
    """Seconds and milliseconds since 1970 are the day in UTC."""
    expected = PartialDate(moment.year, moment.month, moment.day)
    seconds = calendar.timegm(moment.timetuple())
    assert time.gmtime(seconds)[:3] == tuple(expected)
    assert parse_date(seconds) == parse_date(float(seconds)) == parse_date(str(seconds)) == expected
    assert parse_date(seconds * 1000 + 999) == parse_date(str(seconds * 1000)) == expected


@given(DAYS)
def test_parts(day: date) -> None:
    """Lists of parts and the objects of CSL, Crossref and OpenReview are read like texts."""
    parts = [day.year, day.month, day.day]
    whole, month, year = (PartialDate(*parts[:n]) for n in (3, 2, 1))
    for value in (
        [parts],
        parts,
        [*map(str, parts)],
        {"date-parts": [parts]},
        {"date-parts": [parts, [2100, 12, 31]]},
        {"date-parts": [[None]], "date-time": day.isoformat() + "T00:00:00Z"},
        {"raw": day.strftime("%d %B %Y")},
        {"literal": day.strftime("%B %d, %Y")},
        {"value": day.isoformat()},
        {"year": day.year, "month": day.strftime("%b"), "day": day.day},
        {"year": str(day.year), "month": f"{day.month}", "day": f"{day.day:02}"},
        whole,
    ):
        assert parse_date(value) == whole
    assert parse_date([parts[:2]]) == parse_date({"date-parts": [parts[:2]]}) == parse_date(month) == month
    assert (
        parse_date([[day.year]]) == parse_date(day.year) == parse_date(float(day.year)) == parse_date(year) == year
    )
    assert parse_date({"year": day.year, "month": None, "day": None}) == year


@pytest.mark.parametrize(
    "value",
    [
        "n.d.", "forthcoming", "tomorrow", "0", 0, 0.0, "0000", "0000-00-00", "999999", 999999, "99999999", -5,
        2021.5, "12345", "May", "5 May", "5-Mar-21", "03/04/21", "in press", "volume 3", "page 2021", True, False,
        1e300, float("nan"), float("inf"), "2021 2022 2023", "1" * 500, [0], [[0, 1, 2]], {"raw": "soon"},
        "0021-05-03", "2999", "1850 pages", object(),
    ],
)  # fmt: skip
def test_no_dates(value: Any) -> None:
    """What gives no plausible year is not a date, and never a year 0."""
    assert parse_date(value) is None
    assert not is_blank(value)


@pytest.mark.parametrize("value", [None, "", " \n", [], [[]], [[None]], {}, {"date-parts": [[None, None]]}])
def test_blank(value: Any) -> None:
    """An empty place is not a date, and different from a value that cannot be read."""
    assert is_blank(value)
    assert parse_date(value) is None


@pytest.mark.parametrize(
    ("value", "known", "doubt"),
    [
        ("03/04/2021", "2021", "day and month, which could be exchanged"),
        ("3.4.2021", "2021", "day and month, which could be exchanged"),
        ("2021-02-30", "2021-02", "day 30 of this month"),
        ("31 April 2021", "2021-04", "day 31 of this month"),
        ([[2021, 2, 30]], "2021-02", "day 30 of this month"),
        ("2021-13-05", "2021", "month 13"),
        ("13/04/2021", "2021-04-13", None),
        ("04/13/2021", "2021-04-13", None),
        ("04/04/2021", "2021-04-04", None),
        ("2-4 April 2026", "2026-04-02", None),
        ("30 April-3 May 2026", "2026-04-30", None),
        ("April 30 – May 3, 2026", "2026-04-30", None),
        ("1998 Dec-1999 Jan", "1998-12", None),
        ("2021/22", "2021", None),
        ("Winter 2020/2021", "2020", None),
        ("2021-W05", "2021", None),
        ("04 2021", "2021-04", None),
        ("January 2021a", "2021-01", None),
        ("2021b. June 20, 2022", "2021", "what follows the year"),
        ("2021. accessed October 30, 2022", "2021", "what follows the year"),
    ],
)
def test_doubts(value: Any, known: str, doubt: str | None) -> None:
    """The part that is sure is kept, nothing is guessed, and the lost part is named."""
    found = read_date(value)
    assert (found.date and found.date.known, found.doubt) == (known, doubt)


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("3 de mayo de 2021", "2021-05-03"), ("15 août 2020", "2020-08-15"), ("1er janvier 2020", "2020-01-01"),
        ("15. März 2021", "2021-03-15"), ("2 maggio 2021", "2021-05-02"), ("7 de março de 2021", "2021-03-07"),
        ("Dez. 2021", "2021-12"), ("5 oktober 2021", "2021-10-05"), ("2021년 5월 3일", "2021-05-03"),
    ],
)  # fmt: skip
def test_languages(value: str, known: str) -> None:
    """Months have their names in several languages, with and without accents."""
    found = parse_date(value)
    assert found is not None
    assert found.known == known


@given(DAYS)
def test_exchangeable_numbers(day: date) -> None:
    """Day and month in numbers before the year are read where they can be told apart, else not guessed."""
    expected = PartialDate(day.year, day.month, day.day)
    is_sure = day.day > 12 or day.day == day.month
    for form in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        assert parse_date(day.strftime(form)) == (expected if is_sure else PartialDate(day.year))


@pytest.mark.parametrize(
    ("arxiv_id", "known"),
    [
        ("0704.4321", "2007-04"), ("2504.01234v2", "2025-04"), ("hep-th/9901001", "1999-01"), ("9901.00123", None),
        ("math.GT/0309136", "2003-09"), ("arXiv:2101.00001", "2021-01"), ("2113.00001", None), ("W123", None),
    ],
)  # fmt: skip
def test_arxiv_ids(arxiv_id: str, known: str | None) -> None:
    """An arXiv id begins with the year and month of its first version."""
    found = date_of_arxiv_id(arxiv_id)
    assert (found.known if found else None) == known


@given(st.integers(0, 10**15) | st.integers(10**9, 10**10) | st.integers(10**12, 10**13))
def test_any_number(number: int) -> None:
    """A number is read as its digits are: a year, a day or an instant, and any other number is not a date."""
    found = read_date(number)
    assert read_date(str(number)) == found
    if 10**9 <= number < 10**10 or 10**12 <= number < 10**13:
        seconds = number if number < 10**10 else number // 1000
        expected = datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds < 4_102_444_800 else None
        assert (found.date.iso if found.date else None) == expected
