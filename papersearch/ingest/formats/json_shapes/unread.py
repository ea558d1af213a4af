"""Fields that carry text, names, a date or an identity, and that nothing read."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from types import ModuleType
from typing import NamedTuple

from papersearch.ingest.formats.few_findings import UnreadNames
from papersearch.ingest.formats.json_shapes import generic
from papersearch.ingest.formats.json_shapes.fields import Fields
from papersearch.ingest.formats.json_shapes.names import Meaning, carries, meaning_of
from papersearch.ingest.record import Complain, Record

_MOST_WITHIN = 100
"""Most fields of an inner object that are looked at."""

_MAX_CACHED = 64
_NESTED = frozenset({"abstract", "authors", "date", "identity"})


class _Doubtful(NamedTuple):
    """Fields of an object that may have been passed over."""

    read: tuple[tuple[str, Meaning], ...]
    left: tuple[tuple[str, Meaning], ...]
    unknown: tuple[str, ...]


class UnreadFields:
    """Counts the fields of one file that carry something and were not read."""

    def __init__(self) -> None:
        self._names = UnreadNames()

    def add(self, shape: ModuleType, fields: Fields, record: Record) -> None:
        """Count the fields of a record that left no trace in it."""
        keys = tuple(fields)
        doubtful = (_doubtful if len(keys) <= _MAX_CACHED else _doubtful.__wrapped__)(shape, keys)
        if not any(doubtful) or not (record.title or record.abstract):
            return
        missing = _missing(record)
        for name, meaning in doubtful.read:
            if meaning in missing and carries(fields[name], meaning):
                self._names.add(name, record.first_line)
        for name, meaning in doubtful.left:
            if (meaning in missing or shape is generic) and carries(fields[name], meaning):
                self._names.add(name, record.first_line)
        for name in doubtful.unknown:
            for within, meaning in _within(fields[name]):
                if meaning in missing:
                    self._names.add(f"{name}.{within}", record.first_line)

    def report(self, complain: Complain) -> None:
        """Report each field once, with the number of records in which it was not read."""
        self._names.report(complain)


_TRACED = frozenset({"title", "abstract", "authors"})
"""Meanings whose values are checked for a trace; dates and identifiers are checked at the door."""


@lru_cache(maxsize=512)
def _doubtful(shape: ModuleType, keys: tuple[str, ...]) -> _Doubtful:
    """Return the fields to look at in an object with these keys."""
    untraced: frozenset[str] = getattr(shape, "UNTRACED", frozenset())
    read, left, unknown = [], [], []
    for key in keys:
        meaning = meaning_of(key)
        if generic.is_read(key) if shape is generic else key in shape.KNOWN:
            if meaning in _TRACED and key not in untraced:
                read.append((key, meaning))
        elif meaning:
            left.append((key, meaning))
        else:
            unknown.append(key)
    return _Doubtful(tuple(read), tuple(left), tuple(unknown))


def _missing(record: Record) -> set[Meaning]:
    """Return what a record does not tell."""
    known: dict[Meaning, object] = {
        "title": record.title.strip(),
        "abstract": record.abstract.strip(),
        "authors": record.authors or record.joined_authors,
        "date": record.dates or record.arxiv_ids,
        "identity": record.arxiv_ids or record.dois,
    }
    return {meaning for meaning, value in known.items() if not value}


def _within(value: object) -> list[tuple[str, Meaning]]:
    """Return the fields inside an object that carry something."""
    if not isinstance(value, dict):
        return []
    named = ((name, meaning_of(name)) for name in islice(value, _MOST_WITHIN))
    return [(name, meaning) for name, meaning in named if meaning in _NESTED and carries(value[name], meaning)]
