"""Bytes of compressed files: gzip, bzip2, xz, lzma and zstd, each known by its first bytes.

Files of several members, one after the other, are read to the end of the last. Of a damaged file,
everything before the fault is yielded, then the decompressor's error is raised.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Protocol, cast

import zstandard

DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
"""Errors of decompressors. One that is an OSError of theirs has no `errno`."""

_FREE_BYTES = 64 << 20
_MAX_RATIO = 100
"""Largest accepted ratio of unpacked to packed size. Text seldom shrinks to a tenth, so beyond
`_FREE_BYTES` a hundredth is taken for an attack."""

TOO_LARGE = f"unpacks to more than {_MAX_RATIO} times its size: taken for an attack"

_MAGIC_BYTES = 18
_ZSTANDARD_INPUT = 1024
"""Bytes to unpack at once. A block of four bytes can unpack to 128 kB, and nothing limits a call's output."""

_ZSTANDARD_WINDOW = 1 << 31
"""Largest distance that zstd looks back, as `zstd --long=31` writes."""


class _Unpacking(Protocol):
    """A decompressor as an object that is given the packed bytes."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes) -> bytes: ...


def most_unpacked(n_packed: int) -> int:
    """Return the most bytes that are accepted out of a compressed file or archive of `n_packed` bytes."""
    return max(_FREE_BYTES, n_packed * _MAX_RATIO)


def unpacked(file: IO[bytes], at_most: int) -> Iterator[bytes]:
    """Yield the bytes of `file` in pieces, decompressed where its first bytes say so."""
    magic = file.read(_MAGIC_BYTES)
    file.seek(0)
    open_unpacked = next((opener for mark, opener in _OPENERS if mark.match(magic)), None)
    if open_unpacked is None:
        yield from _in_pieces(file, at_most)
    else:
        yield from open_unpacked(file, at_most)


def is_compressed(head: bytes) -> bool:
    """Return whether a file that begins with `head` would be decompressed."""
    return any(mark.match(head) for mark, _ in _OPENERS)


def _gzip(file: IO[bytes], at_most: int) -> Iterator[bytes]:
    return _in_pieces(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), at_most)


def _bzip2(file: IO[bytes], at_most: int) -> Iterator[bytes]:
    return _in_pieces(bz2.BZ2File(file), at_most)


def _lzma(file: IO[bytes], at_most: int) -> Iterator[bytes]:
    return _in_pieces(lzma.LZMAFile(file), at_most)


def _in_pieces(stream: IO[bytes], at_most: int) -> Iterator[bytes]:
    """Yield what each single read gives, so that a fault costs nothing that was read before it."""
    reader = cast("io.BufferedReader", stream)
    while piece := reader.read1(at_most):
        yield piece


def _zstandard(file: IO[bytes], at_most: int) -> Iterator[bytes]:
    """Yield the bytes of all frames; raise EOFError where the last one is cut off.

    The library's own stream takes a frame that is cut off for one that has ended.
    """
    make = zstandard.ZstdDecompressor(max_window_size=_ZSTANDARD_WINDOW)
    frame: _Unpacking | None = None
    while packed := file.read(_ZSTANDARD_INPUT):
        while packed:
            frame = frame or cast("_Unpacking", make.decompressobj())
            yield frame.decompress(packed)
            packed = b""
            if frame.eof:
                packed, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError("Compressed file ended before the end of its last frame")


_OPENERS: tuple[tuple[re.Pattern[bytes], Callable[[IO[bytes], int], Iterator[bytes]]], ...] = (
    (re.compile(rb"\x1f\x8b"), _gzip),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), _bzip2),
    (re.compile(rb"\xfd7zXZ\0"), _lzma),
    # The older format has no magic number: properties, the size of the dictionary, and a length that
    # is unknown or below a terabyte.
    (re.compile(rb"\x5d\0\0[\0-\x80][\0-\x80](?:\xff{8}|.{5}\0{3})", re.DOTALL), _lzma),
    (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), _zstandard),  # a frame, or one to pass over
)
