"""This project's own table of papers. Every field comes back as it was written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from papersearch.ingest.formats.bibliographic import one_name
from papersearch.ingest.formats.table_columns import Columns
from papersearch.ingest.formats.table_rows import Row
from papersearch.ingest.record import Record
from papersearch.types import Organisation

_DEFUSED = re.compile(r"'(?='*[=+\-@\t\r＝＋－＠])")
"""The apostrophe before text that a spreadsheet would read as a formula."""

_FIRST = ("paper_id", "title", "authors", "date", "year", "month", "year_inferred")


def matches(columns: Columns) -> bool:
    """Return whether a table has the columns of this project's export."""
    return columns.names[: len(_FIRST)] == _FIRST and "abstract" in columns.names


def record(row: Row, cells: Sequence[str], columns: Columns) -> Record:
    """Return the paper of a row. Its texts are plain already: nothing in them is decoded."""
    fields = {
        name: cell[1:] if _DEFUSED.match(cell) else cell for name, cell in zip(columns.names, cells, strict=False)
    }

    def known(name: str) -> str | None:
        return fields.get(name) or None

    month = fields["month"]
    organisation = fields.get("organisation", "")
    return Record(
        first_line=row.first_line,
        last_line=row.last_line,
        title=fields["title"],
        abstract=fields["abstract"],
        authors=[one_name(name) for name in fields["authors"].split("; ") if name],
        dates=[fields["date"] or (f"{fields['year']}-{month:0>2}" if month else fields["year"])],
        date_inferred=fields["year_inferred"] == "true",
        record_id=known("paper_id"),
        namespace="own",
        citation_key=known("citation_key"),
        arxiv_ids=[fields.get("arxiv_id", "")],
        dois=[fields.get("doi", "")],
        categories=[name for name in fields.get("categories", "").split("; ") if name],
        links=fields.get("links", "").split(),
        organisation=Organisation(handle=organisation, name=organisation) if organisation else None,
        venue=known("venue"),
        volume=known("volume"),
        issue=known("issue"),
        pages=known("pages"),
        publisher=known("publisher"),
        url=known("url"),
        fields=columns.names,
    )
