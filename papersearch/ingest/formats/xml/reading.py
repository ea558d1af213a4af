"""The way from a file of XML to its records, which all formats in XML share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import IO, NamedTuple, TypeAlias

from papersearch.ingest.formats.xml.document import Ancestors, Layout
from papersearch.ingest.formats.xml.elements import elements
from papersearch.ingest.formats.xml.tree import Element, local
from papersearch.ingest.formats.xml.unread import UnreadElements
from papersearch.ingest.record import Complain, NotADump, Record
from papersearch.ingest.streams import Unreadable
from papersearch.types import FindingKind

_SHOWN = 10
"""Findings of one kind that name their lines; the rest is counted."""

# Possessive, because the number of ways to divide a run of comments doubles with each.
_ROOT = re.compile(
    rb"\A(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*+<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)(?=[\s/>])",
    re.DOTALL | re.IGNORECASE,
)


class Rejected(NamedTuple):
    """An element of papers that gives none, and the reason."""

    why: str


ToRecords: TypeAlias = Callable[[Element, Ancestors], Iterable[Record | Rejected]]


def root_of(head: bytes) -> str | None:
    """Return the name of the first element, without prefix, or None if `head` is not XML."""
    found = _ROOT.match(head)
    return found[1].decode("ascii", "replace") if found else None


def ancestor(ancestors: Ancestors, name: str) -> dict[str, str]:
    """Return the attributes of the innermost element of a name around an element."""
    return next((attributes for written, attributes in reversed(ancestors) if local(written) == name), {})


def is_below(ancestors: Ancestors, name: str) -> bool:
    """Return whether there is an element of this name around an element."""
    return any(local(written) == name for written, _ in ancestors)


def read_records(
    stream: IO[bytes], head: bytes, complain: Complain, layout: Layout, to_records: ToRecords
) -> Iterator[Record]:
    """Yield the records of a file; report elements that give none, faults, and fields that were not read.

    Raises NotADump for a file without any record.
    """
    faults = _Faults(complain)
    unread = UnreadElements()
    try:
        for element, ancestors in elements(stream, head, layout, faults.add):
            for record in to_records(element, ancestors):
                if isinstance(record, Rejected):
                    faults.add("not a record", element.first_line, record.why)
                    continue
                faults.release()
                unread.add(element, record)
                yield record
    except Unreadable:
        faults.release()
        raise
    faults.end()
    unread.report(complain)


class _Faults:
    """The findings about one file: held back until there is a record, and bounded in number."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._has_record = False
        self._held: list[tuple[FindingKind, int, str]] = []
        self._counts: dict[FindingKind, int] = {}
        self._further: dict[FindingKind, int] = {}

    def add(self, kind: FindingKind, line: int, detail: str) -> None:
        """Report a fault, or count it among those of its kind."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] > _SHOWN:
            self._further.setdefault(kind, line)
        elif self._has_record:
            self._complain(kind, line, detail)
        else:
            self._held.append((kind, line, detail))

    def release(self) -> None:
        """Report what was held back."""
        self._has_record = True
        for held in self._held:
            self._complain(*held)
        self._held.clear()

    def end(self) -> None:
        """Report the counts. Raises NotADump if there is no record."""
        if not self._has_record:
            first = next(iter(self._held), None)
            raise NotADump(f"XML without a paper; line {first[1]}: {first[2]}" if first else "XML without a paper")
        for kind, line in self._further.items():
            self._complain(kind, line, f"{self._counts[kind] - _SHOWN:,} more from here on")
