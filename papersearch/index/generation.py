"""The files of one open generation, which are checked as they are read."""

from __future__ import annotations

import math
import mmap
import stat
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from papersearch.checksums import sha256_of_file
from papersearch.errors import IndexDamaged, IndexUnreadable
from papersearch.index import files
from papersearch.index.blocks import CheckedBytes, CheckedFile, CheckedRows, are_whole, n_blocks
from papersearch.index.layout import ARRAYS, CHECKSUMS, LATE_ARRAYS, PARTIAL_ARRAYS

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.index.blocks import Sums
    from papersearch.index.manifest import Manifest
    from papersearch.types import Finding

_SMALL = 1 << 20
"""Greatest size in bytes of a file that is checked as a whole when it is opened, which takes 0.1 ms."""


class Generation:
    """An open generation; arrays and texts are mapped on access.

    Each access checks the file against the manifest: presence, size, dtype, shape. What is read is
    checked against `checksums.npy`. A file that the system does not let read raises IndexUnreadable. The
    `lease` keeps the files from being removed.
    """

    def __init__(self, index_path: Path, manifest: Manifest, lease: mmap.mmap | None) -> None:
        self.index_path = index_path
        self.manifest = manifest
        self.lease = lease

    def array(self, name: str) -> npt.NDArray[Any]:
        """Return the array of the file `name`, mapped and read-only. Raises IndexDamaged."""
        return np.asarray(self._rows(name))

    def rows(self, name: str) -> npt.NDArray[Any]:
        """Return an array of which few rows may be read: a large one is checked where it is read.

        It is indexed as an array is, and numpy's functions take it (`CheckedRows`). Raises IndexDamaged.
        """
        rows = self._rows(name)
        return np.asarray(rows) if self._is_small(name) else cast("npt.NDArray[Any]", rows)

    def text(self, name: str) -> bytes | mmap.mmap:
        """Return the bytes of the file `name`, mapped. Raises IndexDamaged."""
        file = self._mapped(name)
        if file is None:
            return b""
        file.check_all()
        return file.mapped

    def spans(self, name: str) -> bytes | mmap.mmap | CheckedBytes:
        """Return the bytes of a file of which little may be read: a large one is checked where it is read.

        Raises IndexDamaged.
        """
        if self._is_small(name) or (file := self._mapped(name)) is None:
            return self.text(name)
        return CheckedBytes(file)

    def _rows(self, name: str) -> npt.NDArray[Any] | CheckedRows:
        described = (ARRAYS | LATE_ARRAYS | PARTIAL_ARRAYS)[name]
        dtype = np.dtype(described.dtype)
        shape = tuple(self.manifest.axis(letter) for letter in described.shape)
        # The expected header is known to the byte, so the file's own is compared, never interpreted.
        header = files.npy_header(dtype, shape)
        file = self._mapped(name)
        size = len(header) + dtype.itemsize * math.prod(shape)
        if file is None or len(file.mapped) != size or file.mapped[: len(header)] != header:
            raise self._damaged(name, "has another shape than the manifest says")
        if not all(shape):  # an empty array has no rows to map
            return np.zeros(shape, dtype)
        rows = np.frombuffer(file.mapped, dtype, offset=len(header)).reshape(shape)
        return CheckedRows(file, rows, len(header))

    def _mapped(self, name: str) -> CheckedFile | None:
        """Map a file; return None if it is empty. Raises IndexDamaged or IndexUnreadable."""
        path = self.checked_path(name)
        if self.manifest.files[name].size == 0:
            return None
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise IndexUnreadable(path=path, cause=error.strerror or str(error)) from error
        return CheckedFile(mapped, self.sums(name), self.index_path, name)

    def sums(self, name: str) -> Sums | None:
        """Return the checksums of a file's blocks, (blocks,); None if they are not known.

        Generations of an older format have none. Raises IndexDamaged.
        """
        return None if name == CHECKSUMS or self._sums is None else self._sums[name]

    @cached_property
    def _sums(self) -> Mapping[str, Sums] | None:
        if CHECKSUMS not in self.manifest.files:
            return None
        stored = np.asarray(self._rows(CHECKSUMS))
        if not are_whole(stored):
            raise self._damaged(CHECKSUMS, "does not fit its own checksum")
        sums, start = {}, 0
        for name, record in self.manifest.files.items():
            if name != CHECKSUMS:
                sums[name] = stored[start : start + n_blocks(record.size)]
                start += n_blocks(record.size)
        return sums

    def _is_small(self, name: str) -> bool:
        """Return whether checking a whole file costs a query next to nothing."""
        return self.manifest.files[name].size <= _SMALL

    def file_path(self, name: str) -> Path:
        """Return the path of the file `name`."""
        return self.index_path / self.manifest.folder / name

    def checked_path(self, name: str) -> Path:
        """Return the path of a file; raise IndexDamaged unless it is regular and of the right size."""
        path = self.file_path(name)
        if (record := self.manifest.files.get(name)) is None:  # only a manifest of an older format may lack one
            raise self._damaged(name, "is not in the manifest")
        try:
            status = path.lstat()
        except OSError as error:
            is_gone = not path.parent.exists()
            what = "was removed by a later build: try again" if is_gone else "is missing"
            raise self._damaged(name, what) from error
        if not stat.S_ISREG(status.st_mode):  # a link in an untrusted index could lead out of it
            raise self._damaged(name, "is not a regular file")
        if status.st_size != record.size:
            raise self._damaged(name, f"has {status.st_size:,} bytes, and the manifest says {record.size:,}")
        return path

    def findings(self) -> tuple[Finding, ...]:
        """Return what the build could not parse, rewrote or skipped. Raises IndexDamaged."""
        from papersearch.index.report import decode_findings  # a query needs no findings

        try:
            return decode_findings(bytes(self.text("report.json")))
        except ValueError as error:
            raise self._damaged("report.json", "cannot be read") from error

    def check_files(self) -> None:
        """Raise IndexDamaged unless every file exists with its size."""
        for name in self.manifest.files:
            self.checked_path(name)

    def are_intact(self, names: Iterable[str]) -> bool:
        """Return whether these files have the content that the manifest says. Reads all of them."""
        try:
            return all(
                sha256_of_file(self.checked_path(name)) == self.manifest.files[name].sha256 for name in names
            )
        except (IndexDamaged, OSError):
            return False

    def _damaged(self, name: str, what: str) -> IndexDamaged:
        return IndexDamaged(path=self.index_path, file=name, fault=what)
