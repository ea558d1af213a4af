"""Appearances as lines of JSON, for parts of a corpus that are read by different processes."""

from __future__ import annotations

from typing import Any

import orjson

from papersearch.ingest.appearance import Appearance
from papersearch.types import AuthorName, Organisation
from papersearch.values import fields_of

_TUPLES = ("links", "mirror_links", "authors", "categories")


def encode_appearance(one: Appearance) -> str:
    """Return an appearance as one line of JSON, without line feed; `decode_appearance` reverses it exactly."""
    return orjson.dumps(one, default=fields_of).decode()


def decode_appearance(line: str) -> Appearance:
    """Return the appearance of one line. Raises ValueError if the line does not describe one."""
    try:
        fields: dict[str, Any] = orjson.loads(line)
        organisation, names = fields.pop("organisation"), fields.pop("author_names")
        return Appearance(
            **{**fields, **{name: tuple(fields[name]) for name in _TUPLES}},
            organisation=Organisation(**organisation) if organisation else None,
            author_names=tuple(AuthorName(**name) for name in names),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an appearance") from error
