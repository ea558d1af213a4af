"""Sorted strings in one mapped file, searched in place.

A table is two files: the strings in UTF-8, one per line, ascending; and offsets, (n + 1,) uint64.
String i is the bytes [offsets[i], offsets[i+1] - 1), as the last byte is its line feed. A lookup
reads only the strings that it compares.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from mmap import mmap

    import numpy.typing as npt

    from papersearch.index.blocks import CheckedBytes
    from papersearch.index.files import Content


_SCANNED = 1 << 22
"""Bytes searched at once, or one string if that is longer."""


class StringTable(Sequence[str]):
    """The strings in `text`, split at `offsets`."""

    def __init__(self, text: bytes | mmap | CheckedBytes, offsets: npt.NDArray[np.uint64]) -> None:
        self._text = text
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, position: int) -> str: ...
    @overload
    def __getitem__(self, position: slice) -> list[str]: ...
    def __getitem__(self, position: int | slice) -> str | list[str]:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if not 0 <= position < len(self):
            raise IndexError(position)
        start, stop = int(self._offsets[position]), int(self._offsets[position + 1])
        return self._text[start : stop - 1].decode("utf-8", "replace")

    def all(self) -> list[str]:
        """Return every string, read at once."""
        return self._text[:].decode("utf-8", "replace").split("\n")[:-1]

    def blocks(self, size: int) -> Iterator[list[str]]:
        """Yield the strings in order, `size` at once and each block read at once."""
        for start in range(0, len(self), size):
            first, last = self._offsets[start], self._offsets[min(start + size, len(self))]
            yield self._text[int(first) : int(last)].decode("utf-8", "replace").split("\n")[:-1]

    def find(self, string: str) -> range:
        """Return the positions of the strings equal to `string`: none, one, or a run of equals."""
        start = stop = bisect_left(self, string)
        while stop < len(self) and self[stop] == string:
            stop += 1
        return range(start, stop)

    def find_prefix(self, prefix: str) -> range:
        """Return the positions of the strings with this prefix."""
        start = bisect_left(self, prefix)
        return range(start, bisect_right(self, prefix, lo=start, key=lambda found: found[: len(prefix)]))

    def containing(self, *parts: str) -> list[int]:
        """Return the positions, ascending, of the strings that contain any of `parts`, by a scan of the whole text.

        The text is copied in blocks: Python searches bytes quickly, and mapped files byte by byte.
        """
        wanted, places, first = [part.encode() for part in parts], set(), 0
        while first < len(self):
            begin = int(self._offsets[first])
            stop = max(self._holding(begin + _SCANNED), first + 1)
            block = self._text[begin : int(self._offsets[stop])]
            for part in wanted:
                found = block.find(part)
                while found >= 0:
                    place = self._holding(begin + found)
                    places.add(place)
                    found = block.find(part, int(self._offsets[place + 1]) - begin)
            first = stop
        return sorted(places)

    def _holding(self, byte: int) -> int:
        """Return the position of the string that has a byte of the text; past its end, the number of strings."""
        # A number of another type would convert all offsets.
        return int(np.searchsorted(self._offsets, np.uint64(byte), side="right")) - 1


def pack_strings(strings: Iterable[str]) -> tuple[bytearray, npt.NDArray[np.uint64]]:
    """Return the contents of the two files; the strings must be sorted and without line feeds."""
    text, ends = bytearray(), array("Q", [0])
    for string in strings:
        text += string.encode()
        text += b"\n"
        ends.append(len(text))
    return text, np.frombuffer(ends, dtype=np.uint64)


def table_files(name: str, strings: Iterable[str], file: str | None = None) -> Iterator[tuple[str, Content]]:
    """Yield name and content of the two files of a table."""
    text, offsets = pack_strings(strings)
    yield file or f"{name}.txt", text
    yield f"{name}.offsets.npy", offsets
