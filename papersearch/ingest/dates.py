"""Dates as people and sources write them.

A date may be a year alone, or a month without a day. Nothing is guessed: where a day and a month
could be exchanged, only the year is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

from papersearch.text.identifiers import bare_arxiv_id

_FIRST_YEAR, _LAST_YEAR = 1000, 2100
"""Plausible years of a paper. A number outside is a count, an id or a slip."""

_FIRST_ARXIV_YEAR = 91
_LONGEST = 200

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janner janvier janv enero ene gennaio gen janeiro januari",
            "february feb febr februar fevrier fevr fev febrero febbraio fevereiro februari",
            "march mar marz mrz mars marzo marco maart mrt",
            "april apr avril avr abril abr aprile",
            "may mai mayo maggio maio mei",
            "june jun juni juin junio giugno giu junho",
            "july jul juli juillet juil julio luglio lug julho",
            "august aug aout agosto ago augustus",
            "september sept sep septembre septiembre setiembre settembre setembro set",
            "october oct oktober okt octobre octubre ottobre ott outubro out",
            "november nov novembre noviembre novembro",
            "december dec dezember dez decembre diciembre dic dicembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
"""Months in English, German, French, Spanish, Italian, Portuguese and Dutch, without accents."""

_PASSED_OVER = frozenset(
    "monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun"
    " spring summer autumn fall winter quarter first second third fourth early mid late"
    " st nd rd th er of the de del do le den c ca circa approx approximately about copyright ad ce"
    " published publication online first epub posted available submitted presented on in at press"
    " forthcoming".split()
)
"""Words beside a date that do not change its year, month or day."""

_DASHES = re.compile("[\u2010\u2011\u2212]")
_YEAR = re.compile(r"(\d{4})(?:\.0+|[a-z]|[?~%]|-?w\d{2}(?:-?\d)?)?")
_ISO = re.compile(r"(\d{4})([-/. ])(\d{1,2})(?:\2(\d{1,2})(?:[t ,;].*)?)?[?~%]?(?:/.*)?", re.DOTALL)
_YEARS = re.compile(r"(\d{4})[?~%]?(?:\s?[-/]+\s?(?:\d{2}|\d{4})?|//.*)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?(?:t?\d{4}(?:\d{2})?z?)?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})(?:[t, ].*)?", re.DOTALL)
_MONTH_AND_YEAR = re.compile(r"(\d{1,2})[-/. ](\d{4})")
_YEAR_AND_REMARK = re.compile(r"(\d{4})[a-k]?\. .*", re.DOTALL)
_LETTER_OF_YEAR = re.compile(r"(?<!\d)(\d{4})[a-k]\b")
"""A letter that tells works of one year apart: 2019a."""

_EAST_ASIAN = re.compile(r"(\d{4})\s*[年년](?:\s*(\d{1,2})\s*[月월](?:\s*(\d{1,2})\s*[日일号])?)?.*", re.DOTALL)
_RANGE = re.compile(r"(?<!\s)\s*+(?:[–—]|\.\.+|--+)\s*+|(?<!\s)\s++(?:-|/|to|until)\s++|(?<=[a-z])-(?=\d{4} [a-z])")
_TIME = re.compile(
    r"\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
    r"(?:\s*(?:am|pm|z|ut|utc|gmt|[ecmp][sd]t|cest?|bst|[+-]\d{2}:?\d{2})\b)*(?:\s*\([a-z]+\))?"
)
_QUARTER = re.compile(r"\b(?:q[1-4]|[1-4]q)\b")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_SECONDS = range(10**9, 4_102_444_800)
"""Seconds since 1970, from 2001 to 2100: fewer could be days written YYYYMMDD."""


class PartialDate(NamedTuple):
    """A day, a month or a year. A day needs a month."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def iso(self) -> str | None:
        """The day as YYYY-MM-DD, or None if it is not known."""
        return f"{self.year:04}-{self.month:02}-{self.day:02}" if self.month and self.day else None

    @property
    def known(self) -> str:
        """The known part: 2026, 2026-04 or 2026-04-02."""
        return self.iso or (f"{self.year:04}-{self.month:02}" if self.month else f"{self.year:04}")


