"""RIS, with the line ends of its specification."""

from __future__ import annotations

from collections.abc import Sequence

from papersearch.cli.output.exports.publication import (
    NotedPaper,
    address,
    authors_of,
    inverted,
    kind_of,
    numbered_date,
    page_range,
)

_TYPES = {"article": "JOUR", "conference": "CONF", "preprint": "UNPB", "other": "GEN"}


def write(papers: Sequence[NotedPaper]) -> str:
    """Return one record per paper."""
    return "\r\n".join(map(_record, papers))


def _record(noted: NotedPaper) -> str:
    paper = noted.paper
    kind = kind_of(paper)
    first, last = page_range(paper.pages or "")
    organisation = paper.organisation.name if paper.organisation else ""
    date = numbered_date(paper)
    fields = [
        ("TY", _TYPES[kind]),
        ("ID", paper.paper_id),
        ("TI", paper.title),
        *(("AU", inverted(name)) for name in authors_of(paper)),
        ("PY", f"{date[0]:04}" if date else ""),
        ("DA", _date(date) if len(date) > 1 else ""),
        ("JO" if kind == "article" else "T2", paper.venue or ""),
        ("VL", paper.volume or ""),
        ("IS", paper.issue or ""),
        ("SP", first),
        ("EP", last or ""),
        ("PB", paper.publisher or organisation),
        ("DO", paper.doi or ""),
        ("DB", "arXiv" if paper.arxiv_id else ""),
        ("AN", paper.arxiv_id or ""),
        ("UR", address(paper) or ""),
        *(("KW", name) for name in noted.keywords),
        ("LB", paper.citation_key or ""),
        ("N1", "year inferred" if paper.year_inferred else ""),
        ("N1", noted.note),
        ("AB", paper.abstract),
    ]
    lines = [f"{tag}  - {value}" for tag, value in fields if value]
    return "\r\n".join([*lines, "ER  - ", ""])


def _date(numbers: Sequence[int]) -> str:
    """Return a date as RIS writes it: year/month/day/other, three slashes in all."""
    year, month, day = (*numbers, 0, 0)[:3]
    return f"{year:04}/{month:02}/{f'{day:02}' if day else ''}/"
