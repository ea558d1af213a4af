"""YAML at the head of a note: mappings, lists and texts, in bounded memory.

Parsed events become values here, and not by a loader of PyYAML: an alias, which can multiply a small file
to any size, is refused; no text becomes a number or a date; depth is bounded.
"""

from __future__ import annotations

import re
from typing import Any

_MAX_DEPTH = 20
_KEY = re.compile(r"([^\s#:\[\]{}\"'-][^:]{0,80}?)\s*:(?:\s+(.*)|\s*$)")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


def fields_of_yaml(written: str) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    """Return the fields of front matter, and its faults: line from 0, and what is wrong.

    Where YAML cannot read the whole, each field is read alone, so that a fault costs its own field. People
    and templates often forget the quotes that a title with a colon needs: its line is then taken as it is.
    """
    whole, fault = _value(written)
    if isinstance(whole, dict) and not fault:
        return whole, []
    fields: dict[str, Any] = {}
    faults: list[tuple[int, str]] = []
    for at, lines in _blocks(written):
        found, fault = _value("\n".join(lines))
        key = _KEY.fullmatch(lines[0])
        if isinstance(found, dict) and not fault:
            fields = {**found, **fields}
            continue
        is_line = key is not None and bool(key[2]) and key[2][0] not in "[{&*!|>"
        if key and is_line:
            fields.setdefault(key[1], key[2].strip().strip("\"'"))
        if any(line.strip() for line in lines[is_line:]):
            faults.append((at + is_line, f"{key[1] if key else lines[0].strip()[:50]}: {fault or 'not a field'}"))
    return fields, faults[:10]


def _blocks(written: str) -> list[tuple[int, list[str]]]:
    """Return the fields of the outermost mapping: number of the first line, and lines."""
    blocks: list[tuple[int, list[str]]] = []
    for at, line in enumerate(written.split("\n")):
        if blocks and (not line.strip() or not _KEY.fullmatch(line)):
            blocks[-1][1].append(line)
        else:
            blocks.append((at, [line]))
    return blocks


def _value(written: str) -> tuple[Any, str]:
    """Return the value of a text in YAML, and what is wrong with it, or ""."""
    import yaml  # seldom needed

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    top: list[Any] = []
    open_values: list[tuple[Any, list[str]]] = [(top, [])]
    try:
        for event in yaml.parse(written, Loader=loader):
            if isinstance(event, yaml.AliasEvent):
                return None, "an alias, which is not followed"
            if isinstance(event, yaml.ScalarEvent):
                is_nothing = event.style is None and event.value in _NOTHING
                _add(open_values, event.value, is_nothing=is_nothing)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                if len(open_values) > _MAX_DEPTH:
                    return None, f"more than {_MAX_DEPTH} levels"
                made: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                _add(open_values, made)
                open_values.append((made, []))
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                open_values.pop()
    except (yaml.YAMLError, ValueError) as error:
        return None, f"not valid YAML ({getattr(error, 'problem', None) or 'a character that YAML does not allow'})"
    return (top[0] if top else {}), ""


def _add(open_values: list[tuple[Any, list[str]]], value: Any, *, is_nothing: bool = False) -> None:
    """Add a value to the innermost list or mapping; in a mapping, every other value is a key."""
    inside, keys = open_values[-1]
    if isinstance(inside, list):
        if not is_nothing:
            inside.append(value)
    elif keys:
        inside.setdefault(keys.pop(), None if is_nothing else value)
    else:
        keys.append(value if isinstance(value, str) else "")
