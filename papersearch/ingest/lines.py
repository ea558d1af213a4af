"""Files of the corpus as numbered lines, in bounded memory.

Reads bytes and decodes line by line, so that one bad line costs one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal, NamedTuple

MAX_LINE_BYTES = 200_000
"""A hundred times the longest abstract; a longer line is reported and passed over."""


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why a line could not be read as it stands; a lost line has no text at all."""

    kind: Literal["line too long", "bytes not UTF-8"]
    detail: str
    line_is_lost: bool


class Line(NamedTuple):
    """One line of a file, numbered from 1, without its end."""

    number: int
    text: str
    fault: LineFault | None = None


def read_lines(stream: IO[bytes], max_bytes: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """The lines of `stream`; of one over `max_bytes` only that it is there."""
    number = 0
    while raw := stream.readline(max_bytes + 1):
        number += 1
        length = len(raw)
        while length > max_bytes and not raw.endswith(b"\n"):
            raw = stream.readline(max_bytes)
            length += len(raw)
            if not raw:
                break
        if length > max_bytes + 1:
            detail = f"{length:,} bytes in one line; at most {max_bytes:,} are read"
            yield Line(number, "", LineFault("line too long", detail, line_is_lost=True))
        else:
            yield _decoded(number, raw)


def _decoded(number: int, raw: bytes) -> Line:
    if number == 1:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return Line(number, raw.decode("utf-8").rstrip("\r\n"))
    except UnicodeDecodeError as error:
        detail = f"byte {error.start + 1} is not UTF-8; shown as \N{REPLACEMENT CHARACTER}"
        fault = LineFault("bytes not UTF-8", detail, line_is_lost=False)
        return Line(number, raw.decode("utf-8", "replace").rstrip("\r\n"), fault)
