"""The dump format JSON: one object per paper, as JSON lines, in an array or in an API's answer.

`json_shapes` has the sources that are known. Faults, objects that are not papers and fields that were
not read are summed up: a damaged file gives a page of findings, not a finding per line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

import orjson

from papersearch.ingest.formats.few_findings import FewFindings
from papersearch.ingest.formats.json_shapes.envelopes import candidates
from papersearch.ingest.formats.json_shapes.fields import Lines
from papersearch.ingest.formats.json_shapes.lookalikes import Lookalike, look_of, names_of
from papersearch.ingest.formats.json_shapes.unread import UnreadFields
from papersearch.ingest.formats.json_values import (
    MAX_VALUE_BYTES,
    TOO_DEEP,
    Value,
    is_deep,
    layout_of,
    read_values,
    values_in_line,
)
from papersearch.ingest.record import Complain, NotADump, Record
from papersearch.types import FindingKind

NAME = "JSON"

_POSITION = re.compile(r": line | \(| “")


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return layout_of(head) is not None


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one file in order; report values that do not describe a paper.

    Raises NotADump for a file without any record of a paper.
    """
    complaints = _Complaints(complain)
    unread = UnreadFields()
    values = _line_values(stream, complaints.findings) if layout_of(head) == "lines" else read_values(stream)
    for value in values:
        if value.fault:
            complaints.add("not a record" if value.is_lost else "not valid JSON", value.first_line, value.fault)
        if value.is_lost:
            continue
        if is_deep(value.value):
            complaints.add("not a record", value.first_line, TOO_DEEP)
            continue
        lines = Lines(value.first_line, value.last_line)
        for fields, shape in candidates(value.value):
            if shape is None:
                if not value.is_aside:
                    complaints.reject(lines.first, fields)
                continue
            record = shape.read(fields, lines)
            if record is not None:
                complaints.findings.release()
                unread.add(shape, fields, record)
                record.source = shape.NAME
                yield record
    complaints.end()
    unread.report(complain)


def _line_values(stream: IO[bytes], findings: FewFindings) -> Iterator[Value]:
    """Yield the values of each line of JSON lines; report lines that cannot be read."""
    for line in findings.lines(stream, MAX_VALUE_BYTES):
        text = line.text.strip(" \t\r\x1e")
        if not text or (line.fault and line.fault.line_is_lost):
            continue
        try:
            yield Value(line.number, line.number, orjson.loads(text))
        except orjson.JSONDecodeError:
            yield from values_in_line(line.number, text.encode("utf-8", "surrogatepass"))


class _Complaints:
    """The findings about one file: held back until a paper is found."""

    def __init__(self, complain: Complain) -> None:
        self.findings = FewFindings(complain, are_held=True)
        self._looks: dict[Lookalike | None, int] = {}
        self._first_names = ""

    def add(self, kind: FindingKind, line: int, detail: str, reason: str | None = None) -> None:
        """Report a fault, or count it among those of its kind and reason."""
        self.findings.add(kind, line, detail, _POSITION.split(detail)[0] if reason is None else reason)

    def reject(self, line: int, value: object) -> None:
        """Report a value that is not a paper."""
        if not isinstance(value, dict):
            name = type(value).__name__
            self.add("not a record", line, f"{name} in place of an object")
            return
        look, names = look_of(value), names_of(value)
        self._looks[look] = self._looks.get(look, 0) + 1
        self._first_names = self._first_names or names
        if look is None:
            detail = f"neither title nor abstract; its fields: {names}"
            self.add("record without text", line, detail, reason="neither title nor abstract")
        else:
            self.add("not a record", line, f"{look.one}; its fields: {names}", reason=look.one)

    def end(self) -> None:
        """Report the counts. Raises NotADump if the file has no paper."""
        if self.findings.are_held:
            raise NotADump(self._why_not())
        self.findings.end()

    def _why_not(self) -> str:
        """Return what the file looks like."""
        first = next(iter(self.findings.held), None)
        if not self._looks:
            return f"JSON without a record; line {first.line}: {first.detail}" if first else "JSON without a paper"
        look = max(self._looks, key=self._looks.__getitem__)
        if look is None:
            return f"JSON without titles and abstracts; its fields: {self._first_names}"
        return look.many if look.is_sure else f"{look.many}; its fields: {self._first_names}"
