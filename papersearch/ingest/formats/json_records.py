"""The dump format "records": JSON or JSON lines with one object per paper.

Fields are recognised by the names of common sources: BEIR (`_id`, `title`, `text`), arXiv's
metadata snapshot (`id`, `abstract`, `authors`, `categories`, `update_date`), Semantic Scholar
(`paperId`, `year`, `externalIds`), the Hugging Face papers API (`paper.id`, `summary`,
`publishedAt`, `upvotes`), and this project's own export. Other fields are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import IO, Any

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.formats.json_values import MAX_VALUE_BYTES, Value, layout_of, parse, read_values
from papersearch.ingest.lines import read_lines
from papersearch.ingest.links import find_links, without_mirrors
from papersearch.text.cleaning import clean_text
from papersearch.types import Finding, FindingKind, Organisation

_IDS = ("_id", "paper_id", "paperId", "id", "corpusid", "arxiv_id")
_ABSTRACTS = ("abstract", "text", "summary")
_DATES = ("date", "update_date", "publicationDate", "publishedAt", "published")
_LISTS = ("data", "papers", "results", "hits")
"""Fields in which an API's response keeps its list of records."""

MAX_TEXT_LENGTH = 100_000
MAX_TITLE_LENGTH = 1000
"""Longest title, in characters. The limit of a text is fifty times an abstract: a longer one would
slow down every query that finds it."""

_MAX_ID_LENGTH = 200
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_ARXIV_ID = re.compile(r"(?:arxiv:)?((?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?)", re.IGNORECASE)


