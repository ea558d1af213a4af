"""The top-level values of a JSON file, one by one, with the lines they stand on.

JSON lines, one array, one object, or objects one after another: a file is read in pieces
and never held whole. A value that is not JSON costs that value, not the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, Literal, NamedTuple

import orjson

MAX_VALUE_BYTES = 32 << 20
"""Three times an absurdly long abstract; a longer value is reported and passed over."""

_CHUNK = 1 << 16
_ARRAY = re.compile(rb"\[\s*(?:[{\]]|$)")
_OBJECT = re.compile(rb'\{\s*(?:["}]|$)')
_MARKS = re.compile(rb'["\\{}\[\]\n]')


class Value(NamedTuple):
    """A parsed value and its lines, counted from 1, inclusive; `fault` says why there is none."""

    first_line: int
    last_line: int
    value: Any
    fault: str | None = None


def layout_of(head: bytes) -> Literal["lines", "values"] | None:
    """How a file that begins with `head` holds its objects; None when it holds none."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _ARRAY.match(head):
        return "values"
    if not _OBJECT.match(head):
        return None
    lines = [line for line in head.split(b"\n", 2)[:2] if line.strip()]
    # One object over several lines opens a brace that its first line does not close.
    spread = len(lines) > 1 and not lines[0].rstrip().endswith(b"}") and not lines[1].lstrip().startswith(b"{")
    return "values" if spread else "lines"


def parse(raw: bytes) -> tuple[Any, str | None]:
    """(the value, None), or (None, what is wrong with it)."""
    try:
        return orjson.loads(raw), None
    except orjson.JSONDecodeError as error:
        return None, f"not JSON ({error})"


def read_values(stream: IO[bytes]) -> Iterator[Value]:
    """The elements of an array, or the objects that follow one another."""
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
        """Whether a mark stands within a string, or begins or ends one."""
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
        """Go one level down; true when a top-level value begins there."""
        if bracket == b"[" and self._depth == 0 and not self._in_array:
            self._in_array = True
            return False
        self._depth += 1
        if self._depth == 1:
            self._first_line = self._line
        return self._depth == 1

    def finish(self) -> Iterator[Value]:
        if self._depth:
            yield Value(self._first_line, self._line, None, "the file ends within it")

    def _take(self, piece: bytes) -> None:
        if self._is_too_long or len(self._taken) + len(piece) > MAX_VALUE_BYTES:
            self._is_too_long = True
            self._taken.clear()
        else:
            self._taken += piece

    def _finished(self) -> Value:
        value, fault = parse(bytes(self._taken))
        if self._is_too_long:
            fault = f"longer than {MAX_VALUE_BYTES:,} bytes"
        self._taken.clear()
        self._is_too_long = False
        return Value(self._first_line, self._line, value, fault)
