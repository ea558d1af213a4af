"""The top-level values of a JSON file, one by one, with their line numbers.

A file may be JSON lines, one array, one object, or a sequence of objects. It is read in chunks and
never held whole. A value that is not valid JSON does not affect the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, Literal, NamedTuple

import orjson

MAX_VALUE_BYTES = 32 << 20
"""Largest value, far beyond any real record; a larger one is reported and skipped."""

_CHUNK = 1 << 16
_ARRAY = re.compile(rb"\[\s*(?:[{\]]|$)")
_OBJECT = re.compile(rb'\{\s*(?:["}]|$)')
_MARKS = re.compile(rb'["\\{}\[\]\n]')


class Value(NamedTuple):
    """A parsed value and its lines, from 1, inclusive; `fault` says why it could not be parsed."""

    first_line: int
    last_line: int
    value: Any
    fault: str | None = None


def layout_of(head: bytes) -> Literal["lines", "values"] | None:
    """Return how a file that starts with `head` arranges its objects, or None if it has none.

    "lines" is one object per line; "values" is an array, or objects over several lines.
    """
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _ARRAY.match(head):
        return "values"
    if not _OBJECT.match(head):
        return None
    lines = [line for line in head.split(b"\n", 2)[:2] if line.strip()]
    # An object over several lines opens a brace that its first line does not close.
    spread = len(lines) > 1 and not lines[0].rstrip().endswith(b"}") and not lines[1].lstrip().startswith(b"{")
    return "values" if spread else "lines"


def parse(raw: bytes) -> tuple[Any, str | None]:
    """Return (the value, None), or (None, the reason why `raw` is not JSON)."""
    try:
        return orjson.loads(raw), None
    except orjson.JSONDecodeError as error:
        return None, f"not JSON ({error})"


def read_values(stream: IO[bytes]) -> Iterator[Value]:
    """Yield the elements of an array, or the objects of a sequence."""
    splitter = _Splitter()
    while chunk := stream.read(_CHUNK):
        yield from splitter.feed(chunk)
    yield from splitter.finish()


class _Splitter:
    """Finds where top-level objects begin and end, by brackets and quotation marks alone."""

    def __init__(self) -> None:
        self._line = 1
        self._depth = 0
        self._in_array = False
        self._in_string = False
        self._escaped_at = -1
        self._taken = bytearray()
        self._first_line = 0
        self._is_too_long = False
        self._offset = 0

    def feed(self, chunk: bytes) -> Iterator[Value]:
        """Read the next chunk; yield the values that end in it."""
        begin = 0
        for mark in _MARKS.finditer(chunk):
            place, character = mark.start(), mark[0]
            if character == b"\n":
                self._line += 1
            if self._is_quoted(self._offset + place, character):
                continue
            if character in b"{[" and self._begins_value(character):
                begin = place
            elif character in b"}]" and self._depth:
                self._depth -= 1
                if self._depth == 0:
                    self._take(chunk[begin : place + 1])
                    yield self._finished()
        if self._depth:
            self._take(chunk[begin:])
        self._offset += len(chunk)

    def _is_quoted(self, offset: int, character: bytes) -> bool:
        """Return whether a mark lies inside a string or delimits one; update the string state."""
        if not self._in_string:
            self._in_string = character == b'"' and (self._depth > 0 or self._in_array)
            return self._in_string
        if offset != self._escaped_at:
            if character == b"\\":
                self._escaped_at = offset + 1
            elif character == b'"':
                self._in_string = False
        return True

    def _begins_value(self, bracket: bytes) -> bool:
        """Go one level down; return whether a top-level value begins there."""
        if bracket == b"[" and self._depth == 0 and not self._in_array:
            self._in_array = True
            return False
        self._depth += 1
        if self._depth == 1:
            self._first_line = self._line
        return self._depth == 1

    def finish(self) -> Iterator[Value]:
        """End the file; yield a fault for a value that is still open."""
        if self._depth:
            yield Value(self._first_line, self._line, None, "the file ends within it")

    def _take(self, piece: bytes) -> None:
        """Append `piece` to the current value; discard a value that becomes too long."""
        if self._is_too_long or len(self._taken) + len(piece) > MAX_VALUE_BYTES:
            self._is_too_long = True
            self._taken.clear()
        else:
            self._taken += piece

    def _finished(self) -> Value:
        """Parse the current value and reset the state for the next one."""
        value, fault = parse(bytes(self._taken))
        if self._is_too_long:
            fault = f"longer than {MAX_VALUE_BYTES:,} bytes"
        self._taken.clear()
        self._is_too_long = False
        return Value(self._first_line, self._line, value, fault)
