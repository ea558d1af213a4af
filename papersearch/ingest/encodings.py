"""Bytes of text files as UTF-8 with line feeds, whatever encoding and line ends a file has.

UTF-16 and UTF-32 are known by their byte order mark. Without one, they are known by the zero bytes
around the first characters, which are ASCII in every format of papers. Other encodings cannot be
told apart surely: their bytes stay as they are, and the reader of lines reports them.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_HEAD_BYTES = 8192
_MARK = b"\xef\xbb\xbf"
_MARKED = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ASCII = rb"[\t\n\r\x20-\x7e]"
_UNMARKED = (
    (re.compile(rb"(?:%s\0\0\0){2}" % _ASCII), "utf-32-le"),
    (re.compile(rb"(?:\0\0\0%s){2}" % _ASCII), "utf-32-be"),
    (re.compile(rb"(?:%s\0){2}" % _ASCII), "utf-16-le"),
    (re.compile(rb"(?:\0%s){2}" % _ASCII), "utf-16-be"),
)
_BINARY = re.compile(rb"SQLite format 3\0|PAR1|PK\x03\x04")
"""Binary files that are read: a carriage return in one does not end a line."""

_CONTROLS = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_BAD_CHARACTER = "papersearch: bad character"


def in_utf8(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a file's text in UTF-8 without a byte order mark.

    A broken surrogate or a cut character becomes a byte that is not UTF-8, which costs only itself.
    """
    head, rest = _looked_at(pieces)
    length, encoding = _encoding_of(head)
    if encoding is None:
        yield head[length:]
        yield from rest
        return
    decoder = codecs.getincrementaldecoder(encoding)(_BAD_CHARACTER)
    yield decoder.decode(head[length:]).encode("utf-8", "surrogateescape")
    for piece in rest:
        yield decoder.decode(piece).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", True).encode("utf-8", "surrogateescape")


def with_line_feeds(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a file's text with line feeds in place of carriage returns, if it begins without any line feed."""
    head, rest = _looked_at(pieces)
    # A carriage return at the end of the head may belong to a line feed after it.
    if b"\n" in head or b"\r" not in head[:-1] or _BINARY.match(head):
        yield head
        yield from rest
        return
    held = head
    for piece in rest:
        # A carriage return at the end may be the first half of a pair.
        end = len(held) - held.endswith(b"\r")
        yield _ended_by_line_feeds(held[:end])
        held = held[end:] + piece
    yield _ended_by_line_feeds(held)


def _ended_by_line_feeds(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _encoding_of(head: bytes) -> tuple[int, str | None]:
    """Return the length of the byte order mark, and the encoding unless it is UTF-8 or unknown."""
    if head.startswith(_MARK):
        return len(_MARK), None
    for mark, encoding in _MARKED:
        if head.startswith(mark):
            return len(mark), encoding
    return 0, next(
        (encoding for start, encoding in _UNMARKED if start.match(head) and _is_text(head, encoding)), None
    )


def _is_text(head: bytes, encoding: str) -> bool:
    """Return whether `head` is text in this encoding, without control characters."""
    try:
        text = codecs.getincrementaldecoder(encoding)("surrogatepass").decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROLS.search(text)


def _looked_at(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, and the pieces after them.

    An error met meanwhile is raised after the first bytes, not in place of them.
    """
    head = bytearray()
    failure: list[Exception] = []
    try:
        while len(head) < _HEAD_BYTES and (piece := next(pieces, None)) is not None:
            head += piece
    except Exception as error:
        failure.append(error)

    def rest() -> Iterator[bytes]:
        for error in failure:
            raise error
        yield from pieces

    return bytes(head), rest()


def _bad_character(error: UnicodeError) -> tuple[str, int]:
    """Return a mark in place of bytes that cannot be decoded; it is written as the byte 0xFF."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_BAD_CHARACTER, _bad_character)
