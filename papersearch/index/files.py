"""Every way in which an index writes to disk.

Only functions of `os` are called, so that tests can inject a fault at each call.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from papersearch.index.blocks import Summing
from papersearch.types import Count
from papersearch.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from papersearch.index.blocks import Sums

    Array: TypeAlias = npt.NDArray[Any]
    Piece: TypeAlias = "bytes | bytearray | memoryview"
    Content: TypeAlias = "bytes | bytearray | Array | KeptFile"

_PIECE = 1 << 24

_UNSYNCABLE = (errno.EACCES, errno.EBADF, errno.EINVAL)
"""Errors of folders that cannot be synced: unreadable ones, and those of some network file systems."""
_BINARY = getattr(os, "O_BINARY", 0)
"""Flag without which Windows writes a carriage return before each line feed."""


class FileRecord(Value):
    """Size in bytes and SHA-256 of one file of the index."""

    size: Count
    sha256: str


class WrittenFile(NamedTuple):
    """A file that is on disk: its record, and the checksums of its blocks."""

    record: FileRecord
    sums: Sums


class KeptFile(NamedTuple):
    """A file of another folder that has the same content: its path, and what is known of it.

    sums: None if only its record is known; then the file is read, and compared with the record
    """

    path: Path
    record: FileRecord
    sums: Sums | None = None


def write_file(path: Path, content: Content) -> WrittenFile:
    """Write a new file and sync it; an array becomes .npy. Raises OSError, also if the file exists.

    A kept file is linked, since nobody changes either name's content. Where links cannot be made,
    it is copied. Wherever its bytes are read, they are compared with its record.
    """
    if not isinstance(content, KeptFile):
        return _write(path, _pieces(content))
    known = _read(content) if content.sums is None else WrittenFile(content.record, content.sums)
    try:
        os.link(content.path, path)
        return known
    except OSError:
        return _compared(content, _write(path, _pieces_of(content.path)))


class _Taken:
    """The record and the checksums of a file, taken piece by piece while it is written or read."""

    def __init__(self) -> None:
        import hashlib  # imported here for the reason given in `checksums`

        self._size = 0
        self._digest, self._blocks = hashlib.sha256(), Summing()

    def add(self, piece: Piece) -> None:
        """Take the next bytes of the file."""
        self._size += len(piece)
        self._digest.update(piece)
        self._blocks.add(piece)

    def file(self) -> WrittenFile:
        """Return what was found, after the last piece."""
        record = FileRecord(size=self._size, sha256=self._digest.hexdigest())
        return WrittenFile(record, self._blocks.sums())


def _write(path: Path, pieces: Iterable[Piece]) -> WrittenFile:
    """Write a new file of these pieces and sync it. Raises OSError."""
    taken = _Taken()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o644)
    try:
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[os.write(descriptor, view[:_PIECE]) :]
            taken.add(piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return taken.file()


def _read(kept: KeptFile) -> WrittenFile:
    """Read a kept file, and return what was found. Raises OSError, also if it is not as its record says."""
    taken = _Taken()
    for piece in _pieces_of(kept.path):
        taken.add(piece)
    return _compared(kept, taken.file())


def _compared(kept: KeptFile, found: WrittenFile) -> WrittenFile:
    """Return what was found in a kept file. Raises OSError if it is not as its record says."""
    if found.record != kept.record:
        raise OSError(errno.EIO, "its checksum has changed since it was written", str(kept.path))
    return found


def replace_file(path: Path, content: bytes) -> None:
    """Replace the file at `path` atomically: a reader sees the old or the new content, complete.

    Raises OSError; the old file is then still in place.
    """
    temporary = beside(path)
    try:
        write_file(temporary, content)
        os.replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    sync_folder(path.parent)


def beside(path: Path) -> Path:
    """Return a name beside a file or folder that no other process uses, on any machine."""
    return path.with_name(f".{path.name}-{os.urandom(8).hex()}")


def make_folder(path: Path) -> None:
    """Make a new folder. Raises OSError."""
    os.mkdir(path, 0o755)


def make_folders(path: Path) -> None:
    """Make a folder, with those above it, unless it exists; sync its name, and theirs. Raises OSError."""
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in (*reversed(missing), path):
        with suppress(FileExistsError):  # of another process too
            make_folder(folder)
        sync_folder(folder.parent)


def rename_folder(path: Path, target: Path, *, replaces: bool = True) -> None:
    """Give a folder its final name; with `replaces`, remove the one that has it. Raises OSError.

    The old one is moved aside first: on a network file system a folder stays while a file of it is open.
    """
    sync_folder(path)
    aside = path.with_name(f"{path.name}-old")
    remove(aside)
    if replaces:
        with suppress(FileNotFoundError):
            os.rename(target, aside)
    os.rename(path, target)
    sync_folder(target.parent)
    remove(aside)


def sync_folder(path: Path) -> None:
    """Sync the folder's entries to disk, where that is possible. Raises OSError."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folder
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _UNSYNCABLE:
            raise


def remove(path: Path) -> None:
    """Remove a file or folder; leave it for the next build if that fails."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            os.unlink(path)


def remove_unless_open(folder: Path) -> None:
    """Remove a folder that nobody holds a lease on; leave it for the next build if that fails.

    On Windows, an open file is the lease: its folder cannot be renamed, and then stays whole.
    """
    if os.name != "nt":
        remove(folder)
        return
    aside = folder.with_name(f".building-{folder.name}")
    with suppress(OSError):
        os.rename(folder, aside)
        remove(aside)


def _pieces_of(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces. Raises OSError."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _pieces(content: bytes | bytearray | Array) -> list[Piece]:
    """Return the bytes of the file in pieces; an array's data is not copied."""
    if isinstance(content, bytes | bytearray):
        return [content]
    array = np.ascontiguousarray(content)
    data = array.reshape(-1).view(np.uint8).data if array.size else b""
    return [npy_header(array.dtype, array.shape), data]


def npy_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Return the header of an .npy file of format 1.0 in C order."""
    header = io.BytesIO()
    fields = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, fields)
    return header.getvalue()
