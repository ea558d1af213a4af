"""Tables of names: authors, categories and venues, and for each name the papers that have it.

A table is a string table of the lines of `text.name_lines`, and two arrays: the papers of each name, one
name after another, and where each begins. A search without names opens none of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

from papersearch.index.manifest import NAME_COUNTS
from papersearch.index.string_table import table_files
from papersearch.text.name_lines import BAR, NameLine, asked_name, lines_of, read_line, shown_in
from papersearch.types import NAME_KINDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.index.files import Content
    from papersearch.index.string_table import StringTable
    from papersearch.types import BoolArray, DocIndices, IntArray, NameKind, Paper

_BLOCK = 65_536
"""Entries read at once, so that memory does not grow with the index."""

_LINES = 4_096
"""Lines read at once for the same reason; a line takes a hundred bytes."""

N_KEYS = 1 << 32
"""Number of keys of names: a key is the CRC-32 of a name as it is shown."""

_KEY_SHIFT = np.uint64(32)
_PLACE = np.uint64(N_KEYS - 1)

_REMEMBERED = 64
"""Greatest number of names whose places are remembered."""


class Tally(NamedTuple):
    """Numbers of papers of the names of one table, without their texts, which would take most of the memory.

    keyed: (L,) uint64 ascending, a key and a place of each name; equal names have equal keys
    n_papers: (L,) uint32
    """

    keyed: npt.NDArray[np.uint64]
    n_papers: npt.NDArray[np.uint32]

    def between(self, least: int, stop: int) -> Tally:
        """Return the names with keys from `least` to before `stop`."""
        first, last = np.uint64(least) << _KEY_SHIFT, (np.uint64(stop - 1) << _KEY_SHIFT) | _PLACE
        names = slice(np.searchsorted(self.keyed, first), np.searchsorted(self.keyed, last, side="right"))
        return Tally(self.keyed[names], self.n_papers[names])

    @property
    def keys(self) -> IntArray:
        return (self.keyed >> _KEY_SHIFT).astype(np.int64)

    def places(self, names: slice = slice(None)) -> IntArray:
        """Return the places in the table of these names."""
        return (self.keyed[names] & _PLACE).astype(np.int64)


class NameTable:
    """The names of one kind in an open index.

    lines: ascending
    starts: (names + 1,) uint64, the range of each name in `papers`
    papers: doc_idx of the papers of each name, ascending, uint32
    """

    def __init__(
        self, kind: NameKind, lines: StringTable, starts: npt.NDArray[np.uint64], papers: DocIndices
    ) -> None:
        self._kind = kind
        self.lines = lines
        self._starts = starts
        self._papers = papers
        self._found: dict[str, list[int]] = {}

    def line(self, place: int) -> NameLine:
        """Return the name at a place. Raises ValueError."""
        return read_line(self.lines[place])

    def shown(self, place: int) -> str:
        """Return the name at a place, as it is shown."""
        return shown_in(self.lines[place])

    def places(self, name: str) -> list[int]:
        """Return the places, ascending, of the names that fit one as people type it.

        The last ones are remembered: a query asks first whether a name is known, and then for its papers.
        """
        if name not in self._found:
            if len(self._found) == _REMEMBERED:
                self._found.clear()
            asked = asked_name(self._kind, name)
            found = self.lines.containing(*(f"{BAR}{anchor}{BAR}" for anchor in asked.anchors))
            self._found[name] = [place for place in found if asked.fits(self.line(place))]
        return self._found[name]

    def may_have(self, name: str) -> bool:
        """Tell whether a name fits one as people type it, by its whole family name or itself: without a scan."""
        asked = asked_name(self._kind, name)
        places = (place for anchor in asked.anchors for place in self.lines.find_prefix(f"{BAR}{anchor}{BAR}"))
        return any(asked.fits(self.line(place)) for place in places)

    def papers_of(self, place: int) -> IntArray:
        """Return doc_idx of the papers with a name, ascending."""
        start, stop = int(self._starts[place]), int(self._starts[place + 1])
        return self._papers[start:stop].astype(np.int64)

    def having(self, name: str, n_papers: int) -> BoolArray:
        """Return a mask of the papers that have a name that fits, (N,)."""
        mask = np.zeros(n_papers, dtype=np.bool_)
        for place in self.places(name):
            mask[self.papers_of(place)] = True
        return mask

    def tally(self, kept: BoolArray) -> Tally:
        """Count the papers of each name among those of the mask `kept` (N,)."""
        n_papers = self._n_papers(kept)
        keyed = np.empty(np.count_nonzero(n_papers), dtype=np.uint64)
        n_keyed = first = 0
        for block in self.lines.blocks(_LINES):
            found = np.flatnonzero(n_papers[first : first + len(block)])
            keys = (crc32(shown_in(block[place]).encode()) for place in found.tolist())
            own = np.fromiter(keys, dtype=np.uint64, count=len(found)) << _KEY_SHIFT
            keyed[n_keyed : n_keyed + len(found)] = own | (found + first).astype(np.uint64)
            n_keyed, first = n_keyed + len(found), first + len(block)
        keyed.sort()
        tally = Tally(keyed, np.empty(len(keyed), dtype=np.uint32))
        for start in range(0, len(keyed), _BLOCK):
            stop = start + _BLOCK
            tally.n_papers[start:stop] = n_papers[tally.places(slice(start, stop))]
        return tally

    def _n_papers(self, kept: BoolArray) -> npt.NDArray[np.uint32]:
        """Return the number of papers of each name among those that are kept, (names,)."""
        n_papers = np.zeros(len(self.lines), dtype=np.uint32)
        for start in range(0, len(self._papers), _BLOCK):
            entries = start + np.flatnonzero(kept[self._papers[start : start + _BLOCK]])
            if len(entries):
                names = np.searchsorted(self._starts, entries.astype(np.uint64), side="right") - 1
                own = np.bincount(names - names[0]).astype(np.uint32)
                n_papers[names[0] : names[0] + len(own)] += own
        return n_papers


def name_files(papers: Sequence[Paper]) -> Iterator[tuple[str, Content]]:
    """Yield name and content of the files of all tables."""
    for kind in NAME_KINDS:
        lines, starts, doc_indices = name_arrays(kind, papers)
        yield from table_files(kind, lines)
        yield f"{kind}.starts.npy", starts
        yield f"{kind}.papers.npy", doc_indices


def name_counts(lengths: Mapping[str, int]) -> dict[str, int]:
    """Return the fields of a manifest about names, from the lengths of arrays by file."""
    return {field: lengths[file] - extra for field, (file, extra) in NAME_COUNTS.items()}


def name_arrays(
    kind: NameKind, papers: Sequence[Paper]
) -> tuple[list[str], npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    """Return the lines of one kind, ascending, where the papers of each begin, and the papers."""
    numbers: dict[str, int] = {}
    of_entry, ends = array("I"), array("Q")
    for paper in papers:
        of_entry.extend(numbers.setdefault(line, len(numbers)) for line in lines_of(kind, paper))
        ends.append(len(of_entry))
    lines = sorted(numbers)
    ranks = np.empty(len(lines), dtype=np.uint32)
    ranks[np.fromiter(map(numbers.__getitem__, lines), dtype=np.int64, count=len(lines))] = np.arange(len(lines))
    names = ranks[np.frombuffer(of_entry, dtype=np.uint32)] if len(of_entry) else ranks[:0]
    bounds = np.array([0, *ends], dtype=np.int64)
    sizes = bounds[1:] - bounds[:-1]
    doc_indices = np.repeat(np.arange(len(papers), dtype=np.uint32), sizes)[np.argsort(names, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(names, minlength=len(lines)))]).astype(np.uint64)
    return lines, starts, doc_indices
