"""This project's own papers and hits. Every field comes back as it was written."""

from __future__ import annotations

from typing import Any

from papersearch.ingest.formats.json_shapes.fields import Fields, Lines, count, identifier, inner, strings, text
from papersearch.ingest.formats.json_shapes.people import Person, named
from papersearch.ingest.record import Record
from papersearch.types import AuthorName, Organisation

NAME = "papersearch's JSON"
ABOUT = "what papersearch prints as JSON"

_MARKS = frozenset({"year_inferred", "author_names", "provenance", "author_count", "comment_count", "organisation"})

KNOWN = frozenset(
    {
        "paper_id", "title", "abstract", "date", "year", "month", "year_inferred", "authors", "author_names",
        "author_count", "organisation", "comment_count", "upvotes", "links", "categories", "arxiv_id", "doi",
        "venue", "volume", "issue", "pages", "publisher", "url", "citation_key", "provenance", "rank", "score",
        "added", "evidence", "explanation", "verdict", "duplicates", "query", "topic_id", "marks", "collections",
    }
)  # fmt: skip


def matches(fields: Fields) -> bool:
    """Return whether the object has the id of a paper and a field that only this project writes."""
    return isinstance(fields.get("paper_id"), str) and not _MARKS.isdisjoint(fields)


def read(fields: Fields, lines: Lines) -> Record:
    """Return the paper. Its texts are plain already: nothing in them is decoded again."""
    organisation = inner(fields, "organisation")
    handle, name = text(organisation.get("handle")), text(organisation.get("name"))
    return Record(
        first_line=lines.first,
        last_line=lines.last,
        title=text(fields.get("title")),
        abstract=text(fields.get("abstract")),
        authors=_authors(fields),
        author_count=count(fields.get("author_count")),
        dates=[_date(fields)],
        date_inferred=fields.get("year_inferred") is True,
        has_date_in_id=False,
        record_id=identifier(fields, "paper_id"),
        namespace="own",
        citation_key=identifier(fields, "citation_key"),
        arxiv_ids=strings(fields.get("arxiv_id")),
        dois=strings(fields.get("doi")),
        categories=strings(fields.get("categories")),
        links=strings(fields.get("links")),
        organisation=Organisation(handle=handle, name=name or handle) if handle else None,
        comment_count=count(fields.get("comment_count")),
        upvotes=count(fields.get("upvotes")),
        venue=identifier(fields, "venue"),
        volume=identifier(fields, "volume"),
        issue=identifier(fields, "issue"),
        pages=identifier(fields, "pages"),
        publisher=identifier(fields, "publisher"),
        url=text(fields.get("url")) or None,
        fields=list(fields),
    )


def _authors(fields: Fields) -> list[Person]:
    """Return the authors in parts, or as strings where the parts are not written."""
    written = strings(fields.get("authors"))
    parts = fields.get("author_names")
    if isinstance(parts, list) and len(parts) >= len(written):
        names = [_name(entry) for entry in parts]
        if all(names):
            return [name for name in names if name]
    return list(written)


def _name(entry: Any) -> AuthorName | None:
    if not isinstance(entry, dict):
        return None
    known = ("family", "given", "particle", "suffix", "literal")
    return named(**{part: entry[part] for part in known if isinstance(entry.get(part), str)})


def _date(fields: Fields) -> Any:
    """Return the day, or as much of it as is known."""
    year, month = fields.get("year"), fields.get("month")
    if fields.get("date") or not isinstance(year, int):
        return fields.get("date")
    return f"{year:04}-{month:02}" if isinstance(month, int) else year
