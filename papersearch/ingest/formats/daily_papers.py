"""The dump format "Daily Papers": a Hugging Face search page, selected and copied as text.

A page starts with a header (newsletter, "byAK and the research community", a day). Then each paper
has a title line, an abstract line, and on some pages a metadata block:

      • 9 authors          or an organisation, as handle and name
    ·
    Jan 6, 2025 2          a date (some without year) and the comment count

Blank lines separate them. Nothing marks the kind of a line, so the parser goes by shape: a metadata
block by its separator and date, an abstract by its length. Unexpected text becomes a finding and
does not affect the papers around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import IO, Any

from papersearch.ingest.formats.daily_papers_blocks import (
    DATE,
    MONTHS,
    SEPARATOR,
    Card,
    PageBlocks,
    is_signature,
)
from papersearch.ingest.lines import Line, read_lines
from papersearch.ingest.record import Complain, NotADump, Record
from papersearch.types import FindingKind, Organisation

NAME = "Daily Papers"
ABOUT = "Hugging Face's pages of papers, selected, copied and saved as `.txt`"

HEADER_LINES = frozenset(
    {
        "new",
        "Get trending papers in your email inbox!",
        "Subscribe",
        "Daily Papers",
        "byAK and the research community",
    }
)
_SIGNATURES = ("byAK and the research community", "Get trending papers in your email inbox!")
"""Header lines that identify the format: a file with one of them near its start is a page."""

_LONGEST_TITLE = 250
"""Longest title, in characters. In the given dumps the longest title has 138 characters, and the
shortest abstract 404."""

_SHORTEST_SUMMARY = 60
"""Shortest abstract below what is surely a title: trending pages show a sentence. Names are shorter."""

_AUTHORS = re.compile(r"• (?P<count>\d{1,5}) authors?")


@dataclass(slots=True)
class _Metadata:
    """One metadata block as printed; `year` is None if the date was printed without one."""

    last_line: int
    author_count: int | None = None
    organisation: Organisation | None = None
    month_day: tuple[int, int] | None = None
    year: int | None = None
    comment_count: int | None = None
    findings: list[tuple[int, str]] = field(default_factory=list)


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    lines = head.decode("utf-8", "replace").splitlines()
    return any(line.strip() in _SIGNATURES or is_signature(line) for line in lines)


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of a copied page. Raises NotADump for a page without any."""
    records = parse(read_lines(stream), complain)
    yield from records
    if not records:
        raise NotADump("a page of Hugging Face without papers: select all of a page of papers, and copy it")


def parse(lines: Iterable[Line], complain: Complain) -> list[Record]:
    """Return the papers of one page in order; report its findings in line order."""
    blocks = PageBlocks()
    reader = _PageReader(blocks.titles)
    for block in blocks.read(line for line in lines if not reader.is_unreadable(line)):
        reader.read(block)
    reader.finish()
    year = _page_year(reader.metadata)
    for kind, line, detail in sorted(reader.findings, key=lambda finding: finding[1]):
        complain(kind, line, detail)
    return [
        replace(_dated(record, metadata, year), **_of_card(blocks.titles.get(record.first_line)))
        for record, metadata in reader.papers
    ]


def _of_card(card: Card | None) -> dict[str, Any]:
    """Return the fields of a record that what surrounds its title gives."""
    return {"arxiv_ids": [card.arxiv_id or ""], "upvotes": card.upvotes} if card else {}


class _PageReader:
    """Reads a page block by block; keeps a title until its abstract follows.

    titles: the lines that are surely titles; their papers may lack an abstract, or have a short one
    """

    def __init__(self, titles: Mapping[int, Card]) -> None:
        self._titles = titles
        self.papers: list[tuple[Record, _Metadata | None]] = []
        self.findings: list[tuple[FindingKind, int, str]] = []
        self.metadata: list[_Metadata] = []
        self._title: Line | None = None
        self._may_take_metadata = False
        self._in_header = True

    def is_unreadable(self, line: Line) -> bool:
        """Report a line's fault; return whether the line's text is lost."""
        if line.fault:
            self._report(line.fault.kind, line.number, line.fault.detail)
        return line.fault is not None and line.fault.line_is_lost

    def read(self, block: list[Line]) -> None:
        """Read the next block: header, metadata, title or abstract, or several of them run together."""
        texts: list[Line] = []
        position = 0
        while position < len(block):
            length = _metadata_length(block, position)
            line = block[position]
            if length and not (self._in_header and length == 1 and DATE.fullmatch(line.text)):
                self._read_text(texts)
                texts = []
                self._read_metadata(block[position : position + length])
                position += length
                continue
            if line.text in HEADER_LINES:
                self._read_text(texts)
                texts = []
                self._in_header = True
            elif not (self._in_header and DATE.fullmatch(line.text)):
                texts.append(line)
            position += 1
        self._read_text(texts)

    def finish(self) -> None:
        """End the page: report a title that is still without an abstract."""
        self._drop_title()

    def _read_text(self, lines: list[Line]) -> None:
        """Read lines of one block that are neither header nor metadata: a title or an abstract.

        A short line followed by a long one in the same block is a title that lost its blank line.
        Otherwise the lines are one wrapped paragraph.
        """
        if not lines:
            return
        self._in_header = False
        cuts = [at for at, line in enumerate(lines) if line.number in self._titles]
        if len(lines) > 2 and _are_pairs(lines):
            cuts = list(range(0, len(lines), 2))
        if cuts and len(lines) > 1:
            for part in _parts(lines, cuts):
                self._read_text(part)
            return
        if len(lines) > 1 and len(lines[0].text) <= _LONGEST_TITLE < len(lines[1].text):
            self._read_text(lines[:1])
            self._read_text(lines[1:])
            return
        text = " ".join(line.text for line in lines)
        is_sure = lines[0].number in self._titles
        if not is_sure and self._title_is_sure():
            if len(text) >= _SHORTEST_SUMMARY:
                self._add_paper(lines[-1].number, text)
            else:
                self._report("metadata not understood", lines[0].number, text)
        elif is_sure or len(text) <= _LONGEST_TITLE:
            self._drop_title()
            self._title = Line(lines[0].number, text)
            self._may_take_metadata = False
        elif self._title is None:
            self._report("abstract without title", lines[0].number, _shortened(text))
            self._may_take_metadata = False
        else:
            self._add_paper(lines[-1].number, text)

    def _add_paper(self, last_line: int, abstract: str) -> None:
        """Add the paper of the title that is kept."""
        if self._title is not None:
            record = Record(
                first_line=self._title.number,
                last_line=last_line,
                title=self._title.text,
                abstract=abstract,
                has_latex=True,
            )
            self.papers.append((record, None))
            self._title = None
            self._may_take_metadata = True

    def _title_is_sure(self) -> bool:
        return self._title is not None and self._title.number in self._titles

    def _read_metadata(self, block: list[Line]) -> None:
        if self._title is not None and self._title_is_sure():
            self._add_paper(self._title.number, "")
        metadata = _parse_metadata(block)
        self.metadata.append(metadata)
        for number, detail in metadata.findings:
            self._report("metadata not understood", number, detail)
        if self._may_take_metadata:
            self.papers[-1] = (self.papers[-1][0], metadata)
        else:
            self._drop_title()
            self._report(
                "metadata without paper", block[0].number, _shortened(" ".join(line.text for line in block))
            )
        self._may_take_metadata = False

    def _drop_title(self) -> None:
        if self._title is not None and self._title_is_sure():
            self._add_paper(self._title.number, "")
        elif self._title is not None:
            self._report("title without abstract", self._title.number, _shortened(self._title.text))
            self._title = None

    def _report(self, kind: FindingKind, line: int, detail: str) -> None:
        self.findings.append((kind, line, detail))


