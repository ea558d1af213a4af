"""Articles of Europe PMC, lite or core."""

from __future__ import annotations

import re
from typing import Any

from papersearch.ingest.formats.json_shapes.fields import (
    Fields,
    Lines,
    dates,
    first_text,
    identifier,
    inner,
    label,
    objects,
    strings,
    subjects,
    text,
)
from papersearch.ingest.formats.json_shapes.people import Person, named, whole_name
from papersearch.ingest.record import Record

NAME = "Europe PMC"
ABOUT = "answers of the API"

_MARKS = frozenset({"authorString", "pubYear", "firstPublicationDate", "journalInfo", "pmcid"})
_DATES = ("firstPublicationDate", "electronicPublicationDate")
_INITIALS = re.compile(r"(.*?\S)\s++([A-Z][A-Z-]{0,4})(?:\s++(Jr|Sr|2nd|3rd|II|III|IV))?")

KNOWN = frozenset(
    {
        "id", "source", "pmid", "pmcid", "doi", "title", "authorString", "authorList", "abstractText",
        "journalInfo", "pubYear", "pageInfo", "keywordList", "meshHeadingList", "journalTitle", "journalVolume",
        "issue", "bookOrReportDetails", "dateOfCreation", "dateOfRevision", "firstIndexDate",
        "dateOfCompletion", "authorIdList", "investigatorList", "chemicalList", "commentCorrectionList",
        "grantsList", "pubTypeList", "fullTextUrlList", "fullTextIdList", "dataLinksTagsList", "license",
        "versionList", "affiliation", *_DATES,
    }
)  # fmt: skip


def matches(fields: Fields) -> bool:
    """Return whether the object has an abstract or authors under Europe PMC's names."""
    return "abstractText" in fields or ("title" in fields and len(_MARKS.intersection(fields)) > 1)


def read(fields: Fields, lines: Lines) -> Record:
    """Return the article."""
    journal_info, book = inner(fields, "journalInfo"), inner(fields, "bookOrReportDetails")
    source = text(fields.get("source"))
    return Record(
        first_line=lines.first,
        last_line=lines.last,
        title=text(fields.get("title")),
        abstract=text(fields.get("abstractText")),
        has_markup=True,
        authors=_authors(fields),
        dates=dates(
            *map(fields.get, _DATES),
            journal_info.get("printPublicationDate"),
            fields.get("pubYear"),
            journal_info.get("yearOfPublication"),
        ),
        record_id=identifier(fields, "id", "pmid", "pmcid"),
        namespace="pubmed" if source == "MED" else "europepmc",
        dois=strings(fields.get("doi")),
        categories=subjects(inner(fields, "keywordList").get("keyword")),
        venue=first_text(inner(journal_info, "journal"), "title") or text(fields.get("journalTitle")) or None,
        volume=label(journal_info.get("volume")) or label(fields.get("journalVolume")),
        issue=label(journal_info.get("issue")) or label(fields.get("issue")),
        pages=label(fields.get("pageInfo")),
        publisher=text(book.get("publisher")) or None,
        fields=list(fields),
    )


def _authors(fields: Fields) -> list[Person]:
    """Return the authors in parts, or out of the joined string, which writes "Family INITIALS"."""
    listed = [
        named(
            family=entry.get("lastName"),
            given=entry.get("firstName") or entry.get("initials"),
            suffix=entry.get("suffix"),
            literal=entry.get("collectiveName"),
        )
        or _name(text(entry.get("fullName")))
        for entry in objects(inner(fields, "authorList").get("author"))
    ]
    known: list[Person] = [name for name in listed if name]
    if known:
        return known
    joined: Any = text(fields.get("authorString")).strip().removesuffix(".")
    return [name for part in joined.split(", ") if (name := _name(part))]


def _name(written: str) -> Person | None:
    """Return the name "Family INITIALS", or the whole name of a group."""
    name = whole_name(written)
    found = _INITIALS.fullmatch(name) if name else None
    if found:
        return named(family=found[1], given=found[2], suffix=found[3])
    return named(literal=name)
