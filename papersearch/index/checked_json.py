"""JSON files that describe an index: their last field is the checksum of the bytes before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
import xxhash

_TAIL = re.compile(rb',\n  "checksum": "([0-9a-f]{32})"\n}\n')
_TAIL_LENGTH = len(b',\n  "checksum": ""\n}\n') + 32


def encode_checked(fields: Mapping[str, Any]) -> bytes:
    """Return the fields, one at least, as indented JSON with their checksum (XXH3, 128 bits)."""
    content = orjson.dumps(fields, option=orjson.OPT_INDENT_2).removesuffix(b"\n}")
    return b'%b,\n  "checksum": "%b"\n}\n' % (content, xxhash.xxh3_128_hexdigest(content).encode())


def decode_checked(content: bytes) -> tuple[Any, bool]:
    """Return the JSON value without the checksum, and whether it had one: files of older formats have none.

    Raises ValueError if the content is not JSON, or has another checksum than its own.
    """
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ValueError("is not JSON") from error
    tail = _TAIL.fullmatch(content, max(len(content) - _TAIL_LENGTH, 0))
    if tail is None:
        return fields, False
    if xxhash.xxh3_128_hexdigest(content[: tail.start()]).encode() != tail[1]:
        raise ValueError("has another checksum than it says")
    del fields["checksum"]
    return fields, True
