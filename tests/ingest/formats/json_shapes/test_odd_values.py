"""Values of any type in any place of a record, also far inside: a value never costs the file."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.ingest.formats.json_shapes.samples import SAMPLES
from tests.ingest.laws import read_lawfully

ODD: tuple[Any, ...] = (
    None, True, -1, 1e308, "", "\0", "x", [], [[]], [{}], ["x", 3], {}, {"name": []}, {"value": {"value": 1}},
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside another."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (key,)
        yield from ((key, *path) for path in places(one))


def with_value(record: Any, path: tuple[Any, ...], odd: Any) -> Any:
    changed = copy.deepcopy(record)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = odd
    return changed


@pytest.mark.parametrize("name", SAMPLES)
def test_any_value_anywhere(tmp_path: Path, name: str) -> None:
    """A record with an odd value in one place is read or told, and the whole one behind all of them is read."""
    record = orjson.loads(orjson.dumps(SAMPLES[name].record))
    odd = [with_value(record, path, value) for path in places(record) for value in ODD]
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in (*odd, record)))
    found = read_lawfully(path)
    lines = {line for paper in found.papers for place in paper.provenance for line in [place.first_line]}
    assert len(odd) + 1 in lines