def is_records(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return layout_of(head) is not None


def read(dump: str, head: bytes, stream: IO[bytes], report: Callable[[Finding], None]) -> Iterator[Appearance]:
    """Yield the papers of one file in order; report values that do not describe a paper."""

    def complain(kind: FindingKind, line: int, detail: str) -> None:
        report(Finding(kind=kind, file=dump, line=line, detail=detail))

    values = _line_values(stream, complain) if layout_of(head) == "lines" else read_values(stream)
    for value in values:
        if value.fault:
            complain("not a record", value.first_line, value.fault)
            continue
        for fields in _records_in(value.value):
            found = _appearance(dump, value, fields) if isinstance(fields, dict) else None
            if not isinstance(fields, dict):
                complain("not a record", value.first_line, f"{type(fields).__name__} in place of an object")
            elif found is None:
                detail = (
                    f"neither title nor abstract; its fields: {', '.join(map(str, list(fields)[:8])) or 'none'}"
                )
                complain("record without text", value.first_line, clean_text(detail))
            else:
                if len(found.title) + len(found.abstract) > MAX_TEXT_LENGTH:
                    complain("text cut", value.first_line, f"only {MAX_TEXT_LENGTH:,} characters of it are kept")
                if len(found.title) > MAX_TITLE_LENGTH or len(found.abstract) > MAX_TEXT_LENGTH:
                    found = replace(
                        found, title=found.title[:MAX_TITLE_LENGTH], abstract=found.abstract[:MAX_TEXT_LENGTH]
                    )
                yield found


def _line_values(stream: IO[bytes], complain: Callable[[FindingKind, int, str], None]) -> Iterator[Value]:
    """Yield the value of each line of JSON lines; report lines that cannot be read."""
    for line in read_lines(stream, MAX_VALUE_BYTES):
        if line.fault:
            complain(line.fault.kind, line.number, line.fault.detail)
        if line.text.strip() and not (line.fault and line.fault.line_is_lost):
            parsed, fault = parse(line.text.encode("utf-8"))
            yield Value(line.number, line.number, parsed, fault)


def _records_in(value: Any) -> list[Any]:
    """Return the records in an API's response, or a single record as a list of one."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and not _text(value, "title", *_ABSTRACTS):
        for name in _LISTS:
            if isinstance(value.get(name), list):
                return list(value[name])
    return [value]


def _appearance(dump: str, value: Value, record: dict[str, Any]) -> Appearance | None:
    """Return the paper that a record describes, or None if it has neither title nor abstract."""
    inner = record.get("paper")
    fields = {**record, **inner} if isinstance(inner, dict) else record
    title, abstract = _text(fields, "title"), _text(fields, *_ABSTRACTS)
    if not title and not abstract:
        return None
    abstract, mirror_links = without_mirrors(abstract)
    record_id = _identifier(fields)
    external = fields["externalIds"] if isinstance(fields.get("externalIds"), dict) else {}
    day = next((day for name in _DATES if (day := _day(fields.get(name)))), None)
    year = int(day[:4]) if day else _count(fields.get("year"))
    authors = _authors(fields)
    arxiv_id = _arxiv_id(fields.get("arxiv_id") or fields.get("arxivId") or external.get("ArXiv") or record_id)
    links = find_links(abstract)
    given = fields.get("links")
    if isinstance(given, list):  # records exported by papersearch list their links
        links = tuple(dict.fromkeys((*links, *(clean_text(link) for link in given if isinstance(link, str)))))
    return Appearance(
        dump=dump,
        first_line=value.first_line,
        last_line=value.last_line,
        title=title,
        abstract=abstract,
        links=links,
        mirror_links=mirror_links,
        date=day,
        year=year,
        author_count=_count(fields.get("author_count")) or len(authors) or None,
        organisation=_organisation(fields),
        comment_count=_count(fields.get("numComments", fields.get("comment_count"))),
        record_id=record_id,
        authors=authors,
        categories=_names(fields.get("categories") or fields.get("fieldsOfStudy"), split_at=" "),
        arxiv_id=arxiv_id,
        doi=_text(fields, "doi") or _text(external, "DOI") or None,
        upvotes=_count(fields.get("upvotes")),
    )


def _text(fields: dict[str, Any], *names: str) -> str:
    """Return the first of these fields that contains text, cleaned; "" if none does."""
    for name in names:
        found = fields.get(name)
        if isinstance(found, str) and (cleaned := clean_text(found)):
            return cleaned
    return ""


def _identifier(fields: dict[str, Any]) -> str | None:
    for name in _IDS:
        found = fields.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        if isinstance(found, str) and (cleaned := clean_text(found)) and len(cleaned) <= _MAX_ID_LENGTH:
            return cleaned
    return None


def _authors(fields: dict[str, Any]) -> tuple[str, ...]:
    parsed = fields.get("authors_parsed")  # arXiv: [last, first, suffix, ...]
    if isinstance(parsed, list) and parsed and all(isinstance(name, list) for name in parsed):
        ordered = ((*name[1:2], *name[:1], *name[2:3]) for name in parsed)
        return _names([" ".join(part for part in name if isinstance(part, str)) for name in ordered])
    authors = fields.get("authors")
    if isinstance(authors, str):
        authors = re.split(r",\s+(?:and\s+)?|\s+and\s+", re.sub(r"\([^()]*\)", "", authors))
    return _names(authors)


def _names(value: Any, split_at: str | None = None) -> tuple[str, ...]:
    """Return names from a list of strings, a list of objects with a `name`, or one string."""
    if isinstance(value, str):
        value = value.split(split_at) if split_at else [value]
    if not isinstance(value, list):
        return ()
    names = (entry.get("name") if isinstance(entry, dict) else entry for entry in value)
    return tuple(cleaned for name in names if isinstance(name, str) and (cleaned := clean_text(name)))


def _organisation(fields: dict[str, Any]) -> Organisation | None:
    found = fields.get("organization") or fields.get("organisation")
    if not isinstance(found, dict):
        return None
    handle, name = _text(found, "handle", "name"), _text(found, "fullname", "name", "handle")
    return Organisation(handle=handle, name=name) if handle else None


def _day(value: Any) -> str | None:
    found = _DATE.match(value) if isinstance(value, str) else None
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _arxiv_id(value: Any) -> str | None:
    found = _ARXIV_ID.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[1] if found else None
