"""Tables of papers as CSV or TSV: one paper a row, under a header.

`table_columns` knows the headers of producers, `table_rows` reads rows and stops damage. A table
without abstracts may be of anything: it is read only where a user names it, and a price list never.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO

from papersearch.ingest.formats import own_table
from papersearch.ingest.formats.bibliographic import (
    arxiv_ids_in,
    first_published,
    page_range,
    split_at_semicolons,
    web_addresses,
)
from papersearch.ingest.formats.few_findings import FewFindings, UnreadNames
from papersearch.ingest.formats.json_shapes.csl import dois_in_note
from papersearch.ingest.formats.json_shapes.fields import split_subjects
from papersearch.ingest.formats.json_shapes.zotero import NO_PAPERS
from papersearch.ingest.formats.table_columns import Columns, columns_of, producer_of
from papersearch.ingest.formats.table_fields import DELIMITER, gathered, has_fields
from papersearch.ingest.formats.table_rows import Row, read_rows
from papersearch.ingest.placeholders import is_no_value
from papersearch.ingest.record import Complain, NotADump, Record
from papersearch.types import AuthorName

NAME = "table"
ABOUT = "CSV or TSV of Zotero, Scopus, Web of Science, Embase, IEEE Xplore, Lens.org, PubMed, Kaggle and others, \
with a column for abstracts; without one, where the file itself is named"

_MAX_LINE_BYTES = 1 << 20
_MAX_LISTED = 10_000
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_FORMULA = re.compile(r'="(.*)"')
"""A number written so that a spreadsheet takes it for text."""

_ADDRESS_AFTER = re.compile(r"(?<=\d) \[https?://[^\]]*\]\Z")
"""The address that Ovid writes after an id."""

_BLANK_LINE = re.compile(r"(?<![ \t])[ \t]*+\n[ \t]*+\n\s*+")
_CITED_BY_EMBASE = re.compile(r"(.{2,200}?)\s+\((\d{4})\)\s+\S*\d")
_CITED_BY_OVID = re.compile(r"([^.]{2,200})\.\s+\S*\d.*?,\s+(\d{4})\b", re.DOTALL)
_TO_PARENTHESIS = re.compile(r"[^()]++\)?")
_FEW_COMMAS = 3
"""Commas of which fewer may belong to one heading: "Databases, Protein"."""

_NO_ID = frozenset({"", "0"})
_NO_ABSTRACTS = "a table without a column for abstracts"


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return has_fields(head) or columns_of(head) is not None


def only_if_named(head: bytes) -> str | None:
    """Return why a file is read only where it is named itself, or None if it always is or never."""
    columns = None if has_fields(head) else columns_of(head)
    if columns is None or columns.has_abstracts or not columns.may_be_papers:
        return None
    return f"{_NO_ABSTRACTS}, which is read only where it is named itself"


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one table in order. Raises NotADump for a table that is not of papers."""
    if has_fields(head):
        yield from _read_fields(stream, complain)
        return
    columns = columns_of(head)
    if columns is None or not (columns.has_abstracts or columns.may_be_papers):
        raise NotADump(f"{_NO_ABSTRACTS}; its columns are not those of papers")
    findings = FewFindings(complain)
    unread = UnreadNames()
    reads = own_table.record if own_table.matches(columns) else _record
    source = producer_of(columns)
    for row in read_rows(_lines(stream, columns.n_lines, findings), columns.delimiter, len(columns.names)):
        if fault := row.fault or _fault(row, columns):
            findings.add("not a record", row.first_line, f"{_key(row, columns)}{fault}", fault)
            continue
        if not any(map(str.strip, row.cells)) or tuple(row.cells) == columns.names:
            continue
        cells = [*row.cells, *[""] * (len(columns.names) - len(row.cells))]
        record = reads(row, cells, columns)
        if record is None:
            continue
        _count_unread(unread, cells, columns, record)
        record.source = source
        yield record
    findings.end()
    unread.report(complain)


def _read_fields(stream: IO[bytes], complain: Complain) -> Iterator[Record]:
    """Yield the papers of a table with one field a row."""
    findings = FewFindings(complain)
    for row, columns in gathered(read_rows(_lines(stream, 0, findings), DELIMITER, width=2)):
        if row.fault:
            findings.add("not a record", row.first_line, f"{_key(row, columns)}{row.fault}", row.fault)
        elif record := _record(row, row.cells, columns):
            record.source = "Embase CSV"
            yield record
    findings.end()


