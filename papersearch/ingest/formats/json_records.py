"""The dump format "records": JSON or JSON lines with one object per paper.

Fields are recognised by the names of common sources: BEIR (`_id`, `title`, `text`), arXiv's
metadata snapshot (`id`, `abstract`, `authors`, `categories`, `update_date`), Semantic Scholar
(`paperId`, `year`, `externalIds`), the Hugging Face papers API (`paper.id`, `summary`,
`publishedAt`, `upvotes`), and this project's own export. Other fields are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from papersearch.ingest.formats.json_values import MAX_VALUE_BYTES, Value, layout_of, parse, read_values
from papersearch.ingest.lines import read_lines
from papersearch.ingest.record import Complain, Record
from papersearch.text.cleaning import clean_text
from papersearch.types import AuthorName, Organisation

NAME = "JSON"

_IDS = ("_id", "paper_id", "paperId", "id", "corpusid", "arxiv_id")
_ABSTRACTS = ("abstract", "text", "summary")
_DATES = ("date", "update_date", "publicationDate", "publishedAt", "published")
_LISTS = ("data", "papers", "results", "hits")
"""Fields in which an API's response keeps its list of records."""

_MAX_ID_LENGTH = 200


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return layout_of(head) is not None


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one file in order; report values that do not describe a paper."""
    values = _line_values(stream, complain) if layout_of(head) == "lines" else read_values(stream)
    for value in values:
        if value.fault:
            complain("not a record", value.first_line, value.fault)
            continue
        for fields in _records_in(value.value):
            if isinstance(fields, dict):
                yield _record(value, fields)
            else:
                complain("not a record", value.first_line, f"{type(fields).__name__} in place of an object")


def _line_values(stream: IO[bytes], complain: Complain) -> Iterator[Value]:
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


def _record(value: Value, given: dict[str, Any]) -> Record:
    """Return the paper that a JSON object describes."""
    inner = given.get("paper")
    fields = {**given, **inner} if isinstance(inner, dict) else given
    external = fields["externalIds"] if isinstance(fields.get("externalIds"), dict) else {}
    record_id = _identifier(fields)
    authors = fields.get("authors")
    parsed = fields.get("authors_parsed")  # arXiv: [last, first, suffix, ...]
    parts: tuple[AuthorName | str, ...] = _names(authors) if isinstance(authors, list) else ()
    if isinstance(parsed, list) and parsed and all(isinstance(name, list) for name in parsed):
        parts = tuple(_parsed_name(name) for name in parsed)
    links = fields.get("links")
    return Record(
        first_line=value.first_line,
        last_line=value.last_line,
        title=_text(fields, "title"),
        abstract=_text(fields, *_ABSTRACTS),
        has_markup=True,
        has_latex=True,
        authors=parts,
        joined_authors=authors if isinstance(authors, str) else None,
        author_count=_count(fields.get("author_count")),
        dates=[fields.get(name) for name in (*_DATES, "year")],
        record_id=record_id,
        arxiv_ids=_strings(fields.get("arxiv_id"), fields.get("arxivId"), external.get("ArXiv"), record_id or ""),
        dois=_strings(fields.get("doi"), external.get("DOI")),
        categories=_names(fields.get("categories") or fields.get("fieldsOfStudy"), split_at=" "),
        links=[link for link in links if isinstance(link, str)] if isinstance(links, list) else (),
        organisation=_organisation(fields),
        comment_count=_count(fields.get("numComments", fields.get("comment_count"))),
        upvotes=_count(fields.get("upvotes")),
        fields=list(map(str, given)),
    )


def _strings(*values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _parsed_name(parts: list[Any]) -> AuthorName:
    """Return the name that arXiv writes as [family, given, suffix, ...]."""
    family, given, suffix = (part if isinstance(part, str) else "" for part in (*parts, "", "", "")[:3])
    return AuthorName(family=family or None, given=given or None, suffix=suffix or None)


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


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
