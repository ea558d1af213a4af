"""The findings about one file, bounded in number: its faults, and its fields that were not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple

from papersearch.ingest.lines import MAX_LINE_BYTES, Line, read_lines
from papersearch.ingest.record import Complain
from papersearch.text.amounts import amount
from papersearch.types import FindingKind

_SHOWN = 10
"""Findings of one kind and reason that name their lines; the rest is counted."""

_MAX_REASONS = 100
_MAX_NAMES = 100
"""Most fields of one file that are reported: their names come from the file."""


class Held(NamedTuple):
    """A finding that is not reported yet."""

    kind: FindingKind
    line: int
    detail: str


class FewFindings:
    """The findings about one file: the first of each kind and reason, and a count of the rest.

    shown: how many of a kind name their lines, where that is not `_SHOWN`
    are_held: they are held back until `release`, since the file may turn out not to be a dump
    """

    def __init__(
        self, complain: Complain, *, shown: Mapping[FindingKind, int] | None = None, are_held: bool = False
    ) -> None:
        self._complain = complain
        self._shown = shown or {}
        self._are_held = are_held
        self._counts: dict[tuple[FindingKind, str], int] = {}
        self._further: dict[tuple[FindingKind, str], int] = {}
        self.held: list[Held] = []

    @property
    def are_held(self) -> bool:
        """Whether the findings are held back still."""
        return self._are_held

    def add(self, kind: FindingKind, line: int, detail: str, reason: str = "") -> None:
        """Report a fault, or count it among those of its kind and reason."""
        key = (kind, reason)
        if key not in self._counts and len(self._counts) >= _MAX_REASONS:
            key = (kind, "")
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._counts[key] > self._shown.get(kind, _SHOWN):
            self._further.setdefault(key, line)
        elif self._are_held:
            self.held.append(Held(kind, line, detail))
        else:
            self._complain(kind, line, detail)

    def lines(self, stream: IO[bytes], max_bytes: int = MAX_LINE_BYTES) -> Iterator[Line]:
        """Yield the lines of a file; report those that cannot be read unchanged."""
        for line in read_lines(stream, max_bytes):
            if line.fault:
                self.add(line.fault.kind, line.number, line.fault.detail)
            yield line

    def release(self) -> None:
        """Report what was held back, and hold nothing back any more."""
        self._are_held = False
        for one in self.held:
            self._complain(*one)
        self.held.clear()

    def end(self) -> None:
        """Report the counts."""
        for (kind, reason), line in self._further.items():
            n = self._counts[kind, reason] - self._shown.get(kind, _SHOWN)
            self._complain(kind, line, f"{n:,} more from here on{': ' if reason else ''}{reason}")


class UnreadNames:
    """Counts the fields of one file that carry something and were not read."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lines: dict[str, int] = {}

    def add(self, name: str, line: int) -> None:
        """Count a field of a record."""
        if name in self._counts or len(self._counts) < _MAX_NAMES:
            self._counts[name] = self._counts.get(name, 0) + 1
            self._lines.setdefault(name, line)

    def report(self, complain: Complain) -> None:
        """Report each field once, with the number of records in which it was not read."""
        for name, n in self._counts.items():
            detail = f"{name[:100]}, in {amount(n, 'record')}"
            complain("field not read", self._lines[name], detail)