def _parts(lines: list[Line], cuts: list[int]) -> Iterator[list[Line]]:
    """Yield the lines in order: each at a cut alone, and those between together."""
    ends = sorted({0, len(lines), *cuts, *(at + 1 for at in cuts)})
    return (lines[start:end] for start, end in pairwise(ends))


def _are_pairs(lines: list[Line]) -> bool:
    """Return whether a block is of titles and abstracts in turn: some browsers copy no blank lines."""
    lengths = [len(line.text) for line in lines]
    return len(lines) % 2 == 0 and max(lengths[::2]) <= _LONGEST_TITLE < min(lengths[1::2])


def _metadata_length(block: list[Line], position: int) -> int:
    """Return the number of lines from `position` on that form a metadata block, 0 if none starts there.

    Each of the three lines may be missing, but only a separator identifies an organisation.
    """
    texts = [line.text for line in block[position : position + 3]]
    authors = _AUTHORS.fullmatch(texts[0]) is not None
    separated = texts[1:2] == [SEPARATOR]
    if separated and (authors or (len(texts) == 3 and DATE.fullmatch(texts[2]))):
        length = 2
    elif authors or texts[0] == SEPARATOR:
        length = 1
    else:
        return 1 if DATE.fullmatch(texts[0]) else 0
    return length + (1 if len(texts) > length and DATE.fullmatch(texts[length]) else 0)


def _parse_metadata(block: list[Line]) -> _Metadata:
    """Parse the lines of one metadata block; an impossible day becomes a finding."""
    metadata = _Metadata(block[-1].number)
    for line in block:
        if authors := _AUTHORS.fullmatch(line.text):
            metadata.author_count = int(authors["count"])
        elif printed := DATE.fullmatch(line.text):
            month, day = MONTHS.index(printed["month"]) + 1, int(printed["day"])
            year = int(printed["year"]) if printed["year"] else None
            # Check a day without a year in a leap year, since the year derived later may be one.
            if _is_day(year or 2000, month, day):
                metadata.month_day, metadata.year = (month, day), year
            else:
                metadata.findings.append((line.number, f"no such day: {line.text}"))
            metadata.comment_count = int(printed["comments"]) if printed["comments"] else None
        elif line.text != SEPARATOR:
            handle, _, name = line.text.partition(" ")
            metadata.organisation = Organisation(handle=handle, name=name or handle)
    return metadata


def _page_year(blocks: list[_Metadata]) -> int | None:
    """Return the year in which the page was copied, or None if the page prints no year.

    A page prints the year of every date except those of the current year. So the current year is
    the one after the latest printed year.
    """
    printed = [block.year for block in blocks if block.year]
    return max(printed) + 1 if printed else None


def _dated(record: Record, metadata: _Metadata | None, page_year: int | None) -> Record:
    """Return `record` with its metadata; a missing year is inferred from the page."""
    if metadata is None:
        return record
    year = metadata.year or (page_year if metadata.month_day else None)
    dates: tuple[str, ...] = ()
    if year and metadata.month_day and _is_day(year, *metadata.month_day):
        dates = (date(year, *metadata.month_day).isoformat(),)
    elif year:
        dates = (str(year),)
    return replace(
        record,
        last_line=metadata.last_line,
        dates=dates,
        date_inferred=year is not None and metadata.year is None,
        author_count=metadata.author_count,
        organisation=metadata.organisation,
        comment_count=metadata.comment_count,
    )


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
