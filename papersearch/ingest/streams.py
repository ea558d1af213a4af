"""Files of the corpus as byte streams: decompressed, in UTF-8, with line feeds.

Compression and encoding are detected by the first bytes, not by the name. The size of the input
bounds the output: a small file cannot fill the memory or take a day to read. A file that cannot be
read to its end is a stream that ends earlier, so that no reader needs a rule for damage.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from papersearch.ingest.decompression import DAMAGE, TOO_LARGE, most_unpacked, unpacked
from papersearch.ingest.encodings import in_utf8, with_line_feeds
from papersearch.user_files import open_regular

PROBE_BYTES = 8192

_PIECE = 1 << 16
_TOLD_EVERY = 1 << 18
"""Unpacked bytes after which progress is told again."""


class Unreadable(Exception):
    """A file that cannot be read to its end; the message is one phrase that says why."""

    @property
    def cause(self) -> str:
        """Return the phrase to write after "cannot read": a system error's own, where it has one."""
        error = self.__cause__
        return (isinstance(error, OSError) and error.strerror) or str(self)


def probe(path: Path) -> bytes | str:
    """Return the first bytes of the file's text, or one phrase on why none can be read.

    A fault after the first bytes is left to the reader of the whole file.
    """
    head = b""
    try:
        with open_stream(path) as stream:
            head = stream.read(PROBE_BYTES)
    except Unreadable as error:
        return head or str(error)
    return head


@contextmanager
def open_stream(path: Path, reading: Callable[[int, int], None] = lambda done, total: None) -> Iterator[IO[bytes]]:
    """Open the file as a stream of decompressed UTF-8.

    reading: called with the bytes of the file that are read, and its size

    Raises Unreadable for a file that cannot be opened, and at the end of the `with` block for one that
    could not be read on where the stream ended. Errors inside the block, which that may have caused,
    give way to it.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            reading(0, size)
            pieces = _Pieces(with_line_feeds(in_utf8(_guarded(file, size, reading))), path)
            try:
                yield io.BufferedReader(pieces, _PIECE)
            except Exception:
                if pieces.fault is None:
                    raise
            if pieces.fault is not None:
                raise pieces.fault
    except FileNotFoundError as error:
        cause = "a link to a file that does not exist" if path.is_symlink() else "cannot be read (no such file)"
        raise Unreadable(cause) from error
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or error})") from error


def _guarded(file: IO[bytes], size: int, reading: Callable[[int, int], None]) -> Iterator[bytes]:
    """Yield a file's unpacked bytes; raise Unreadable where they are damaged or too many."""
    left = most_unpacked(size)
    told = left
    try:
        for piece in unpacked(file, _PIECE):
            left -= len(piece)
            if left < 0:
                raise Unreadable(TOO_LARGE)
            if told - left >= _TOLD_EVERY:
                told = left
                reading(file.tell(), size)
            yield piece
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's fault, not the file's
            raise
        raise Unreadable(f"compressed, and damaged ({error})") from error
    except MemoryError as error:
        raise Unreadable("compressed in a way that takes too much memory to unpack") from error


class _Pieces(io.RawIOBase):
    """A raw stream over pieces of bytes. Its name is the path of their file, as for any stream of Python's.

    fault: the error at which the pieces ended, if one ended them
    """

    def __init__(self, pieces: Iterator[bytes], path: Path) -> None:
        self.name = str(path)
        self.fault: Unreadable | OSError | None = None
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub's buffer protocol has no length
        while not self._rest:
            piece = self._next()
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)

    def _next(self) -> bytes | None:
        try:
            return next(self._pieces, None)
        except (Unreadable, OSError) as error:
            self.fault = error
            return None
