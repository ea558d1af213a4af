"""Tagged lines, the shape that RIS, MEDLINE and Web of Science share: `TAG value`, one field a line.

A `Layout` says how one of them marks tags, the start and the end of an entry, and further lines of a
value. The reader keeps the tags that are asked for, so that long lists of references cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, NamedTuple

from papersearch.ingest.formats.few_findings import FewFindings, UnreadNames
from papersearch.ingest.lines import Line
from papersearch.ingest.record import Complain, NotADump, Record

_MAX_LINE_BYTES = 1 << 20
_MAX_ENTRY_CHARACTERS = 1 << 20
"""Longest entry, of what is kept of it: ten times the longest text of a paper."""


class Layout(NamedTuple):
    """The marks of one format.

    tag: a line that begins a field; its groups are the tag and the value
    starts, end: tags at which an entry begins and ends; without `starts`, any tag behind an end begins one
    kept: tags to keep
    lists: tags of which each further line is another value, not more of the same
    key: the tag by which findings name an entry
    has_blanks: blank lines separate entries, so that one of `starts` is not always the first tag
    name: what the format is called
    doubtful: tags that are not read but may say who wrote a paper, reported where nothing else does
    """

    tag: re.Pattern[str]
    starts: frozenset[str]
    end: str
    kept: frozenset[str]
    lists: frozenset[str]
    key: str
    has_blanks: bool = False
    doubtful: frozenset[str] = frozenset()
    name: str = ""


@dataclass(slots=True)
class Entry:
    """One entry: its lines, and the values of each tag in their order."""

    first_line: int
    last_line: int
    fields: list[tuple[str, list[str]]] = field(default_factory=list)
    n_characters: int = 0
    is_closed: bool = False

    def all(self, *tags: str) -> list[str]:
        """Return the values of these tags, in the order of the tags, without blank ones."""
        found = (" ".join(lines).strip() for tag in tags for name, lines in self.fields if name == tag)
        return [value for value in found if value]

    def in_order(self, *tags: str) -> list[str]:
        """Return the values of these tags as the entry has them, without blank ones."""
        found = (" ".join(lines).strip() for name, lines in self.fields if name in tags)
        return [value for value in found if value]

    def first(self, *tags: str) -> str:
        """Return the first value of the first of these tags that has one."""
        return next(iter(self.all(*tags)), "")

    def text(self, tag: str) -> str:
        """Return the values of one tag as one text."""
        return " ".join(self.all(tag))

    @property
    def tags(self) -> list[str]:
        """The tags of the entry, each once."""
        return list(dict.fromkeys(tag for tag, _ in self.fields))


def read_entries(stream: IO[bytes], layout: Layout, complain: Complain) -> Iterator[Entry]:
    """Yield the entries of a file; text between them is passed over. Report what cannot be read."""
    findings = FewFindings(complain)
    reader = _Reader(layout)
    for line in findings.lines(stream, _MAX_LINE_BYTES):
        if line.fault and line.fault.line_is_lost:
            reader.is_kept = False
        elif ended := reader.add(line):
            yield from _whole(ended, layout, findings)
    if reader.entry is not None:
        yield from _whole(reader.entry, layout, findings)
    findings.end()


class _Reader:
    """Gathers lines to entries."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._is_blank_before = False
        self.entry: Entry | None = None
        self.is_kept = False

    def add(self, line: Line) -> Entry | None:
        """Add a line; return the entry that ends at it or before it."""
        found = self._layout.tag.match(line.text)
        if found is None:
            self._add_further(line)
            return None
        tag, value = found[1], (found[2] or "").strip()
        ended = None
        if self._begins(tag):
            ended, self.entry = self.entry, Entry(line.number, line.number)
        self._is_blank_before = False
        if self.entry is None:
            return None
        self.entry.last_line = line.number
        if tag == self._layout.end:
            ended, self.entry = self.entry, None
            ended.is_closed = True
            return ended
        self.is_kept = tag in self._layout.kept
        if self.is_kept:
            _append(self.entry, tag, value)
        return ended

    def _begins(self, tag: str) -> bool:
        """Return whether an entry begins at this tag, which is not in any yet."""
        if not self._layout.starts:
            return self.entry is None and tag != self._layout.end
        is_start = tag in self._layout.starts
        if self.entry is None or not self._layout.has_blanks:
            return is_start
        return self._is_blank_before or (is_start and tag in self.entry.tags)

    def _add_further(self, line: Line) -> None:
        """Add a line without a tag to the last value, if that is kept."""
        if not line.text or line.text.isspace():
            self._is_blank_before = True
        elif self.entry is not None and not (self._layout.has_blanks and self._is_blank_before):
            self.entry.last_line = line.number
            if self.is_kept and self.entry.fields:
                _continue(self.entry, line.text.strip(), self._layout)


def _append(entry: Entry, tag: str, value: str) -> None:
    entry.n_characters += len(value) + len(tag)
    if entry.n_characters <= _MAX_ENTRY_CHARACTERS:
        entry.fields.append((tag, [value]))


def _continue(entry: Entry, more: str, layout: Layout) -> None:
    """Add a further line to the last value of an entry."""
    tag, lines = entry.fields[-1]
    if tag in layout.lists:
        _append(entry, tag, more)
        return
    entry.n_characters += len(more) + 1
    if entry.n_characters <= _MAX_ENTRY_CHARACTERS:
        lines.append(more)


def _whole(entry: Entry, layout: Layout, findings: FewFindings) -> Iterator[Entry]:
    """Yield an entry; report one that is too long, or has no end."""
    key = entry.first(layout.key)
    name = f"“{key[:80]}”: " if key else ""
    if layout.end and not entry.is_closed:
        reason = f"its {layout.end} is missing"
        findings.add("file damaged", entry.first_line, f"{name}{reason}; what came before the next is kept", reason)
    if entry.n_characters <= _MAX_ENTRY_CHARACTERS:
        yield entry
        return
    reason = f"longer than {_MAX_ENTRY_CHARACTERS:,} characters"
    findings.add("not a record", entry.first_line, f"{name}{reason}", reason)


def read_records(
    stream: IO[bytes], layout: Layout, complain: Complain, record_of: Callable[[Entry], Record]
) -> Iterator[Record]:
    """Yield the record of each entry in order; report tags that name authors and were not read.

    Raises NotADump for a file without an entry.
    """
    unread = UnreadNames()
    has_entry = False
    for entry in read_entries(stream, layout, complain):
        has_entry = True
        record = record_of(entry)
        _count_unread(unread, entry, record, layout)
        yield record
    if not has_entry:
        raise NotADump(f"{layout.name} without an entry")
    unread.report(complain)


def _count_unread(unread: UnreadNames, entry: Entry, record: Record, layout: Layout) -> None:
    """Count the tags that may name who wrote the paper, where no author is known."""
    if record.authors or record.joined_authors:
        return
    for tag in entry.tags:
        if tag in layout.doubtful and entry.first(tag):
            unread.add(tag, entry.first_line)
