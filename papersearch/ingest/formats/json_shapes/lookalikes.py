"""What JSON that is not a paper looks like, to say so when a file is skipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from papersearch.ingest.formats.json_shapes.fields import Fields
from papersearch.text.cleaning import clean_text

_FIELDS_NAMED = 8


class Lookalike(NamedTuple):
    """A kind of object that is not a paper: one of them, and a file of them.

    is_sure: the kind says enough without the names of its fields
    """

    one: str
    many: str
    matches: Callable[[Fields], bool]
    is_sure: bool = True


def _has(*names: str) -> Callable[[Fields], bool]:
    return lambda fields: all(name in fields for name in names)


def _has_any(fields: Fields, *names: str) -> bool:
    return any(name in fields for name in names)


_DOCUMENTS: tuple[Lookalike, ...] = (
    Lookalike("a notebook", "a Jupyter notebook", _has("cells", "nbformat")),
    Lookalike(
        "a JSON Schema",
        "a JSON Schema",
        lambda fields: (
            "json-schema.org" in str(fields.get("$schema", ""))[:200]
            or (
                _has_any(fields, "properties", "$defs", "definitions")
                and _has_any(fields, "type", "$id", "$schema")
            )
        ),
    ),
    Lookalike("settings", "settings, not papers", _has("$schema")),
    Lookalike(
        "GeoJSON",
        "GeoJSON, not papers",
        lambda fields: (
            fields.get("type") in ("FeatureCollection", "Feature") and _has_any(fields, "features", "geometry")
        ),
    ),
    Lookalike(
        "an OpenAPI description", "an OpenAPI description", lambda fields: _has_any(fields, "openapi", "swagger")
    ),
    Lookalike("RO-Crate or JSON-LD", "JSON-LD, not papers", _has("@context", "@graph")),
    Lookalike(
        "the settings of a package",
        "the settings of a package",
        lambda fields: (
            "name" in fields
            and "version" in fields
            and _has_any(fields, "dependencies", "devDependencies", "scripts", "packages", "lockfileVersion")
        ),
    ),
)
"""Kinds of whole files."""

_RECORDS: tuple[Lookalike, ...] = (
    Lookalike(
        "a judgement",
        "holds judgements",
        lambda fields: (
            _has_any(fields, "query-id", "query_id", "qid", "topic")
            and _has_any(fields, "corpus-id", "corpus_id", "doc_id", "docid", "docno")
            and _has_any(fields, "score", "relevance", "rel", "label")
        ),
    ),
    Lookalike(
        "questions on a text",
        "holds questions with answers",
        lambda fields: (
            _has_any(fields, "paragraphs", "qas", "answers", "answer") and not _has_any(fields, "abstract")
        ),
    ),
    Lookalike(
        "a message",
        "holds messages",
        lambda fields: (
            _has_any(fields, "messages", "conversations")
            or ("role" in fields and "content" in fields)
            or (
                _has_any(fields, "text", "message", "content")
                and "title" not in fields
                and _has_any(fields, "user", "username", "sender", "from", "author", "channel", "ts", "timestamp")
            )
        ),
    ),
    Lookalike(
        "a query",
        "holds queries",
        lambda fields: (
            "title" not in fields
            and (
                _has_any(fields, "query", "question") or ("text" in fields and _has_any(fields, "_id", "id", "qid"))
            )
        ),
    ),
    Lookalike(
        "an issue",
        "holds issues",
        lambda fields: "title" in fields and _has_any(fields, "body", "state", "labels", "assignees", "milestone"),
    ),
    Lookalike("a title without an abstract", "holds titles without abstracts", _has("title"), is_sure=False),
    Lookalike(
        "a text without a title",
        "holds texts without titles",
        lambda fields: _has_any(fields, "text", "content"),
        is_sure=False,
    ),
    Lookalike(
        "an abstract without a title",
        "holds abstracts without titles",
        lambda fields: _has_any(fields, "abstract", "summary"),
        is_sure=False,
    ),
)
"""Kinds of records, from the surest mark to the loosest."""


def look_of(value: Any) -> Lookalike | None:
    """Return what an object looks like; None if it resembles nothing known."""
    if not isinstance(value, dict):
        return None
    return next((kind for kind in (*_DOCUMENTS, *_RECORDS) if kind.matches(value)), None)


def names_of(fields: Fields) -> str:
    """Return the names of an object's fields, as many as a message can take."""
    return clean_text(", ".join(list(fields)[:_FIELDS_NAMED]))[:200] or "none"
