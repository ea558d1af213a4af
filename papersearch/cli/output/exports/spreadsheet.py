"""CSV for spreadsheets: UTF-8 with a byte-order mark, without which Excel reads another encoding."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from papersearch.cli.output.exports.publication import NotedPaper, address, authors_of, inverted

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_COLUMNS = (
    "paper_id", "title", "authors", "date", "year", "month", "year_inferred", "venue", "volume", "issue", "pages",
    "publisher", "organisation", "categories", "arxiv_id", "doi", "url", "links", "citation_key", "abstract",
    "note",
)  # fmt: skip


def write(papers: Sequence[NotedPaper]) -> str:
    """Return a header and one row per paper."""
    table = io.StringIO()
    table.write("\ufeff")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for noted in papers:
        writer.writerow(map(_cell, _cells(noted)))
    return table.getvalue()


def _cells(noted: NotedPaper) -> Sequence[str]:
    paper = noted.paper
    return (
        paper.paper_id,
        paper.title,
        "; ".join(inverted(name).replace(";", ",") for name in authors_of(paper)),
        paper.date or "",
        "" if paper.year is None else str(paper.year),
        "" if paper.month is None else str(paper.month),
        "true" if paper.year_inferred else "false",
        paper.venue or "",
        paper.volume or "",
        paper.issue or "",
        paper.pages or "",
        paper.publisher or "",
        paper.organisation.name if paper.organisation else "",
        "; ".join(noted.keywords),
        paper.arxiv_id or "",
        paper.doi or "",
        address(paper) or "",
        " ".join(paper.links),
        paper.citation_key or "",
        paper.abstract,
        noted.note,
    )


def _cell(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would read as a formula (OWASP).

    Text that already begins like that gets one as well. So a reader of the table takes one apostrophe
    away where apostrophes come before such a sign.
    """
    return f"'{text}" if _FORMULA.match(text) else text
