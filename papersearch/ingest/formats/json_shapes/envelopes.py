"""Where an API's answer keeps its records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from types import ModuleType
from typing import Any, NamedTuple

from papersearch.ingest.formats.json_shapes import shape_of
from papersearch.ingest.formats.json_shapes.fields import Fields

LISTS = (
    "papers", "data", "results", "hits", "items", "notes", "submissions", "entries", "entry", "works", "records",
    "articles", "publications", "documents", "docs", "collection", "recommendedPapers", "references",
)  # fmt: skip
"""Fields that hold a list of records."""

_AROUND = ("message", "hits", "resultList", "response", "feed", "search-results", "result", "data")
"""Fields that hold an object with such a list."""

_RESULT = "result"
_WRAPPERS = (
    "_source",
    "bibjson",
    "attributes",
    "citedPaper",
    "citingPaper",
    "document",
    "doc",
    "record",
    "message",
)
"""Fields in which a record lies whole."""

_MAX_DEPTH = 4
_LOOKED_AT = 5


class Candidate(NamedTuple):
    """A value that may be a record, and its shape if it is one."""

    value: Any
    shape: ModuleType | None


def candidates(value: Any, depth: int = _MAX_DEPTH) -> Iterator[Candidate]:
    """Yield the records in a value: itself, a list's elements, those of an answer or of an object by id."""
    if isinstance(value, list) and depth:
        for entry in value:
            yield from candidates(entry, depth - 1)
        return
    if not isinstance(value, dict):
        yield Candidate(value, None)
        return
    shape = shape_of(value)
    if shape is not None:
        yield Candidate(value, shape)
        return
    wrapped = _wrapped(value)
    listed = _listed(value) if wrapped is None and depth else None
    if wrapped is not None:
        yield wrapped
    elif listed is not None:
        for entry in listed:
            yield from candidates(entry, depth - 1)
    elif _is_keyed(value):
        for key, fields in value.items():
            found = {"id": key, **fields}
            yield Candidate(found, shape_of(found))
    else:
        yield Candidate(value, None)


def _wrapped(value: Fields) -> Candidate | None:
    """Return the record that lies whole in one field."""
    for name in _WRAPPERS:
        fields = value.get(name)
        if isinstance(fields, dict) and (shape := shape_of(fields)) is not None:
            return Candidate({"id": value["id"], **fields} if "id" in value else fields, shape)
    return None


def _listed(value: Fields) -> list[Any] | None:
    """Return the list of records in an answer."""
    for place in (value, *(value[name] for name in _AROUND if isinstance(value.get(name), dict))):
        for name in (*LISTS, _RESULT):
            found = place.get(name)
            if isinstance(found, list) and (
                not found or any(isinstance(entry, dict) for entry in found[:_LOOKED_AT])
            ):
                return found
    return None


def _is_keyed(value: Fields) -> bool:
    """Return whether an object is a list of records by their ids."""
    if not value or not all(isinstance(fields, dict) for fields in value.values()):
        return False
    return any(shape_of({"id": key, **fields}) is not None for key, fields in islice(value.items(), _LOOKED_AT))