class ReadDate(NamedTuple):
    """The date in a value of a source, None if there is none; `doubt` says what could not be read."""

    date: PartialDate | None
    doubt: str | None = None


_NO_DATE = ReadDate(None)


def parse_date(written: object) -> PartialDate | None:
    """Return the date that a source wrote, or None if the value is not a date."""
    return read_date(written).date


def is_blank(written: object) -> bool:
    """Return whether a source left the place of a date empty, which says nothing."""
    if isinstance(written, str):
        return not written.strip()
    if isinstance(written, Mapping):
        return all(map(is_blank, written.values()))
    if isinstance(written, Sequence):
        return all(map(is_blank, written))
    return written is None


def read_date(written: object) -> ReadDate:
    """Return the date that a source wrote as text, number, list of parts, or object of CSL and Crossref.

    Of a range, the beginning counts.
    """
    if isinstance(written, bool):
        return _NO_DATE
    if isinstance(written, float):
        is_whole = written.is_integer() or _SECONDS.start <= written < _SECONDS.stop
        return _of_number(int(written)) if is_whole else _NO_DATE
    if isinstance(written, int):
        return _of_number(written)
    if isinstance(written, str):
        return _of_text(written) if len(written) <= _LONGEST else _NO_DATE
    if isinstance(written, Mapping):
        return _of_object(written)
    return _of_parts(written) if isinstance(written, Sequence) else _NO_DATE


def date_of_arxiv_id(arxiv_id: str) -> PartialDate | None:
    """Return the year and month that an arXiv id begins with: 2007-04 for 0704.4321."""
    bare = bare_arxiv_id(arxiv_id)
    digits = re.search(r"(?:^|/)(\d{2})(\d{2})", bare) if bare else None
    if not digits:
        return None
    year = int(digits[1])
    return PartialDate(1900 + year if year >= _FIRST_ARXIV_YEAR else 2000 + year, int(digits[2]))


def _of_number(number: int) -> ReadDate:
    return _of_seconds(number) or (_of_text(str(number)) if number > 0 else _NO_DATE)


