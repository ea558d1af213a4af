"""Dates as people and sources write them.

A date may be a year alone, or a month without a day. What is no date is told apart from no value.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?![\d-])")


class PartialDate(NamedTuple):
    """A day, a month or a year. A day needs a month."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def iso(self) -> str | None:
        """The day as YYYY-MM-DD, or None if it is not known."""
        return f"{self.year:04}-{self.month:02}-{self.day:02}" if self.month and self.day else None


def parse_date(written: object) -> PartialDate | None:
    """Return the date that a source wrote, or None if it is none."""
    found = _ISO.match(str(written))
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    return PartialDate(year or 0, month, day)


def date_of_arxiv_id(arxiv_id: str) -> PartialDate | None:
    """Return the year and month that an arXiv id begins with: 2007-04 for 0704.4321."""
    digits = re.search(r"(?:^|/)(\d{2})(\d{2})", arxiv_id)
    if not digits or not 1 <= int(digits[2]) <= 12:
        return None
    year = int(digits[1])
    return PartialDate(1900 + year if year > 90 else 2000 + year, int(digits[2]))
