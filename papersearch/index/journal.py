"""The journal of a running build: its encodings, on disk as soon as they are computed.

It is one file of frames beside the generations, for one encoder. A build reads its new encodings
from it, so that they need no memory. After an interrupt, the next build goes on with it. It is
removed after publishing.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from papersearch.checksums import sha256_of
from papersearch.dense.encoding import TextEncoding
from papersearch.dense.known_constants import CONSTANTS_SHA256
from papersearch.errors import IndexNotWritable
from papersearch.index.files import remove

if TYPE_CHECKING:
    from papersearch.dense.encoders import Identity
    from papersearch.dense.encoding import ModelConstants

FOLDER = ".encoded"
_FRAME = struct.Struct("<8sQI")
"""Head of a frame: mark, length of the content, and its CRC-32."""

_MARK = b"encoding"
_SHAPE = struct.Struct("<32sIII")
"""Head of the content: SHA-256 of the text, D, L and C of its `TextEncoding`."""

_DTYPES = ("<f4", "<u4", "<u4", "|i1")


def journal_key(identity: Identity, packaged: ModelConstants | None, *, with_late: bool) -> str:
    """Return the key of a journal: of the encoder, its constants if they come with the package, and the kind."""
    constants = CONSTANTS_SHA256 if packaged is not None else ""
    return sha256_of(f"{[*identity, with_late, constants]}".encode())


class Journal(Mapping[bytes, TextEncoding]):
    """The encodings in the journal of one index, by text hash; `key` identifies the encoder.

    With `fresh`, encodings of earlier builds are removed.
    """

    def __init__(self, index_path: Path, key: str, *, fresh: bool = False) -> None:
        self._folder = index_path / FOLDER
        self._path = self._folder / f"{key[:16]}.frames"
        self._fresh = fresh
        self._file: BinaryIO | None = None
        self._places: dict[bytes, int] = {}
        self._unwritten: dict[bytes, TextEncoding] = {}
        self._end = 0

    def load(self) -> None:
        """Find the encodings of earlier builds; remove what is damaged, of another encoder, or a link."""
        if self._folder.is_symlink():  # what it leads to is not the index's to change
            remove(self._folder)
        for path in self._folder.glob("*"):
            if self._fresh or path != self._path or not path.is_file() or path.is_symlink():
                remove(path)
        with suppress(OSError):
            self._file = self._path.open("r+b", buffering=0)
            for place, content in _frames(self._file):
                self._end = place + _FRAME.size + len(content)
                self._places[content[:32]] = place
            self._file.truncate(self._end)

    def __getitem__(self, digest: bytes) -> TextEncoding:
        if digest in self._unwritten:
            return self._unwritten[digest]
        content = _content(self._file, self._places[digest]) if self._file else None
        if content is None or content[:32] != digest:  # without locks, another build may have written there
            cause = f"{FOLDER} changed during the build: another one may be at work"
            raise IndexNotWritable(path=self._folder.parent, cause=cause)
        return _decode(content)

    def __iter__(self) -> Iterator[bytes]:
        yield from self._places
        yield from self._unwritten

    def __len__(self) -> int:
        return len(self._places) + len(self._unwritten)

    def __contains__(self, digest: object) -> bool:
        return digest in self._places or digest in self._unwritten

    def add(self, digest: bytes, encoding: TextEncoding) -> None:
        """Add an encoding. Where it cannot be written, it is kept in memory until the build ends."""
        if digest in self:
            return
        content = _encode(digest, encoding)
        frame = _FRAME.pack(_MARK, len(content), zlib.crc32(content)) + content
        try:
            if self._file is None:
                self._folder.mkdir(exist_ok=True)
                self._file = self._path.open("w+b", buffering=0)
            self._file.seek(self._end)
            if self._file.write(frame) != len(frame):
                raise OSError("the disk is full")
        except OSError:
            self._unwritten[digest] = encoding
            return
        self._places[digest] = self._end
        self._end += len(frame)

    def close(self) -> None:
        """Close the file; the next build reads it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Remove the journal, after its encodings have been published."""
        self.close()
        remove(self._folder)


def _frames(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield place and content of the frames, up to the first that is damaged or cut."""
    place = 0
    while (content := _content(file, place)) is not None:
        yield place, content
        place += _FRAME.size + len(content)


def _content(file: BinaryIO, place: int) -> bytes | None:
    """Return the content of the frame at `place`, or None if it is damaged or cut."""
    file.seek(place)
    head = file.read(_FRAME.size)
    if len(head) < _FRAME.size:
        return None
    mark, length, checksum = _FRAME.unpack(head)
    if mark != _MARK or length > os.fstat(file.fileno()).st_size - place - _FRAME.size:  # it may be damaged
        return None
    content = file.read(length)
    is_whole = len(content) == length >= _SHAPE.size and zlib.crc32(content) == checksum
    return content if is_whole and length == _length(content) else None


def _length(content: bytes) -> int:
    """Return the length of the content whose head says what arrays it has."""
    _, dimensions, n_pieces, width = _SHAPE.unpack_from(content)
    length: int = _SHAPE.size + 4 * dimensions + (4 + 4 + width) * n_pieces
    return length


def _encode(digest: bytes, encoding: TextEncoding) -> bytes:
    n_pieces, width = encoding.piece_vectors.shape
    arrays = (np.asarray(array, dtype) for array, dtype in zip(encoding, _DTYPES, strict=True))
    return _SHAPE.pack(digest, len(encoding.vector), n_pieces, width) + b"".join(map(np.ndarray.tobytes, arrays))


def _decode(content: bytes) -> TextEncoding:
    _, dimensions, n_pieces, width = _SHAPE.unpack_from(content)
    starts = np.cumsum([_SHAPE.size, 4 * dimensions, 4 * n_pieces, 4 * n_pieces]).tolist()
    counts = (dimensions, n_pieces, n_pieces, n_pieces * width)
    vector, pieces, offsets, rows = (
        np.frombuffer(content, dtype, count, start)
        for dtype, count, start in zip(_DTYPES, counts, starts, strict=True)
    )
    return TextEncoding(vector, pieces, offsets, rows.reshape(n_pieces, width))
