"""The appearances of all parts, in corpus order, each read when it is used."""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from papersearch.errors import IndexDamaged
from papersearch.index.part_records import APPEARANCES, READ, PartRecord, part_folder
from papersearch.index.string_table import StringTable
from papersearch.ingest.appearance import Appearance
from papersearch.ingest.stored import decode_appearance


class StoredAppearances(Sequence[Appearance]):
    """The appearances of parts, given in order; `Sequence` of all of them."""

    def __init__(self, index_path: Path, parts: Sequence[PartRecord]) -> None:
        self._places = [index_path / part_folder(one.number, one.n_parts) / READ for one in parts]
        self._starts = [0, *accumulate(one.n_appearances for one in parts)]
        self._tables = [table(place, "appearances", ending="jsonl") for place in self._places]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, place: int) -> Appearance:  # type: ignore[override]  # no slices
        part = bisect_right(self._starts, place) - 1
        try:
            return decode_appearance(self._tables[part][place - self._starts[part]])
        except ValueError as error:
            fault = "has a line that is not an appearance"
            raise IndexDamaged(path=self._places[part], file=APPEARANCES[0], fault=fault) from error

    def keys(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Return the keys of all appearances, (K,), and the range of each: (A + 1,)."""
        keys = [array(place / "keys.npy") for place in self._places]
        lengths = [np.diff(array(place / "keys.offsets.npy").astype(np.int64)) for place in self._places]
        ends = np.zeros(len(self) + 1, dtype=np.int64)
        np.cumsum(np.concatenate([np.zeros(0, dtype=np.int64), *lengths]), out=ends[1:])
        return np.concatenate([np.zeros(0, dtype=np.uint64), *keys]), ends

    def have_abstract(self) -> npt.NDArray[np.bool_]:
        """Return which appearances have an abstract, (A,)."""
        found = [array(place / "abstracts.npy") != 0 for place in self._places]
        return np.concatenate([np.zeros(0, dtype=np.bool_), *found])


class Groups(Sequence[list[Appearance]]):
    """The appearances of papers, each read when it is used.

    places: positions in `appearances`, one paper after another
    ends: (N + 1,) the range of each paper in `places`
    """

    def __init__(
        self, appearances: Sequence[Appearance], places: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> None:
        self._appearances = appearances
        self._places = places
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> list[Appearance]:  # type: ignore[override]  # no slices
        if not 0 <= number < len(self):
            raise IndexError(number)
        start, stop = int(self._ends[number]), int(self._ends[number + 1])
        return [self._appearances[place] for place in self._places[start:stop].tolist()]


def array(path: Path) -> npt.NDArray[Any]:
    """Return the array of a file, mapped where it is not empty. Raises OSError or ValueError."""
    found: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def table(folder: Path, name: str, *, ending: str = "txt") -> StringTable:
    """Return the string table of two files, mapped. Raises OSError or ValueError."""
    return StringTable(mapped(folder / f"{name}.{ending}"), array(folder / f"{name}.offsets.npy"))


def mapped(path: Path) -> bytes | mmap.mmap:
    """Return the bytes of a file, mapped where it is not empty. Raises OSError."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
