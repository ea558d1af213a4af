"""The first publication among several dates of one paper."""

from __future__ import annotations

from collections.abc import Iterable

from papersearch.ingest.dates import parse_date


def earliest(written: Iterable[str]) -> list[str]:
    """Return the earliest date that can be read, in a list: the first one, if none can.

    A paper may appear online before its issue, or long after it. A day counts before its month alone.
    """
    texts = list(filter(None, written))
    dated = [(date, text) for text in texts if (date := parse_date(text))]
    if not dated:
        return texts[:1]
    return [min(dated, key=lambda one: (one[0].year, one[0].month or 99, one[0].day or 99))[1]]
