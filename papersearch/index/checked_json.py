"""JSON files that describe an index: their last field is the checksum of the bytes before it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import xxhash

from papersearch.errors import IndexDamaged, IndexForeign, IndexVersionError
from papersearch.index.layout import FIRST_CHECKED_VERSION, FORMAT_VERSION, OLDEST_READABLE_VERSION

_BEFORE, _AFTER = b',\n  "checksum": "', b'"\n}\n'
"""The bytes around the checksum."""


def encode_checked(fields: Mapping[str, Any]) -> bytes:
    """Return the fields, one at least, as indented JSON with their checksum (XXH3, 128 bits)."""
    content = orjson.dumps(fields, option=orjson.OPT_INDENT_2).removesuffix(b"\n}")
    return content + _end_of(content)


def decode_checked(content: bytes) -> tuple[Any, bool]:
    """Return the JSON value without the checksum, and whether it had one: files of older formats have none.

    Raises ValueError if the content is not JSON, or has another checksum than its own.
    """
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ValueError("is not JSON") from error
    checked, end = content[:-_END_LENGTH], content[-_END_LENGTH:]
    if not end.startswith(_BEFORE) or not end.endswith(_AFTER):
        return fields, False
    if end != _end_of(checked):
        raise ValueError("has another checksum than it says")
    del fields["checksum"]
    return fields, True


def decode_fields(
    content: bytes, kind: str, path: Path, file: str, oldest: int = OLDEST_READABLE_VERSION
) -> dict[str, Any]:
    """Return the fields, apart from its kind, of the file that describes the index at `path`.

    oldest: the oldest format that is read

    Raises IndexForeign, IndexVersionError or IndexDamaged.
    """
    try:
        fields, is_checked = decode_checked(content)
    except ValueError as error:
        raise IndexDamaged(path=path, file=file, fault=str(error)) from error
    if not isinstance(fields, dict) or fields.pop("kind", None) != kind:
        raise IndexForeign(path=path, cause=f"papersearch did not write its {file}")
    version = fields.get("format_version")
    if type(version) is not int:
        raise IndexDamaged(path=path, file=file, fault="has no format version")
    if not oldest <= version <= FORMAT_VERSION:
        readable, is_newer = f"{OLDEST_READABLE_VERSION} to {FORMAT_VERSION}", version > FORMAT_VERSION
        raise IndexVersionError(path=path, what="format", found=str(version), readable=readable, is_newer=is_newer)
    if not is_checked and version >= FIRST_CHECKED_VERSION:
        raise IndexDamaged(path=path, file=file, fault="has no checksum")
    return fields


def _end_of(content: bytes) -> bytes:
    """Return the end of a file whose other fields are `content`: its checksum, and what is around it."""
    return _BEFORE + xxhash.xxh3_128_hexdigest(content).encode() + _AFTER


_END_LENGTH = len(_end_of(b""))
