"""The time of a build, today's date for a query, and instants as texts and as numbers.

An instant is a whole second of UTC: a number of seconds since 1970, or a text such as
`2026-03-16T08:00:00Z`.
"""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, date, datetime
from functools import lru_cache

DAY_S = 86_400
"""Seconds of a day."""

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
LATEST = (1 << 32) - 1
"""Latest instant that an index can hold."""


def now() -> int:
    """Return the present instant."""
    return int(time.time())


def build_time() -> int:
    """Return the time of a build: SOURCE_DATE_EPOCH where it is set, so that builds can be repeated."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    return min(max(int(said) if said.isascii() and said.isdigit() else now(), 1), LATEST)


def today() -> date:
    """Return the local date."""
    return date.today()


@lru_cache(maxsize=256)  # papers of one build share it
def instant_of(seconds: int) -> str:
    """Return the text of an instant."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def seconds_of(instant: str) -> int:
    """Return the number of an instant, 0 where it is before 1970. Raises ValueError."""
    if _INSTANT.fullmatch(instant) is None:
        raise ValueError(f"expected an instant such as 2026-03-16T08:00:00Z, found {instant!r}")
    return max(0, int(datetime.fromisoformat(instant).timestamp()))


def beginning_of(day: date) -> int:
    """Return the instant at which a local day begins, 0 where it is before 1970."""
    try:
        return max(0, int(datetime(day.year, day.month, day.day).astimezone().timestamp()))
    except (OverflowError, ValueError, OSError):  # years that the system's clock cannot express
        return 0 if day.year < 1970 else LATEST


def local_day(instant: str) -> str:
    """Return the local date of an instant, for people. Raises ValueError."""
    return f"{datetime.fromtimestamp(seconds_of(instant)):%Y-%m-%d}"
