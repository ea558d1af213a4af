"""Fields with values in each other, deeper than any reader of fields could follow."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import orjson
import pytest

from papersearch.ingest.formats.json_values import is_deep
from tests.ingest.formats.json_shapes.samples import HUGGING_FACE, SAMPLES
from tests.ingest.laws import read_lawfully

NESTS = ("[", '{"a":', '{"date-parts":', '{"value":', '{"name":', '{"title":', '[{"value":')


def nest(opening: str, depth: int) -> bytes:
    closing = "".join({"[": "]", "{": "}"}[sign] for sign in reversed(opening) if sign in "[{")
    return (opening * depth).encode() + b'"2024"' + (closing * depth).encode()


def with_nest(record: dict[str, Any], key: str, opening: str, depth: int) -> bytes:
    """Return a line of a record whose field `key` holds a nest."""
    others = orjson.dumps({name: value for name, value in record.items() if name != key} | {"zz": 1})
    return others[:-1] + b"," + orjson.dumps(key) + b":" + nest(opening, depth) + b"}\n"


@pytest.mark.parametrize("opening", NESTS)
@pytest.mark.parametrize("name", SAMPLES)
def test_any_field_may_hold_a_nest(tmp_path: Path, name: str, opening: str) -> None:
    """A record with a nest in any field costs itself at most, and is told; the record behind it is read."""
    record = SAMPLES[name].record
    n_levels = 500 if len(opening) < 9 else 250  # the parser refuses more than 1,024
    deep = [with_nest(record, key, opening, n_levels) for key in record]
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"".join(deep) + orjson.dumps(record) + b"\n")
    found = read_lawfully(path)
    assert [place.first_line for paper in found.papers for place in paper.provenance] == [len(deep) + 1]
    told = [finding.line for finding in found.findings if "deeper than 100 levels" in finding.detail]
    assert told[0] == 1


@pytest.mark.parametrize("opening", NESTS)
def test_every_reader_follows_what_is_not_deep(tmp_path: Path, opening: str) -> None:
    """Nests up to the bound are read as any odd value is, by every source and in every field."""
    path = tmp_path / "records.jsonl"
    n_levels = 95 // sum(sign in "[{" for sign in opening)
    lines = [with_nest(each.record, key, opening, n_levels) for each in SAMPLES.values() for key in each.record]
    assert not any(is_deep(orjson.loads(line)) for line in lines)
    path.write_bytes(b"".join(lines))
    read_lawfully(path)


def test_where_the_bound_is() -> None:
    """A hundred levels are not deep, and one more is, wherever it lies."""
    assert not is_deep(orjson.loads(nest("[", 100)))
    assert is_deep(orjson.loads(nest("[", 101)))
    assert is_deep([1, {"a": [], "b": orjson.loads(nest('{"a":', 99))}])
    assert not is_deep("text")


def test_a_nest_in_a_saved_page(tmp_path: Path) -> None:
    """The properties of a saved page may hold one too."""
    properties = b'{"dailyPapers":[' + with_nest(HUGGING_FACE, "title", "[", 500) + b"]}"
    written = html.escape(properties.decode())
    page = f'<html><title>Hugging Face</title><div data-target="DailyPapers" data-props="{written}">'
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html>\n{page}</div></html>\n")
    found = read_lawfully(path)
    assert found.papers == ()
    assert any("deeper than 100 levels" in finding.detail for finding in found.findings)
