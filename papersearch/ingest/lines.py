"""Files of the corpus as numbered lines, in bounded memory.

Bytes are read and decoded line by line, so that one bad line costs only that line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal, NamedTuple

MAX_LINE_BYTES = 200_000
"""Longest line, a hundred times the longest abstract; a longer one is reported and skipped."""


@dataclass(frozen=True, slots=True)
class LineFault:
    """The reason why a line could not be read unchanged; a lost line has no text at all."""

    kind: Literal["line too long", "bytes not UTF-8"]
    detail: str
    line_is_lost: bool


class Line(NamedTuple):
    """One line of a file, numbered from 1, without its line ending."""

    number: int
    text: str
    fault: LineFault | None = None


def read_lines(stream: IO[bytes], max_bytes: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """Yield the lines of `stream`; a line over `max_bytes` gets a fault and no text."""
    number = 0
    while raw := stream.readline(max_bytes + 1):
        number += 1
        if len(raw) <= max_bytes or raw.endswith(b"\n"):
            yield _decoded(number, raw)
            continue
        length = len(raw)
        while not raw.endswith(b"\n") and (raw := stream.readline(max_bytes)):
            length += len(raw)
        detail = f"{length:,} bytes in one line; at most {max_bytes:,} are read"
        yield Line(number, "", LineFault("line too long", detail, line_is_lost=True))


def _decoded(number: int, raw: bytes) -> Line:
    """Decode one line, without a byte order mark, which joined files have in their middle.

    Bytes that are not UTF-8 become replacement characters and a fault.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return Line(number, raw.decode("utf-8").rstrip("\r\n"))
    except UnicodeDecodeError as error:
        detail = f"byte {error.start + 1} is not UTF-8; shown as \N{REPLACEMENT CHARACTER}"
        fault = LineFault("bytes not UTF-8", detail, line_is_lost=False)
        return Line(number, raw.decode("utf-8", "replace").rstrip("\r\n"), fault)
