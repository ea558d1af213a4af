"""Items of Zotero: its web API, and Better BibTeX JSON. Attachments and notes are passed over."""

from __future__ import annotations

import re
from typing import Any

from papersearch.ingest.formats.json_shapes.csl import citation_key, dois_in_note
from papersearch.ingest.formats.json_shapes.fields import (
    Fields,
    Lines,
    dates,
    first_text,
    identifier,
    inner,
    label,
    mentioned_arxiv_ids,
    objects,
    strings,
    subjects,
    text,
)
from papersearch.ingest.formats.json_shapes.people import Person, named
from papersearch.ingest.record import Record

NAME = "Zotero JSON"
ABOUT = "Better BibTeX JSON, and answers of Zotero's API"

NO_PAPERS = frozenset({"attachment", "note", "annotation"})
"""Types of items that belong to another one."""

DATES = ("date", "issueDate", "filingDate", "dateDecided", "dateEnacted")
_AUTHORS = frozenset({"author", "presenter", "inventor", "programmer"})
_VENUES = ("publicationTitle", "proceedingsTitle", "bookTitle", "encyclopediaTitle", "dictionaryTitle")
_PUBLISHERS = ("publisher", "university", "institution", "repository", "studio", "company")

KNOWN = frozenset(
    {
        "key", "version", "library", "links", "meta", "data", "itemType", "creators", "title", "abstractNote",
        "DOI", "url", "extra", "tags", "archiveID", "citationKey", "citekey", "itemKey", "volume",
        "issue", "pages", "caseName", "nameOfAct", "subject", "notes", "attachments", "relations",
        "collections", "shortTitle", "dateAdded", "dateModified", "accessDate", "conferenceName",
        "seriesTitle", "seriesText", "bookAuthor", "meetingName",
        "reportNumber", *DATES, *_VENUES, *_PUBLISHERS,
    }
)  # fmt: skip

UNTRACED = frozenset({"creators"})
"""Fields that may hold editors alone."""


def matches(fields: Fields) -> bool:
    """Return whether the object, or its `data`, has a type of Zotero's items."""
    item = fields if "itemType" in fields else inner(fields, "data")
    kind = item.get("itemType")
    return isinstance(kind, str) and ("creators" in item or kind in NO_PAPERS or "title" in item)


def read(fields: Fields, lines: Lines) -> Record | None:
    """Return the item, or None for an attachment or a note."""
    item = fields if "itemType" in fields else inner(fields, "data")
    if item["itemType"] in NO_PAPERS:
        return None
    extra = text(item.get("extra"))
    key = identifier(fields, "key") or identifier(item, "itemKey", "key")
    cited = citation_key(identifier(item, "citationKey", "citekey") or _citation_key_in(extra))
    mentions = map(item.get, ("archiveID", "reportNumber", "extra", "url", "DOI"))
    return Record(
        first_line=lines.first,
        last_line=lines.last,
        title=first_text(item, "title", "caseName", "nameOfAct", "subject"),
        abstract=text(item.get("abstractNote")),
        has_markup=True,
        authors=_authors(item.get("creators")),
        dates=_dates(item, text(inner(fields, "meta").get("parsedDate"))),
        record_id=key or cited,
        namespace="zotero" if key else "",
        citation_key=cited,
        arxiv_ids=mentioned_arxiv_ids(*mentions),
        dois=[*strings(item.get("DOI")), *dois_in_note(extra)],
        categories=subjects(item.get("tags")),
        venue=first_text(item, *_VENUES, "conferenceName", "meetingName") or None,
        volume=label(item.get("volume")),
        issue=label(item.get("issue")),
        pages=label(item.get("pages")),
        publisher=first_text(item, *_PUBLISHERS) or None,
        url=text(item.get("url")) or None,
        fields=list(item),
    )


def _dates(item: Fields, parsed: str) -> list[Any]:
    """Return the date that Zotero has parsed, else as the user typed it."""
    return dates(parsed, *(text(item.get(name)) for name in DATES))


def _authors(value: Any) -> list[Person]:
    """Return the creators that wrote the item. A creator with one name is a group."""
    found = [
        named(
            family=entry.get("lastName") if entry.get("firstName") else None,
            given=entry.get("firstName"),
            literal=None if entry.get("firstName") else entry.get("name") or entry.get("lastName"),
        )
        for entry in objects(value)
        if text(entry.get("creatorType", "author")) in _AUTHORS
    ]
    return [name for name in found if name]


def _citation_key_in(extra: str) -> str | None:
    found = re.search(r"^[^\S\n]*+citation key:\s*+(\S+)", extra, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else None
