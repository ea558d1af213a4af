"""Lists of accepted papers in the form of paperlists: names and keywords joined by semicolons."""

from __future__ import annotations

import re
from typing import Any

from papersearch.ingest.formats.json_shapes.fields import (
    Fields,
    Lines,
    addresses,
    arxiv_ids,
    dates,
    identifier,
    strings,
    subjects,
    text,
)
from papersearch.ingest.formats.json_shapes.people import whole_name
from papersearch.ingest.record import Record

NAME = "paperlists"
ABOUT = "the lists of accepted papers, as downloaded"

_MARKS = frozenset({"status", "track", "aff", "author_site", "primary_area", "or_profile", "tldr"})
_YEAR = re.compile(r"\byear\s*+=\s*+[{\"]?\s*+(\d{4})")

KNOWN = frozenset(
    {
        "id", "title", "author", "abstract", "keywords", "site", "status", "track", "bibtex", "doi", "arxiv",
        "github", "project", "pdf", "author_site", "authorids", "tldr", "author_num", "oa", "openreview", "aff",
        "aff_domain", "primary_area", "position", "homepage", "session_title", "slides", "video", "year",
    }
)  # fmt: skip


def matches(fields: Fields) -> bool:
    """Return whether the object has its authors in one string, and a field of such lists."""
    return (
        isinstance(fields.get("author"), str)
        and isinstance(fields.get("title"), str)
        and ("abstract" in fields or "keywords" in fields)
        and len(_MARKS.intersection(fields)) > 1
    )


def read(fields: Fields, lines: Lines) -> Record:
    """Return the paper. Its year is that of its BibTeX entry, where it has one."""
    names = map(whole_name, text(fields.get("author")).split(";"))
    return Record(
        first_line=lines.first,
        last_line=lines.last,
        title=text(fields.get("title")),
        abstract=text(fields.get("abstract")),
        has_markup=True,
        has_latex=True,
        authors=[name for name in names if name],
        dates=_dates(fields),
        record_id=identifier(fields, "id"),
        arxiv_ids=arxiv_ids(fields.get("arxiv")),
        dois=strings(fields.get("doi")),
        categories=_keywords(fields.get("keywords")),
        links=addresses(fields.get("github"), fields.get("project")),
        url=next(iter(addresses(fields.get("site"), fields.get("openreview"), fields.get("oa"))), None),
        fields=list(fields),
    )


def _keywords(value: Any) -> list[str]:
    """Return keywords split at semicolons; a comma belongs to the keyword."""
    if not isinstance(value, str):
        return subjects(value)
    return [part.strip() for part in value.split(";") if part.strip()]


def _dates(fields: Fields) -> list[Any]:
    found = _YEAR.search(text(fields.get("bibtex")))
    return dates(fields.get("year"), found and found[1])
