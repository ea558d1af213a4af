"""Files of the corpus as streams of bytes, unpacked where they are compressed.

Told by their first bytes, not by their names. What comes out is bounded by what goes in, so
that a few kilobytes cannot become a full memory or a full day.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

PROBE_BYTES = 8192

_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_FREE_BYTES = 64 << 20
_MAX_RATIO = 100
"""Text seldom shrinks to a tenth; beyond the free bytes, a hundredth is taken for an attack."""


class Unreadable(Exception):
    """The file cannot be read as far as its end; the message is one phrase on why."""

    @property
    def cause(self) -> str:
        """Return the phrase to write after "cannot read": a system error's own, where it has one."""
        error = self.__cause__
        return (isinstance(error, OSError) and error.strerror) or str(self)


def probe(path: Path) -> bytes | str:
    """The first bytes of the file at `path`, unpacked, or one phrase on why it is not read at all."""
    try:
        with open_stream(path) as stream:
            return stream.read(PROBE_BYTES)
    except Unreadable as error:
        return str(error)


@contextmanager
def open_stream(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of the file, unpacked. Raises Unreadable, here or in reading."""
    try:
        # Asked of the open file, and opened without waiting, so that a pipe cannot hang it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable("not a regular file")
            magic = file.read(4)
            file.seek(0)
            yield io.BufferedReader(_Guarded(_unpacked(file, magic), os.fstat(descriptor).st_size), 1 << 16)
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or error})") from error


def _unpacked(file: IO[bytes], magic: bytes) -> IO[bytes]:
    if magic.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    if magic.startswith(_ZSTANDARD):
        try:
            import zstandard
        except ImportError:
            raise Unreadable("compressed by zstd, which needs: pip install zstandard") from None
        reader: IO[bytes] = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return reader
    return file


class _Guarded(io.RawIOBase):
    """Reads at most so much more than the file is large, and names what is wrong with it."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = max(_FREE_BYTES, size * _MAX_RATIO)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # its stub wants a protocol that has no length
        try:
            piece = self._stream.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unreadable(f"compressed, and damaged ({error})") from error
        except Exception as error:
            if type(error).__name__ != "ZstdError":  # of a package that may not be there
                raise
            raise Unreadable(f"compressed, and damaged ({error})") from error
        self._left -= len(piece)
        if self._left < 0:
            raise Unreadable(f"unpacks to more than {_MAX_RATIO} times its size: taken for an attack")
        buffer[: len(piece)] = piece
        return len(piece)
