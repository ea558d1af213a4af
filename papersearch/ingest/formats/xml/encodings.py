"""Bytes of XML as UTF-8 that expat accepts, whatever encoding the file declares."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import IO

from papersearch.types import FindingKind

_PIECE = 1 << 16
_DECLARED = re.compile(rb"\A\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z][\w.:-]{0,40})[\"']")
_TEXT_ENCODINGS = re.compile(
    r"iso-?8859|latin|l\d|windows-|cp\d|ibm\d|mac|koi8|gb|big5|shift|sjis|ms93|ms94|euc|iso-?2022|tis-?620|johab|hz",
    re.IGNORECASE,
)
"""Encodings that may be declared. UTF-16 and UTF-32 were converted before; ASCII is UTF-8."""

_ALLOWED = bytes(code if code >= 0x20 or code in b"\t\n\r" else 0x20 for code in range(256))
"""Blanks in place of the control characters that XML excludes and that programs write nevertheless."""


def in_utf8(stream: IO[bytes], head: bytes, report: Callable[[FindingKind, int, str], None]) -> Iterator[bytes]:
    """Yield the stream in pieces of UTF-8; report bytes that are not in the file's encoding, once."""
    declared = _DECLARED.match(head)
    name = declared[1].decode("ascii") if declared else "utf-8"
    make = codecs.getincrementaldecoder(_known(name) or "utf-8")
    decoder = make("strict")
    line = 1
    is_said = False
    while True:
        piece = stream.read(_PIECE)
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            if not is_said:
                is_said = True
                at = line + error.object.count(b"\n", 0, error.start)
                report("bytes not UTF-8", at, f"bytes that are not {name}; shown as \N{REPLACEMENT CHARACTER}")
            decoder = make("replace")
            text = decoder.decode(error.object, final=not piece)
        if text:
            line += text.count("\n")
            yield text.encode("utf-8", "replace").translate(_ALLOWED)
        if not piece:
            return


def _known(name: str) -> str | None:
    """Return Python's name of a declared encoding, or None if it is unknown or a kind of UTF-8."""
    if not _TEXT_ENCODINGS.match(name):
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
