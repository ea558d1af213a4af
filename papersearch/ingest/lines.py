"""Files of the corpus as numbered lines, in bounded memory.

Reads bytes and decodes line by line, so that one bad line costs one line.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

MAX_LINE_BYTES = 200_000
"""A hundred times the longest abstract; a longer line is reported and passed over."""

_PROBE_BYTES = 8192


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


def probe(path: Path) -> bytes | str:
    """The first bytes of the file at `path`, or one phrase on why it is not read at all."""
    try:
        # Asked of the open file, and opened without waiting, so that a pipe cannot hang it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return "not a regular file"
            head = file.read(_PROBE_BYTES)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if b"\0" in head:
        return "binary file"
    return head


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of `path`; of one over MAX_LINE_BYTES only that it is there."""
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            length = len(raw)
            while length > MAX_LINE_BYTES and not raw.endswith(b"\n"):
                raw = file.readline(MAX_LINE_BYTES)
                length += len(raw)
                if not raw:
                    break
            if length > MAX_LINE_BYTES + 1:
                detail = f"{length:,} bytes in one line; at most {MAX_LINE_BYTES:,} are read"
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
