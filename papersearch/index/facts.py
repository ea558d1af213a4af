"""What filters and facets ask of papers, as arrays: dates, organisations, dumps, code.

Asking the records themselves would mean decoding every one of them for each query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.ingest.links import leads_to_code
from papersearch.types import Organisation, Paper

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.index.string_table import StringTable
    from papersearch.types import DocIndices, IntArray

_LAST_YEAR = 9999


class Facts(NamedTuple):
    """Of an open index. dates: (N,) uint32, YYYYMMDD, YYYY0000 where only the year is known, 0
    where nothing is; organisations: (N,) uint32, 1 + the place in `organisation_lines`, 0 for
    none; has_code: (N,) uint8, 1 where a link leads to a repository; since: (N,) uint32, the
    generation in which each paper came; dump_papers: (A,) uint32, the papers of each dump, one
    dump after another at `dump_offsets` (F + 1,)."""

    dates: npt.NDArray[np.uint32]
    organisations: npt.NDArray[np.uint32]
    organisation_lines: StringTable
    has_code: npt.NDArray[np.uint8]
    since: npt.NDArray[np.uint32]
    dump_papers: DocIndices
    dump_offsets: npt.NDArray[np.uint64]

    def organisation(self, number: int) -> Organisation:
        """The organisation at a place of the table."""
        handle, _, name = self.organisation_lines[number].partition("\t")
        return Organisation(handle=handle, name=name)

    def every_organisation(self) -> list[Organisation]:
        """All of the table."""
        return [self.organisation(number) for number in range(len(self.organisation_lines))]

    def of_dump(self, number: int) -> IntArray:
        """doc_idx of the papers that the dump holds; one for each appearance."""
        start, stop = int(self.dump_offsets[number]), int(self.dump_offsets[number + 1])
        return self.dump_papers[start:stop].astype(np.int64)

    def days(self) -> tuple[IntArray, IntArray]:
        """(N,) the first and the last day, YYYYMMDD, that each paper may be of; 0 and 99999999
        where nothing is known."""
        dates = self.dates.astype(np.int64)
        only_year = dates % 10_000 == 0
        first = np.where(only_year & (dates > 0), dates + 101, dates)
        last = np.where(only_year, np.where(dates > 0, dates + 1231, 99_999_999), dates)
        return first, last


def date_of(paper: Paper) -> int:
    """The date as `Facts.dates` has it."""
    if paper.date:
        return int(paper.date.replace("-", ""))
    return paper.year * 10_000 if paper.year is not None and 0 < paper.year <= _LAST_YEAR else 0


def has_code(paper: Paper) -> bool:
    """Whether one of the paper's links leads to source code."""
    return any(map(leads_to_code, paper.links))


def organisation_table(papers: Sequence[Paper]) -> tuple[list[str], npt.NDArray[np.uint32]]:
    """The organisations' lines, ascending, handle and name separated by a tab; and (N,) 1 + the
    place of each paper's, 0 for none."""
    lines = sorted({_line(paper.organisation) for paper in papers if paper.organisation})
    places = {line: place for place, line in enumerate(lines, 1)}
    numbers = (places[_line(paper.organisation)] if paper.organisation else 0 for paper in papers)
    return lines, np.fromiter(numbers, dtype=np.uint32, count=len(papers))


def fact_arrays(papers: Sequence[Paper], dumps: Sequence[str]) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    """(name, array) of the other files. `dumps`: their names, in the manifest's order."""
    yield "papers.dates.npy", np.fromiter(map(date_of, papers), dtype=np.uint32, count=len(papers))
    yield "papers.code.npy", np.fromiter(map(has_code, papers), dtype=np.uint8, count=len(papers))
    places = {name: place for place, name in enumerate(dumps)}
    held: list[list[int]] = [[] for _ in dumps]
    for doc_idx, paper in enumerate(papers):
        for place in paper.provenance:
            held[places[place.dump]].append(doc_idx)
    yield "dumps.papers.npy", np.array([doc_idx for papers_of in held for doc_idx in papers_of], dtype=np.uint32)
    yield "dumps.offsets.npy", np.cumsum([0, *map(len, held)]).astype(np.uint64)


def _line(organisation: Organisation) -> str:
    return f"{organisation.handle}\t{organisation.name}"
