"""Checksums of blocks: a file is checked where it is read, when it is first read there.

A file is cut into blocks of 16 KiB, and XXH3 of each block is stored in `checksums.npy`. A query that
reads a hundred rows of a gigabyte then checks a hundred blocks. XXH3 does not protect against an
attacker, who could change the checksums too; it finds damage, at the speed of memory.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from papersearch.errors import IndexDamaged

if TYPE_CHECKING:
    from mmap import mmap
    from pathlib import Path

    import numpy.typing as npt

    Sums = npt.NDArray[np.uint64]

BLOCK = 1 << 14
"""Bytes of a block; the last one of a file may be shorter. With larger ones, scattered rows cost more."""

_SHIFT = BLOCK.bit_length() - 1


def n_blocks(size: int) -> int:
    """Return the number of blocks of a file of `size` bytes."""
    return -(-size // BLOCK)


class Summing:
    """The checksums of a file's blocks, taken while it is written piece by piece."""

    def __init__(self) -> None:
        self._sums = array("Q")
        self._block = xxhash.xxh3_64()
        self._missing = BLOCK

    def add(self, piece: bytes | bytearray | memoryview) -> None:
        """Take the next bytes of the file."""
        view = memoryview(piece)
        while view:
            part, view = view[: self._missing], view[self._missing :]
            self._block.update(part)
            self._missing -= len(part)
            if not self._missing:
                self._end_block()

    def sums(self) -> Sums:
        """Return the checksums after the last piece, (blocks,)."""
        if self._missing < BLOCK:
            self._end_block()
        return np.array(self._sums, dtype=np.uint64)

    def _end_block(self) -> None:
        self._sums.append(self._block.intdigest())
        self._block.reset()
        self._missing = BLOCK


def closed(sums: Sums) -> Sums:
    """Return the checksums of all files with their own checksum behind them."""
    return np.append(sums, _sum_of(sums))


def are_whole(sums: Sums) -> bool:
    """Return whether the last of the checksums is that of the others."""
    return bool(len(sums)) and bool(sums[-1] == _sum_of(sums[:-1]))


def _sum_of(sums: Sums) -> np.uint64:
    return np.uint64(xxhash.xxh3_64_intdigest(np.ascontiguousarray(sums, dtype="<u8").view(np.uint8).data))


class CheckedFile:
    """The bytes of a mapped file; those of a block are checked before they are first read.

    sums: the checksums of its blocks, (blocks,); None checks nothing
    path, name: of the index and of the file, for the error
    """

    def __init__(self, mapped: mmap, sums: Sums | None, path: Path, name: str) -> None:
        self.mapped = mapped
        self.is_checked = sums is None
        self._sums = np.zeros(0, dtype=np.uint64) if sums is None else sums
        self._seen = np.zeros(len(self._sums), dtype=np.bool_)
        self._path = path
        self._name = name

    def check(self, start: int, stop: int) -> None:
        """Check the blocks of the bytes from `start` to before `stop`. Raises IndexDamaged."""
        if start < stop and not self.is_checked:
            first = start >> _SHIFT
            self._check_each(first + np.flatnonzero(~self._seen[first : ((stop - 1) >> _SHIFT) + 1]))

    def check_all(self) -> None:
        """Check every block. Raises IndexDamaged."""
        if not self.is_checked:
            self._check_each(np.flatnonzero(~self._seen))

    def check_rows(self, begins: npt.NDArray[np.int64], width: int) -> None:
        """Check the blocks of `width` bytes from each of `begins` (K,). Raises IndexDamaged."""
        if not len(begins) or self.is_checked:
            return
        if width > BLOCK:  # a row of more than two blocks
            self.check_all()
            return
        read = np.zeros(len(self._sums), dtype=np.bool_)
        read[begins >> _SHIFT] = True
        read[(begins + (width - 1)) >> _SHIFT] = True
        self._check_each(np.flatnonzero(read & ~self._seen))

    def _check_each(self, blocks: npt.NDArray[np.int64]) -> None:
        if not len(blocks):
            return
        digest = xxhash.xxh3_64_intdigest
        with memoryview(self.mapped) as view:
            found = [digest(view[begin : begin + BLOCK]) for begin in (blocks << _SHIFT).tolist()]
        wrong = blocks[np.array(found, dtype=np.uint64) != self._sums[blocks]]
        if len(wrong):
            begin = int(wrong[0]) << _SHIFT
            fault = f"has another checksum in its bytes {begin:,} to {min(begin + BLOCK, len(self.mapped)) - 1:,}"
            raise IndexDamaged(path=self._path, file=self._name, fault=fault)
        self._seen[blocks] = True
        self.is_checked = bool(self._seen.all())


class CheckedBytes:
    """The bytes of a text that is read in slices."""

    def __init__(self, file: CheckedFile) -> None:
        self._file = file

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(len(self._file.mapped))
        self._file.check(start, stop)
        return self._file.mapped[start:stop]


class CheckedRows:
    """A mapped array that is read by its rows: `rows[5]`, `rows[2:9]`, `rows[numbers]`.

    numpy's functions take it for an array too, and then all of it is checked. It has no methods of an
    array but `take`, so nothing reads unchecked bytes.
    """

    def __init__(self, file: CheckedFile, rows: npt.NDArray[Any], start: int) -> None:
        """`rows` is the whole array, which begins at the byte `start` of the file."""
        self._file = file
        self._rows = rows
        self._start = start
        self._width = rows.strides[0]
        self.shape, self.dtype = rows.shape, rows.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: int | np.integer[Any] | slice | npt.NDArray[np.integer[Any]] | list[int]) -> Any:
        self._check(key)
        return self._rows[key]

    def take(self, numbers: npt.NDArray[np.integer[Any]], **arguments: Any) -> npt.NDArray[Any]:
        """Return the rows with these numbers, as `numpy.take` does along the first axis."""
        if arguments.get("axis") == 0:
            self._check(numbers)
        else:
            self._file.check_all()
        return self._rows.take(numbers, **arguments)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        self._file.check_all()
        return np.array(self._rows, dtype=dtype) if copy else np.asarray(self._rows, dtype=dtype)

    def _check(self, key: Any) -> None:
        """Check the rows that a key reads. A key out of bounds is left to numpy."""
        if self._file.is_checked:
            return
        if isinstance(key, slice) and key.step in (None, 1):
            start, stop, _ = key.indices(len(self))
            self._file.check(self._start + start * self._width, self._start + stop * self._width)
            return
        numbers = None if isinstance(key, tuple | slice) else np.asarray(key)
        if numbers is None or (numbers.size and numbers.dtype.kind not in "iu"):
            self._file.check_all()
            return
        numbers = numbers.astype(np.int64).reshape(-1)
        numbers[numbers < 0] += len(self)
        if len(numbers) and int(numbers.min()) >= 0 and int(numbers.max()) < len(self):
            self._file.check_rows(self._start + numbers * self._width, self._width)
