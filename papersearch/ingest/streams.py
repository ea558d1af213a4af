"""Files of the corpus as byte streams, decompressed if necessary.

Compression is detected by the first bytes, not by the name. The size of the input bounds the
output: a small file cannot fill the memory or take a day to read.
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
"""Largest accepted ratio of unpacked to packed size. Text seldom shrinks to a tenth, so beyond
`_FREE_BYTES` a hundredth is taken for an attack."""


class Unreadable(Exception):
    """A file that cannot be read to its end; the message is one phrase that says why."""

    @property
    def cause(self) -> str:
        """Return the phrase to write after "cannot read": a system error's own, where it has one."""
        error = self.__cause__
        return (isinstance(error, OSError) and error.strerror) or str(self)


def probe(path: Path) -> bytes | str:
    """Return the first bytes of the file, decompressed, or one phrase on why it cannot be read."""
    try:
        with open_stream(path) as stream:
            return stream.read(PROBE_BYTES)
    except Unreadable as error:
        return str(error)


@contextmanager
def open_stream(path: Path) -> Iterator[IO[bytes]]:
    """Open the file as a stream of decompressed bytes. Raises Unreadable, here or while reading."""
    try:
        # O_NONBLOCK keeps a named pipe from blocking; fstat checks the file that is really open.
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
    """Wrap `file` in the decompressor that its first bytes call for."""
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
    """A stream that limits the output of a decompressor and turns its errors into Unreadable.

    At most `_FREE_BYTES` or `_MAX_RATIO` times the file's size can be read, the larger of both.
    """

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = max(_FREE_BYTES, size * _MAX_RATIO)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub's buffer protocol has no length
        try:
            piece = self._stream.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unreadable(f"compressed, and damaged ({error})") from error
        except Exception as error:
            if type(error).__name__ != "ZstdError":  # named by string, as zstandard may not be installed
                raise
            raise Unreadable(f"compressed, and damaged ({error})") from error
        self._left -= len(piece)
        if self._left < 0:
            raise Unreadable(f"unpacks to more than {_MAX_RATIO} times its size: taken for an attack")
        buffer[: len(piece)] = piece
        return len(piece)
