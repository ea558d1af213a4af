"""Values out of JSON objects that nobody vouches for: texts, counts, identifiers, days.

Each function accepts any value, and returns nothing rather than raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from papersearch.ingest.formats.bibliographic import page_range
from papersearch.ingest.record import MAX_ID_LENGTH

Fields: TypeAlias = dict[str, Any]

_INNER = ("value", "@value", "#text", "$", "_", "text", "name", "display_name")
"""Keys under which converters and APIs wrap a text."""

_ARXIV = re.compile(
    r"\barxiv(?:\.org/(?:abs|pdf|html)/|[\s:.]++)\s*+((?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?)",
    re.IGNORECASE,
)
_ARXIV_ALONE = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_IN_MAIL = re.compile(r"(?:[A-Za-z]{3},\s+)?(\d{1,2})\s+([A-Za-z]{3})[a-z]*\s+(\d{4})\b")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Lines(NamedTuple):
    """The lines of one record, from 1, inclusive."""

    first: int
    last: int


def text(value: Any) -> str:
    """Return a string, or the text inside an object or a list; "" if there is none."""
    for _ in range(4):
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            value = next(filter(None, value), None)
        elif isinstance(value, dict):
            value = next((value[key] for key in _INNER if value.get(key)), None)
        else:
            break
    return ""


def passage(value: Any) -> str:
    """Return an abstract: a text, or the joined parts of a list of sentences or labelled sections."""
    if isinstance(value, str):  # nearly all
        return value
    if not isinstance(value, list) or len(value) < 2:
        return text(value)
    if all(isinstance(part, str) for part in value):
        return " ".join(value)
    sections = [part for part in value if isinstance(part, dict) and isinstance(part.get("text"), str)]
    if len(sections) < len(value):
        return text(value)
    labels = (text(part.get("label") or part.get("heading")).strip(" :") for part in sections)
    return " ".join(
        f"{label}: {part['text']}" if label else part["text"] for label, part in zip(labels, sections, strict=True)
    )


def first_text(fields: Fields, *names: str) -> str:
    """Return the text of the first of these fields that has one."""
    for name in names:
        found = text(fields.get(name))
        if found and not found.isspace():
            return found
    return ""


def label(value: Any) -> str | None:
    """Return a number or a text as text: a volume, an identifier."""
    if isinstance(value, str):  # nearly all
        return value.strip() or None
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else None
    return text(value).strip() or None


def identifier(fields: Fields, *names: str) -> str | None:
    """Return the first of these fields that holds an identifier of reasonable length."""
    for name in names:
        found = label(fields.get(name))
        if found and len(found) <= MAX_ID_LENGTH:
            return found
    return None


def inner(fields: Fields, name: str) -> Fields:
    """Return the object in a field; an empty one if there is none."""
    found = fields.get(name)
    return found if isinstance(found, dict) else {}


def objects(value: Any) -> list[Fields]:
    """Return the objects in a list, or a single object as a list of one."""
    if isinstance(value, dict):
        return [value]
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def strings(*values: Any) -> list[str]:
    """Return the strings among values and inside lists of strings."""
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            found.extend(entry for entry in value if isinstance(entry, str))
    return found


def subjects(*values: Any) -> list[str]:
    """Return keywords: from lists of strings or objects, or from a string split at its separators."""
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            found += split_subjects(value)
        elif isinstance(value, list):
            found += [entry if isinstance(entry, str) else _subject(entry) for entry in value]
    return list(filter(None, found))


def split_subjects(written: str) -> list[str]:
    """Return the keywords that one string joins by semicolons, else commas, else arXiv's blanks."""
    bare = written.strip()
    if bare[:1] == "[" and bare[-1:] == "]":  # a list as Python prints it
        bare = bare[1:-1].replace("'", "").replace('"', "")
    elif ";" not in bare and "," not in bare and all(map(_ARXIV_CATEGORY.fullmatch, bare.split())):
        return bare.split()
    return [part.strip() for part in bare.split(";" if ";" in bare else ",") if part.strip()]


_ARXIV_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]{2}(?:-[a-z]+)?)?")


def _subject(entry: Any) -> str:
    if isinstance(entry, dict):
        return first_text(entry, "display_name", "name", "keyword", "tag", "term", "@term", "category", "value")
    return ""


def count(value: Any) -> int | None:
    """Return a count of at most nine digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def mentioned_arxiv_ids(*values: Any) -> list[str]:
    """Return the arXiv ids that texts name as such: `arXiv:2504.01234`, an address, DataCite's DOI."""
    return [found for value in values if isinstance(value, str) for found in _ARXIV.findall(value)]


def arxiv_ids(*values: Any) -> list[str]:
    """Return the values that are an arXiv id, and the arXiv ids named in the others."""
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            bare = value.strip()
            found += [bare] if _ARXIV_ALONE.fullmatch(bare) else mentioned_arxiv_ids(bare)
    return found


def date_of_parts(value: Any) -> str | None:
    """Return the date of CSL's and Crossref's `date-parts`, as long as its parts are known."""
    if not isinstance(value, dict):
        return label(value)
    parts = value.get("date-parts")
    if isinstance(parts, list) and parts and isinstance(parts[0], list):
        parts = parts[0]  # the beginning of a range
    digits = [label(part) or "" for part in parts[:3]] if isinstance(parts, list) else []
    known: list[str] = []
    for digit in digits:
        if not (digit.isascii() and digit.isdigit()) or not int(digit[:9]):
            break
        known.append(digit.rjust(2, "0") if known else digit.rjust(4, "0"))
    return "-".join(known) or first_text(value, "raw", "literal", "date-time") or None


def day_of_milliseconds(value: Any) -> str | None:
    """Return the day of a time in milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return label(value)
    try:
        return (_EPOCH + timedelta(milliseconds=value)).date().isoformat()
    except (OverflowError, ValueError):
        return None


def day_in_mail(value: Any) -> str | None:
    """Return the day of a date as mail writes it: "Mon, 2 Apr 2007 19:18:42 GMT"."""
    written = label(value)
    found = _DAY_IN_MAIL.match(written) if written else None
    if not found or found[2].lower() not in _MONTHS:
        return written
    return f"{found[3]}-{_MONTHS.index(found[2].lower()) + 1:02}-{int(found[1]):02}"


def pages(first: Any, last: Any) -> str | None:
    """Return a range of pages; the first may be the whole range."""
    return page_range(label(first) or "", label(last) or "")


def dates(*values: Any) -> list[Any]:
    """Return the values that may be dates, without absent ones, in their order."""
    return [value for value in values if value and not isinstance(value, bool)]


def addresses(*values: Any) -> list[str]:
    """Return the web addresses among values and inside lists."""
    return [value for value in strings(*values) if value.startswith(("http://", "https://"))]


def every(value: Any, *names: str) -> Iterable[Any]:
    """Yield the named fields of each object in a list."""
    return (entry[name] for entry in objects(value) for name in names if name in entry)
