"""Tables of names: authors, categories and venues, and for each name the papers that have it.

A table is a string table of the lines of `text.name_lines`, and two arrays: the papers of each name, one
name after another, and where each begins. A search without names opens none of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.index.manifest import NAME_COUNTS
from papersearch.index.string_table import table_files
from papersearch.text.name_lines import BAR, NameLine, asked_name, lines_of, read_line
from papersearch.types import NAME_KINDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.index.files import Content
    from papersearch.index.string_table import StringTable
    from papersearch.types import BoolArray, DocIndices, IntArray, NameKind, Paper

_BLOCK = 65_536
"""Entries read at once, so that memory does not grow with the index."""

_REMEMBERED = 64
"""Greatest number of names whose places are remembered."""


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

    def counts(self, kept: BoolArray) -> dict[str, int]:
        """Count the papers of each name, as it is shown, among those of the mask `kept` (N,)."""
        per_name = np.zeros(len(self.lines), dtype=np.int64)
        for start in range(0, len(self._papers), _BLOCK):
            places = start + np.flatnonzero(kept[self._papers[start : start + _BLOCK]])
            names = np.searchsorted(self._starts, places.astype(np.uint64), side="right") - 1
            numbers, n_papers = np.unique(names, return_counts=True)
            per_name[numbers] += n_papers
        counts: dict[str, int] = {}
        for number, block in enumerate(self.lines.blocks(_BLOCK)):
            own = per_name[number * _BLOCK : (number + 1) * _BLOCK]
            for place in np.flatnonzero(own).tolist():
                shown = block[place].rpartition("\t")[2]
                counts[shown] = counts.get(shown, 0) + int(own[place])
        return counts


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
