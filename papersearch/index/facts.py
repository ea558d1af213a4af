"""Facts about papers as arrays, for filters and facets: dates, organisations, dumps, code.

Reading them from the papers' records would mean decoding every record for each query.
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
    """The facts of an open index with N papers, F dumps and A appearances.

    dates: (N,) uint32, YYYYMMDD; YYYYMM00 if the day is unknown, YYYY0000 if the month is too, 0 if
        nothing is known
    organisations: (N,) uint32, 1 + the index in `organisation_lines`, 0 for none
    organisation_lines: handle and name, separated by a tab
    has_code: (N,) uint8, 1 if a link leads to a repository of source code
    since: (N,) uint32, the generation that added the paper
    added: (N,) uint32, when the paper first came, in seconds since 1970; 0 if that is unknown
    dump_papers: (A,) uint32, doc_idx of each dump's papers, one dump after another
    dump_offsets: (F + 1,) uint64, the range of each dump in `dump_papers`
    """

    dates: npt.NDArray[np.uint32]
    organisations: npt.NDArray[np.uint32]
    organisation_lines: StringTable
    has_code: npt.NDArray[np.uint8]
    since: npt.NDArray[np.uint32]
    added: npt.NDArray[np.uint32]
    dump_papers: DocIndices
    dump_offsets: npt.NDArray[np.uint64]

    def organisation(self, number: int) -> Organisation:
        """Return the organisation at an index of the table."""
        handle, _, name = self.organisation_lines[number].partition("\t")
        return Organisation(handle=handle, name=name)

    def every_organisation(self) -> list[Organisation]:
        """Return all organisations of the table."""
        return [self.organisation(number) for number in range(len(self.organisation_lines))]

    def of_dump(self, number: int) -> IntArray:
        """Return doc_idx of the dump's papers, (n,) int64; one entry for each appearance."""
        start, stop = int(self.dump_offsets[number]), int(self.dump_offsets[number + 1])
        return self.dump_papers[start:stop].astype(np.int64)


def days_of(dates: npt.NDArray[np.uint32]) -> tuple[IntArray, IntArray]:
    """Return the first and the last possible day for each of `Facts.dates`, (n,) int64 each, as YYYYMMDD.

    An unknown date may be any day: 0 and 99999999. The last day of every month is 31, because
    days are only compared.
    """
    days: IntArray = dates.astype(np.int64)
    is_year = (days % 10_000 == 0) & (days > 0)
    is_month = (days % 100 == 0) & (days > 0) & ~is_year
    first = np.select([is_year, is_month], [days + 101, days + 1], days)
    last = np.select([is_year, is_month, days == 0], [days + 1231, days + 31, 99_999_999], days)
    return first, last


def date_of(paper: Paper) -> int:
    """Return the paper's date in the form of `Facts.dates`."""
    if paper.date:
        return int(paper.date.replace("-", ""))
    if paper.year is None or not 0 < paper.year <= _LAST_YEAR:
        return 0
    return paper.year * 10_000 + (paper.month or 0) * 100


def has_code(paper: Paper) -> bool:
    """Return whether one of the paper's links leads to source code."""
    return any(map(leads_to_code, paper.links))


def organisation_table(papers: Sequence[Paper]) -> tuple[list[str], npt.NDArray[np.uint32]]:
    """Return the table's lines, ascending, and each paper's number in it.

    A line is handle and name, separated by a tab. Numbers are (N,) uint32, 1 + the line's index, 0
    for none.
    """
    lines = sorted({_line(paper.organisation) for paper in papers if paper.organisation})
    places = {line: place for place, line in enumerate(lines, 1)}
    numbers = (places[_line(paper.organisation)] if paper.organisation else 0 for paper in papers)
    return lines, np.fromiter(numbers, dtype=np.uint32, count=len(papers))


def fact_arrays(papers: Sequence[Paper], dumps: Sequence[str]) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    """Yield (file name, array) of the other facts. `dumps`: names in the manifest's order."""
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