def _lines(stream: IO[bytes], n_passed: int, findings: FewFindings) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines behind the first ones."""
    for line in findings.lines(stream, _MAX_LINE_BYTES):
        if line.number > n_passed and not (line.fault and line.fault.line_is_lost):
            yield line.number, line.text.replace("\r", " ") + "\n"


def _fault(row: Row, columns: Columns) -> str:
    """Return what is wrong with the number of cells, or "". Blank cells at the end may be missing."""
    width = len(columns.names)
    needed = max(columns.roles.get(role, [0])[0] for role in ("title", "abstract"))
    is_short = len(row.cells) <= max(needed, 1) and any(map(str.strip, row.cells))
    if is_short or any(map(str.strip, row.cells[width:])):
        return f"{len(row.cells):,} cells in place of {width:,}"
    return ""


def _key(row: Row, columns: Columns) -> str:
    """Return what names a row in a finding: its id, or else its first cell."""
    places = [place for place, _ in columns.ids if place < len(row.cells)]
    written = next(
        (row.cells[place] for place in [*places, *range(len(row.cells))] if row.cells[place].strip()), ""
    )
    return f"“{' '.join(written[:60].split())}”: " if written else ""


def _record(row: Row, cells: Sequence[str], columns: Columns) -> Record | None:
    """Return the paper of a row, or None for an attachment or a note of Zotero's."""
    values = {
        role: [value for place in places if not is_no_value(value := _bare(cells[place]))]
        for role, places in columns.roles.items()
    }

    def every(role: str) -> list[str]:
        return values.get(role, [])

    def first(role: str) -> str:
        return next(iter(values.get(role, ())), "")

    if first("kind") in NO_PAPERS:
        return None
    record_id, namespace = next(
        (
            (_ADDRESS_AFTER.sub("", _bare(cells[place])), space)
            for place, space in columns.ids
            if cells[place].strip() not in _NO_ID
        ),
        (None, ""),
    )
    arxiv_id = [record_id] if record_id and columns.has("updatedate", "categories") else []
    links, extra = web_addresses(every("url")), first("extra")
    names = _authors(first("authors"), every("groups"))
    venue, year = _place(first("venue"))
    pages = first("pages") or page_range(first("first_page"), first("last_page")) or first("article_number")
    days = [*every("date"), _day(first("year"), first("month"), first("day"))]
    days += [f"{first('year')}/{day}" if "/" in day else day for day in every("month_day")]
    return Record(
        first_line=row.first_line,
        last_line=row.last_line,
        title=next((cells[place] for place in columns.roles.get("title", ()) if cells[place].strip()), ""),
        abstract=first("abstract"),
        has_markup=True,
        has_latex=True,
        authors=names if isinstance(names, list) else (),
        joined_authors=names if isinstance(names, str) else None,
        dates=first_published(days, every("year") or year) or every("early"),
        updated=every("updated"),
        record_id=record_id,
        namespace=namespace or ("zotero" if columns.has("itemtype", "key") else ""),
        citation_key=first("citation_key") or None,
        arxiv_ids=[*arxiv_id, *every("arxiv"), *arxiv_ids_in([*links, extra, record_id or "", *every("venue")])],
        dois=[*every("doi"), *dois_in_note(extra), *(link for link in links if "doi.org/" in link)],
        categories=[*_keywords(every("keywords")), *split_at_semicolons(map(_with_semicolons, every("tags")))],
        venue=venue or None,
        volume=first("volume") or None,
        issue=first("issue") or None,
        pages=pages or None,
        publisher=first("publisher") or None,
        url=next(iter(links), None),
        fields=columns.names,
    )


def _bare(cell: str) -> str:
    """Return a cell without what protects it in a spreadsheet."""
    found = _FORMULA.fullmatch(cell.strip()) if cell.startswith("=") else None
    return found[1] if found else cell.strip()


def _authors(written: str, groups: Sequence[str]) -> list[AuthorName | str] | str:
    """Return the authors: of a list as programs print it, or as the table joins them."""
    written = _BLANK_LINE.sub("; " if "," in written else ", ", written.strip()).replace("||", "; ")
    joined = re.sub(r",\s*null\b", "", written)  # RefWorks, for a given name that is not known
    if joined.endswith(".") and joined.count(".") == 1 and "," in joined:  # PubMed's full stop after all names
        joined = joined[:-1]
    listed = _listed(joined)
    if not listed and not groups:
        return joined
    people = listed or [name.strip() for name in joined.split(";") if name.strip()]
    return [*people, *(AuthorName(literal=name.strip()) for group in groups for name in group.split(";"))]


def _place(written: str) -> tuple[str, list[str]]:
    """Return where a paper appeared, and its year if this is a whole citation.

    Embase writes "Cancer (2004) 102:4 (253-258)", Ovid "Cancer. 102 (4) (pp 253-258), 2004."
    """
    if found := _CITED_BY_EMBASE.match(written):
        return found[1], [found[2]]
    if found := _CITED_BY_OVID.match(written):
        return found[1], [found[2]]
    return written, []


def _with_semicolons(cell: str) -> str:
    """Return subject headings with semicolons between them: Embase joins them by commas, Ovid by blank lines."""
    if _BLANK_LINE.search(cell):
        return _BLANK_LINE.sub("; ", cell)
    if ";" in cell or cell.count(", ") < _FEW_COMMAS:
        return cell
    return _TO_PARENTHESIS.sub(lambda part: part[0] if part[0][-1] == ")" else part[0].replace(", ", "; "), cell)


def _keywords(cells: Sequence[str]) -> list[str]:
    return [word for cell in cells for word in _listed(cell) or split_subjects(_one_separator(cell))]


def _one_separator(cell: str) -> str:
    return _BLANK_LINE.sub(";", cell).replace("|", ";")


def _listed(written: str) -> list[str]:
    """Return the strings in a list as Python and JSON print it, or no strings."""
    if written[:1] not in "[(" or written[-1:] not in "])":
        return []
    found = (
        match[1] or match[2] or "" for match, _ in zip(_QUOTED.finditer(written), range(_MAX_LISTED), strict=False)
    )
    return [re.sub(r"\\(.)", r"\1", text) for text in found if text.strip()]


def _day(year: str, month: str, day: str) -> str:
    """Return the date in columns of its parts, or "" without a month."""
    if not year or not month:
        return ""
    if month.removesuffix(".0").isdigit():
        return "-".join(part.removesuffix(".0") for part in (year, month, day) if part)
    return " ".join(filter(None, (day, month, year)))


def _count_unread(unread: UnreadNames, cells: Sequence[str], columns: Columns, record: Record) -> None:
    """Count the columns that carry what the record does not tell."""
    known = {
        "title": record.title,
        "abstract": record.abstract,
        "authors": record.authors or record.joined_authors,
        "date": record.dates or record.arxiv_ids,
        "identity": record.arxiv_ids or record.dois,
    }
    for place, meaning in columns.unread:
        if not known[meaning] and not is_no_value(cells[place]):
            unread.add(columns.names[place], record.first_line)
