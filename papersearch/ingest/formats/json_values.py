"""The top-level values of a JSON file, one by one, with their line numbers.

A file may be JSON lines, one array, one object, a sequence of objects, or an answer: one object whose
list of records takes most of the file. It is read in chunks and never held whole. A value that is not
valid JSON does not affect the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any, Literal, NamedTuple

import orjson

from papersearch.ingest.formats.json_repair import mended

MAX_VALUE_BYTES = 32 << 20
"""Largest value, far beyond any real record; a larger one is reported and skipped."""

_CHUNK = 1 << 16
_MAX_READ_AGAIN = 256 << 20
"""Most bytes that are read a second time, to find the values that a damaged one has swallowed."""

_FREE_TO_READ_AGAIN = 128 << 10
_SPARSEST_DAMAGE = 40_000
"""The bytes of a file from one damaged value to the next, on average, at which all of them may swallow the rest.

Small files have little to read again: a nest of thousands of values would keep the reader busy for minutes."""

_ARRAY = re.compile(rb"\[\s*(?:[{\]]|$)")
_OBJECT = re.compile(rb'\{\s*(?:["}]|$)')
_MARKS = re.compile(rb'["\\{}\[\]\n]')
_COMMENTS = re.compile(rb"(?:[\s\x1e]++|(?://|#)[^\n]*\n)+")
_LIST_NAMES = rb"papers|data|results|hits|items|works|records|entries|submissions|articles|documents|docs"
_SIMPLE = rb'(?:"(?:[^"\\]|\\.)*"|[-+.\w]+|\{[^{}\[\]]*\})'
_ANSWER = re.compile(
    rb'\{\s*(?:"(?!(?:_?id|title|paper_id|itemType)")\w*"\s*:\s*'
    + _SIMPLE
    + rb'\s*,\s*)*"(?:'
    + _LIST_NAMES
    + rb')"\s*:\s*'
)
_RECORDS_WITHIN = re.compile(rb'"(?:' + _LIST_NAMES + rb'|result|notes|entry)"\s*:\s*\[\s*(?=\{)')
_FIRST_KEY = re.compile(rb'\{\s*"(?:[^"\\]|\\.)*"\s*:')
_MAX_ANSWER_HEAD = 4096
_LONGEST_INDENT = 200
_LONGEST_GAP = 60
_DEEPEST = 100
TOO_DEEP = f"values lie in each other deeper than {_DEEPEST} levels"
_SHORTEST = 3
"""Shortest value with something in it: `[1]`."""

_BLANKS = b" \t\r\n\x1e"


class Value(NamedTuple):
    """A parsed value and its lines, from 1, inclusive.

    value: an empty list where there is nothing but a fault
    fault: what was wrong with it, if anything was
    is_lost: it could not be read at all
    is_aside: it lies behind the records of an answer, and may be something else
    """

    first_line: int
    last_line: int
    value: Any
    fault: str | None = None
    is_lost: bool = False
    is_aside: bool = False


def layout_of(head: bytes) -> Literal["lines", "values"] | None:
    """Return how a file that starts with `head` arranges its objects, or None if it has none.

    "lines" is one object per line; "values" is an array, or objects over several lines.
    """
    head = head.removeprefix(b"\xef\xbb\xbf")
    if comments := _COMMENTS.match(head):
        head = head[comments.end() :]
    if _ARRAY.match(head):
        return "values"
    if not _OBJECT.match(head):
        return None
    lines = [line.strip() for line in head.split(b"\n", 2)[:2] if line.strip()]
    if len(lines) < 2 or (lines[0].endswith((b"}", b"},")) and not parse(lines[0])[2]):
        return "lines"
    # An object over several lines opens a bracket that its first line does not close.
    opens_list = lines[0].endswith(b"[") or _RECORDS_WITHIN.search(lines[0])
    spread = opens_list or not (lines[0].endswith((b"}", b"},")) or lines[1].startswith(b"{"))
    return "values" if spread else "lines"


def parse(raw: bytes | str) -> tuple[Any, str | None, bool]:
    """Return a value, what was wrong with it, and whether it is lost."""
    try:
        return orjson.loads(raw), None, False
    except orjson.JSONDecodeError as error:
        fault = str(error)
    found = mended(raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw, fault)
    return (None, f"not JSON ({fault})", True) if found is None else (*found, False)


def is_deep(value: Any) -> bool:
    """Return whether values lie in each other deeper than in any record: readers of fields are recursive."""
    level = [value] if type(value) is dict or type(value) is list else []
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            for inner in (one.values() if type(one) is dict else one)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True


def read_values(stream: IO[bytes], first_line: int = 1) -> Iterator[Value]:
    """Yield the elements of an array, the objects of a sequence, or the records of an answer."""
    splitter = _Splitter(first_line)
    while chunk := stream.read(_CHUNK):
        yield from splitter.feed(chunk)
    yield from splitter.finish()


class _Splitter:
    """Finds where top-level objects begin and end, by brackets and quotation marks alone.

    A damaged value may swallow the values behind it. Then everything from the next place that looks
    like the beginning of a value is read again.
    """

    def __init__(self, first_line: int) -> None:
        self._line = first_line
        self._line_begin = b""
        self._depth = 0
        self._base = 0  # the depth at which values lie: 1 in an array, 2 in the list of an answer
        self._is_behind_list = False
        self._in_string = False
        self._escaped_at = -1
        self._offset = 0
        self._taken = bytearray()
        self._first_line = 0
        self._indent: bytes | None = None
        self._is_too_long = False
        self._n_fed = 0
        self._n_read_again = 0
        self._gap = b""  # what lies between the last value and here, without blanks
        self._is_gap_first = True

    def feed(self, chunk: bytes) -> Iterator[Value]:
        """Read the next chunk; yield the values that end in it."""
        self._n_fed += len(chunk)
        yield from self._read(chunk)

    def _read(self, chunk: bytes) -> Iterator[Value]:
        while chunk:
            values: list[Value] = []
            chunk = self._scan(chunk, values)
            yield from values

    def finish(self) -> Iterator[Value]:
        """End the file; yield what can be read of a value that is still open."""
        is_cut = self._depth > self._base
        while self._depth > self._base:
            value, again = self._finished("the file ends within it")
            yield value
            self._depth = min(self._depth, self._base)
            yield from self._read(again)
        if self._base and not is_cut:
            yield Value(self._line, self._line, [], "the list is not closed")

    def _scan(self, chunk: bytes, values: list[Value]) -> bytes:
        """Append the values that end in a chunk; return the bytes to read again."""
        begin = 0
        for mark in _MARKS.finditer(chunk):
            place, character = mark.start(), mark[0]
            if character == b"\n":
                self._line += 1
            if self._is_quoted(self._offset + place, character):
                continue
            if character in b"{[":
                begin = self._opens(character, chunk, begin, place)
            elif character in b"}]" and self._depth > self._base:
                self._depth -= 1
                if self._depth == self._base:
                    self._take(chunk[begin : place + 1])
                    value, again = self._finished()
                    values.append(value)
                    if again:
                        return again + chunk[place + 1 :]
                    begin = place + 1
            elif character in b"}]":
                begin = self._closes(character, chunk, begin, place, values)
        return self._ends(chunk, begin)

    def _ends(self, chunk: bytes, begin: int) -> bytes:
        """Keep the rest of a chunk; return the bytes to read again if the current value is too long."""
        if self._depth > self._base:
            self._take(chunk[begin:])
            if self._is_too_long and (again := self._again()):
                return again
        else:
            self._pass(chunk[begin:])
        begin = chunk.rfind(b"\n") + 1
        line_begin = chunk[begin : begin + _LONGEST_INDENT] if begin else self._line_begin + chunk
        self._line_begin = line_begin[:_LONGEST_INDENT]
        self._offset += len(chunk)
        return b""

    def _is_quoted(self, offset: int, character: bytes) -> bool:
        """Return whether a mark lies inside a string or delimits one; update the string state."""
        if not self._in_string:
            self._in_string = character == b'"' and (self._depth > 0 or self._is_behind_list)
            return self._in_string
        if offset != self._escaped_at:
            if character == b"\\":
                self._escaped_at = offset + 1
            elif character == b'"':
                self._in_string = False
        return True

    def _opens(self, bracket: bytes, chunk: bytes, begin: int, place: int) -> int:
        """Go one level down; return where the next piece begins: here, if a value or a list does."""
        self._depth += 1
        if self._depth - 1 == self._base:
            self._pass(chunk[begin:place])
            if bracket == b"[" and self._depth == 1:
                self._base = 1
                self._gap, self._is_gap_first = b"", True
                return place + 1
            line_begin = chunk.rfind(b"\n", 0, place) + 1
            before = chunk[line_begin : min(place, line_begin + _LONGEST_INDENT)]
            before = before if line_begin else self._line_begin + before
            self._indent = None if before.strip() else before
            self._first_line = self._line
            return place
        if bracket == b"[" and self._depth == 2 and self._base == 0:
            length = len(self._taken) + place - begin
            if length < _MAX_ANSWER_HEAD and _ANSWER.fullmatch(bytes(self._taken) + chunk[begin:place]):
                self._base = 2
                self._gap, self._is_gap_first = b"", True
                self._taken.clear()
                return place + 1
        return begin

    def _closes(self, bracket: bytes, chunk: bytes, begin: int, place: int, values: list[Value]) -> int:
        """Leave a list, and the answer around it; return where the next piece begins."""
        self._pass(chunk[begin:place])
        if bracket == b"]" and self._base:
            if self._gap:
                values.append(Value(self._line, self._line, [], self._fault_of_gap(b"")))
            self._is_behind_list = self._base == 2
            self._depth = self._base = 0
        elif bracket == b"}" and self._is_behind_list:
            self._is_behind_list = False
        else:
            return place  # a bracket too many
        self._gap, self._is_gap_first = b"", True
        return place + 1

    def _pass(self, piece: bytes) -> None:
        """Note what lies between two values, without blanks."""
        if not self._is_behind_list:
            self._gap = (self._gap + piece.translate(None, _BLANKS))[:_LONGEST_GAP]

    def _fault_of_gap(self, expected: bytes) -> str | None:
        """Return what is wrong between two values; None if they are separated as they should be."""
        gap = self._gap.removeprefix(b"\xef\xbb\xbf")
        if gap == expected:
            return None
        if gap.strip(b","):
            return f"cannot read “{gap.decode('utf-8', 'replace')}”"
        return "a comma too many" if len(gap) > len(expected) else "a comma is missing"

    def _take(self, piece: bytes) -> None:
        """Append `piece` to the current value, of which no more than the limit is kept."""
        if self._is_too_long or len(self._taken) + len(piece) > MAX_VALUE_BYTES:
            self._is_too_long = True
        else:
            self._taken += piece

    def _finished(self, cause: str | None = None) -> tuple[Value, bytes]:
        """Parse the current value and reset the state; return it, and what it may have swallowed.

        cause: the reason why it is damaged, if that is known
        """
        fault = self._fault_of_gap(b"," if self._base and not self._is_gap_first else b"")
        last_line = self._line
        if self._is_too_long:
            value, fault, is_lost = None, f"longer than {MAX_VALUE_BYTES:,} bytes", True
        else:
            value, found, is_lost = parse(bytes(self._taken))
            fault = (cause if is_lost else None) or found or fault
        again = self._again() if is_lost else b""
        self._gap, self._is_gap_first = b"," if again and self._base else b"", False
        self._taken.clear()
        self._is_too_long = False
        return Value(self._first_line, last_line, value, fault, is_lost, self._is_behind_list), again

    def _again(self) -> bytes:
        """Return the bytes from the next beginning of a value inside a damaged one, and go back there."""
        raw = bytes(self._taken)
        place = self._next_begin(raw)
        self._n_read_again += len(raw)
        allowed = _FREE_TO_READ_AGAIN + self._n_fed * self._n_fed // _SPARSEST_DAMAGE
        if place is None or self._n_read_again > min(allowed, _MAX_READ_AGAIN):
            return b""
        self._line = self._first_line + raw.count(b"\n", 0, place)
        self._line_begin = raw[raw.rfind(b"\n", 0, place) + 1 : place][:_LONGEST_INDENT]
        self._depth = self._base
        self._in_string, self._escaped_at = False, -1
        self._taken.clear()
        self._is_too_long = False
        return raw[place:]

    def _next_begin(self, raw: bytes) -> int | None:
        """Return where the next value begins: by its indent, or by the first key of this one."""
        if self._base == 0 and (within := _RECORDS_WITHIN.search(raw)):
            self._base = 2
            return within.end()
        if self._indent is not None:
            found = re.compile(rb"\n" + self._indent + rb"[\[,]?(?=\{)").search(raw)
            return found.end() if found else None
        key = _FIRST_KEY.match(raw)
        found_at = raw.find(key[0], key.end()) if key else -1
        return found_at if found_at > 0 else None


def values_in_line(number: int, raw: bytes) -> Iterator[Value]:
    """Yield what can be read of a line that is not one JSON value."""
    if raw.startswith((b"//", b"#")):
        yield Value(number, number, None, "a comment", is_lost=True)
        return
    value, fault, is_lost = parse(raw)
    is_worth_a_look = is_lost and len(raw) >= _SHORTEST and (b"{" in raw or b"[" in raw)
    within = list(read_values(BytesIO(raw), number)) if is_worth_a_look else []
    if any(not found.is_lost and found.value for found in within):
        is_any_lost = any(found.is_lost for found in within)
        yield from (found if found.is_lost else found._replace(fault=None) for found in within)
        if not is_any_lost:
            yield Value(number, number, [], "more than one value in a line")
    else:
        yield Value(number, number, value, fault, is_lost)