def _of_seconds(number: int) -> ReadDate | None:
    """Return the day of a number of seconds or milliseconds since 1970, or None for another number."""
    seconds = next((each for each in (number, number // 1000) if each in _SECONDS), None)
    if seconds is None:
        return None
    day = datetime.fromtimestamp(seconds, UTC)
    return ReadDate(PartialDate(day.year, day.month, day.day))


def _of_object(fields: Mapping[object, object]) -> ReadDate:
    """Return the date of an object of CSL, Crossref, OpenReview, or of one with year, month and day."""
    first_doubt = None
    for name in ("date-parts", "date-time", "iso-8601", "raw", "literal", "value", "$date", "timestamp"):
        if not is_blank(fields.get(name)):
            found = read_date(fields[name])
            if found.date:
                return found
            first_doubt = first_doubt or found.doubt
    parts = [fields.get(name) for name in ("year", "month", "day")]
    return _of_parts(parts) if not is_blank(parts) else ReadDate(None, first_doubt)


def _of_parts(parts: Sequence[object]) -> ReadDate:
    """Return the date of [year, month, day], or of a list of such lists: a range."""
    if parts and isinstance(parts[0], Sequence) and not isinstance(parts[0], str):
        return read_date(parts[0])
    given = [str(part).strip().rstrip(".") for part in parts[:3] if not is_blank(part)]
    if not given or is_blank(parts[0]):
        return _NO_DATE
    whole = re.sub(r"\.0+$", "", given[0])
    if not re.fullmatch(r"\d{4}", whole):
        return read_date(parts[0]) if len(given) == 1 else _NO_DATE
    numbers = [_month_number(_folded(part)) if place == 0 else part for place, part in enumerate(given[1:])]
    if not all(re.fullmatch(r"\d{1,2}(\.0+)?", str(number)) for number in numbers):
        return _checked(int(whole), 0, 0, "month or day")
    month, day = [*(int(float(number)) for number in numbers), 0, 0][:2]
    return _checked(int(whole), month, day)


def _month_number(written: str) -> str:
    number = _MONTHS.get(written)
    return str(number) if number else written


@lru_cache(maxsize=4096)  # papers share their days
def _of_text(written: str) -> ReadDate:
    text = _DASHES.sub("-", _folded(written)).strip(" \t\r\n\"'()[]{}.,;:©")
    if text.isdigit() and len(text) in (10, 13) and (instant := _of_seconds(int(text))):
        return instant
    if found := _ISO.fullmatch(text):
        return _checked(int(found[1]), int(found[3]), int(found[4] or 0))
    if found := _YEAR.fullmatch(text) or _YEARS.fullmatch(text):
        return _checked(int(found[1]), 0, 0)
    if (found := _COMPACT.fullmatch(text)) and int(found[2]) > 12:
        return _NO_DATE
    if found := found or _EAST_ASIAN.fullmatch(text):
        return _checked(int(found[1]), int(found[2] or 0), int(found[3] or 0))
    if found := _YEAR_LAST.fullmatch(text):
        return _of_year_last(int(found[1]), int(found[3]), int(found[4]))
    if found := _MONTH_AND_YEAR.fullmatch(text):
        return _checked(int(found[2]), int(found[1]), 0)
    if found := _YEAR_AND_REMARK.fullmatch(text):
        words = _of_words(text)
        return words if words.date else _checked(int(found[1]), 0, 0, "what follows the year")
    begin = _RANGE.split(text)[0]
    return _of_text(begin) if begin != text and re.search(r"\d{4}", begin) else _of_words(text)


def _of_year_last(first: int, second: int, year: int) -> ReadDate:
    """Return the date of two numbers before a year; either may be the month."""
    if first == second or second > 12 >= first:
        return _checked(year, first, second)
    if first > 12:
        return _checked(year, second, first)
    return _checked(year, 0, 0, "day and month, which could be exchanged")


def _of_words(text: str) -> ReadDate:
    """Return the date of a text with the name of a month, or with words around a year."""
    begin = _QUARTER.sub("quarter", _TIME.sub(" ", _RANGE.sub(" - ", _LETTER_OF_YEAR.sub(r"\1", text))))
    begin = re.sub(r"(\d{4})\s*[-/]\s*(?:\d{4}|\d{2})\b", r"\1", begin)  # of several years the first
    begin = re.sub(r"(?<!\d)(\d{1,2})\s*-\s*\d{1,2}(?!\d)", r"\1", begin)  # of several days the first
    tokens = _TOKEN.findall(begin)
    words = [token for token in tokens if not token.isdigit()]
    years = [token for token in tokens if token.isdigit() and len(token) == 4]
    days = [token for token in tokens if token.isdigit() and len(token) <= 2]
    parts = [token for token in tokens if token in _MONTHS or token in days]
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    if any(word not in _MONTHS and word not in _PASSED_OVER for word in words):
        return _NO_DATE
    if not years or len(set(years)) > 1 or len(years) + len(days) < len(tokens) - len(words):
        return _NO_DATE
    if not months and "quarter" not in words and days:
        return _NO_DATE
    day = int(days[0]) if days and months and days[0] in parts[:2] else 0
    return _checked(int(years[0]), months[0] if months else 0, day)


def _folded(text: str) -> str:
    """Return `text` in small letters without accents, with digits of any script as ASCII digits."""
    if text.isascii():
        return text.lower().strip()
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    digits = "".join(str(unicodedata.digit(letter, letter)) for letter in bare)
    return unicodedata.normalize("NFC", digits).lower().strip()


def _checked(year: int, month: int, day: int, doubt: str | None = None) -> ReadDate:
    """Return the longest part of a date that is possible; 0 is an unknown month or day."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return _NO_DATE
    if month > 12:
        # EDTF writes seasons and quarters as months 21 to 41.
        return ReadDate(PartialDate(year), None if 21 <= month <= 41 and not day else f"month {month}")
    if not month:
        return ReadDate(PartialDate(year), doubt or (f"day {day} without a month" if day else None))
    if not day:
        return ReadDate(PartialDate(year, month), doubt)
    try:
        date(year, month, day)
    except ValueError:
        return ReadDate(PartialDate(year, month), f"day {day} of this month")
    return ReadDate(PartialDate(year, month, day), doubt)
