"""Mutations that bytes alone seldom reach: values within JSON, and a few bytes over and over."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import orjson

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 1.5, -0.5, 1e308, (1 << 63) - 1, 1 << 63, "", "a", "\0", "\x1b[2J", "\u202e",
    "é" * 300, "..", "/", "../x", "2024", "9" * 400, [], {}, [None], [[]], [""], {"": ""}, {"a": None},
)  # fmt: skip
_MOST_REPEATED = 20_000
_LENGTH = 8
"""Bytes of the length before the header of a safetensors file."""


def mutated(content: bytes, most: int, chosen: random.Random, by_bytes: Callable[[bytes, int], bytes]) -> bytes:
    """Return a mutation of an input of `most` bytes: mostly `by_bytes`, and of JSON as often by values."""
    dice = chosen.random()
    if content and dice < 0.05:
        return repeated(content, chosen)[:most]
    if dice < 0.5:
        within = within_json(content, chosen)
        if within is not None and len(within) <= most:
            return within
    return by_bytes(content, most)


def repeated(content: bytes, chosen: random.Random) -> bytes:
    """Repeat a few bytes, as hostile files do."""
    at = chosen.randrange(len(content))
    piece = content[at : at + chosen.choice((1, 1, 2, 3, 5, 8, 20, 60))]
    times = min(chosen.choice((3, 100, 2000)), _MOST_REPEATED // len(piece))
    return content[:at] + piece * times + content[at:]


def within_json(content: bytes, chosen: random.Random) -> bytes | None:
    """Change values of JSON: of a whole input, of what follows its first line, of one line, or of a header."""
    head, feed, body = content.partition(b"\n")
    if (changed := _changed(content, chosen)) is not None:
        return changed
    if (changed := _changed(body, chosen)) is not None:
        return head + feed + changed
    length = int.from_bytes(body[:_LENGTH], "little")
    if (changed := _changed(body[_LENGTH : _LENGTH + length], chosen)) is not None:
        framed = len(changed).to_bytes(_LENGTH, "little") + changed
        return head + feed + framed + body[_LENGTH + length :]
    lines = content.split(b"\n")
    at = chosen.randrange(len(lines))
    if (changed := _changed(lines[at], chosen)) is not None:
        return b"\n".join((*lines[:at], changed, *lines[at + 1 :]))
    return None


def _changed(text: bytes, chosen: random.Random) -> bytes | None:
    """Return a text of JSON with a few values replaced, removed, renamed or copied; None for any other text."""
    if text.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    try:
        return _with_changes(value, chosen)
    except orjson.JSONEncodeError:  # nested deeper than it is written
        return None


def _with_changes(value: Any, chosen: random.Random) -> bytes | None:
    for _ in range(chosen.choice((1, 1, 1, 2, 4))):
        places = _places(value)
        if not places:
            return None
        inside, key = chosen.choice(places)
        match chosen.randrange(4):
            case 0 if isinstance(inside, dict):
                inside[chosen.choice([*inside, "a"])] = inside.pop(key)
            case 1:
                del inside[key]
            case 2:
                other, there = chosen.choice(places)
                inside[key] = orjson.loads(orjson.dumps(other[there]))
            case _:
                inside[key] = chosen.choice(_VALUES)
    return orjson.dumps(value)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """List every place of a value inside another: the object or list, and the key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        inside = waiting.pop()
        keys = list(inside) if isinstance(inside, dict) else range(len(inside)) if isinstance(inside, list) else ()
        found += ((inside, key) for key in keys)
        waiting += (inside[key] for key in keys)
    return found
