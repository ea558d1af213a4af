"""Odd tokens and damage in JSON: each costs itself, is named, and leaves the records beside it alone."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.formats.json_repair import mended
from papersearch.ingest.formats.json_values import read_values
from papersearch.ingest.reading import Ingest, ingest


def written(number: int) -> str:
    """Return a record on one line."""
    return json.dumps(
        {"_id": str(number), "title": f"Title {number}", "text": f"Text, number {number}: {{a}} [b]."}
    )


A, B, C, D = map(written, range(1, 5))


def read(tmp_path: Path, content: str) -> Ingest:
    """Ingest a file with this content."""
    (tmp_path / "records.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    return ingest([tmp_path])


def ids(found: Ingest) -> list[str]:
    return [paper.paper_id for paper in found.papers]


ODD = {
    "NaN": B[:-1] + ', "score": NaN}',
    "Infinity": B[:-1] + ', "score": [Infinity, -Infinity]}',
    "lone surrogate": B.replace("Title", "Title \\ud800"),
    "comma before a brace": B[:-1] + ",}",
    "two commas": B.replace('", "text"', '",, "text"'),
    "control character": B.replace("Title", "Title \x01"),
    "bad bytes": B.replace("Title", "Title \udcff"),
    "endless number": B[:-1] + ', "score": ' + "9" * 10_000 + "}",
}


@pytest.mark.parametrize("arrangement", ["lines", "array", "answer"])
@pytest.mark.parametrize("token", ODD)
def test_an_odd_token_costs_itself(tmp_path: Path, token: str, arrangement: str) -> None:
    """The record of an odd token is kept, like those beside it, and the token is a finding with its line."""
    records = [A, ODD[token], C]
    body = "\n".join(records) if arrangement == "lines" else ",\n".join(records)
    content = {"lines": body, "array": f"[{body}]", "answer": f'{{"papers": [{body}]}}'}[arrangement]
    found = read(tmp_path, content)
    assert ids(found) == ["1", "2", "3"]
    assert [finding.line for finding in found.findings] == [2]
    assert found.papers[1].title.isprintable()


COMPLETE = {
    "lines": "\n".join([A, B, C]),
    "blank lines": f"\n\n{A}\n\n{B}\n \n{C}\n",
    "array, one record a line": f"[\n{A},\n{B},\n{C}\n]",
    "answer, one record a line": f'{{"papers": [\n{A},\n{B},\n{C}\n]}}',
    "answer with other fields": f'{{"meta": {{"count": 3}}, "results": [\n{A},\n{B},\n{C}\n], '
    '"note": "a { b", "more": {"title": "x"}}',
    "two arrays": f"[{A}, {B}]\n[{C}]",
    "record separators": f"\x1e{A}\n\x1e{B}\n\x1e{C}\n",
    "byte order mark": f"\ufeff{A}\n{B}\n{C}",
    "pages": "\n".join(f'{{"data": [{record}]}}' for record in (A, B, C)),
    "repeated key": f'{{"title": "Other", {A[1:]}\n{B}\n{C}',
}


@pytest.mark.parametrize("arrangement", COMPLETE)
def test_whole_files_have_no_finding(tmp_path: Path, arrangement: str) -> None:
    """Valid JSON in any arrangement gives its records and nothing else."""
    found = read(tmp_path, COMPLETE[arrangement])
    assert (ids(found), found.findings) == (["1", "2", "3"], ())
    assert found.papers[0].title == "Title 1"


FAULTY = {
    "commas between lines": (f"{A},\n{B},\n{C},\n", [1, 2, 3]),
    "comma behind the last": (f"[\n{A},\n{B},\n{C},\n]", [5]),
    "two commas": (f"[\n{A},\n,{B},\n{C}\n]", [3]),
    "missing comma": (f"[\n{A}\n{B},\n{C}\n]", [3]),
    "open array": (f"[\n{A},\n{B},\n{C}\n", [5]),
    "open answer": (f'{{"papers": [\n{A},\n{B},\n{C}', [4]),
    "several in a line": (f"{A}{B}\n{C}", [1]),
    "comments": (f"// by hand\n{A}\n# more\n{B}\n{C}", [1, 3]),
    "missing last brace": (f"{A}\n{B}\n{C[:-1]}", [3]),
    "number among records": (f"[{A},\n7, {B},\n{C}]", [2]),
    "brace too many": (f"[\n{A},\n{B}}},\n{C}\n]", [4]),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_faults_between_records(tmp_path: Path, fault: str) -> None:
    """A fault outside the records costs none of them, and is a finding with a line."""
    content, lines = FAULTY[fault]
    found = read(tmp_path, content)
    assert ids(found) == ["1", "2", "3"]
    assert [finding.line for finding in found.findings] == lines


@pytest.mark.parametrize("cut", [1, 8, 30])
@pytest.mark.parametrize("begin", ["", "[\n", '{"papers": [\n', '{"status": "ok", "message": {"items": [\n'])
def test_a_cut_record_is_named(tmp_path: Path, begin: str, cut: int) -> None:
    """If a file ends within a record, those before it are kept, and the line of the cut is a finding."""
    separator = ",\n" if begin else "\n"
    content = begin + separator.join([A, B, C])[:-cut]
    found = read(tmp_path, content)
    assert ids(found) == ["1", "2"] + ["3"] * (cut == 1)
    assert content.count("\n") + 1 in [finding.line for finding in found.findings]


DAMAGES = {
    "quote": lambda record: record.replace('"Title', "Title"),
    "last quote": lambda record: record[:-2] + "}",
    "brace": lambda record: record[:-1],
    "first brace": lambda record: record[1:],
    "colon": lambda record: record.replace(":", "", 1),
    "bracket": lambda record: record[:-1] + "]}",
    "nonsense": lambda record: record[:20] + "{[" + record[20:],
}
LAYOUTS = {
    "lines": lambda records: "\n".join(records),
    "array": lambda records: "[\n" + ",\n".join(records) + "\n]",
    "indented array": lambda records: "[\n  " + ",\n  ".join(records) + "\n]",
    "answer": lambda records: '{"total": 9, "papers": [\n' + ",\n".join(records) + "\n]}",
}


@given(
    # A brace missing at an end and at the next beginning leaves one valid object with repeated keys.
    st.lists(st.sampled_from([None, None, *DAMAGES]), min_size=2, max_size=12)
    .filter(lambda plan: plan[0] is None)
    .filter(lambda plan: ("brace", "first brace") not in pairwise(plan)),
    st.sampled_from(sorted(LAYOUTS)),
)
def test_damage_stays_in_its_line(
    tmp_path_factory: pytest.TempPathFactory, plan: list[str | None], layout: str
) -> None:
    """Every record on an undamaged line is read, for any damage on other lines."""
    records = [written(n) if damage is None else DAMAGES[damage](written(n)) for n, damage in enumerate(plan)]
    found = read(tmp_path_factory.mktemp("damage"), LAYOUTS[layout](records))
    assert {str(n) for n, damage in enumerate(plan) if damage is None} <= set(ids(found))
    assert any(plan) == bool(found.findings)


def test_an_indented_array_loses_one_record(tmp_path: Path) -> None:
    """Damage in a record over several lines ends where the next record begins."""
    content = json.dumps([json.loads(record) for record in (A, B, C, D)], indent=2)
    for damaged in (
        content.replace('"Title 2"', '"Title 2'),
        content.replace('[b]."\n  }', '[b]."', 2).replace('[b]."', '[b]."\n  }', 1),
    ):
        found = read(tmp_path, damaged)
        assert ids(found)[-2:] == ["3", "4"]
        assert found.findings


def test_deep_nesting_costs_its_record(tmp_path: Path) -> None:
    """A value nested beyond any record is refused, wherever it lies."""
    deep = '{"a": ' * 50_000 + "1" + "}" * 50_000
    for content in (f"{A}\n{deep}\n{C}", f"[{A},\n{deep},\n{C}]"):
        found = read(tmp_path, content)
        assert ids(found) == ["1", "3"]
        assert [(finding.kind, finding.line) for finding in found.findings] == [("not a record", 2)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_mending_changes_no_sound_value(value: object) -> None:
    """A value that is valid JSON is the same after mending."""
    found = mended(json.dumps(value).encode(), "")
    assert found is not None
    assert found.value == value


@given(st.binary(max_size=60) | st.text('{}[]",:\\/ \n\u20ac01aN-', max_size=60).map(str.encode))
def test_any_bytes_are_split_without_an_error(content: bytes) -> None:
    """Any bytes are split, mended or refused without an error."""
    import io

    for value in read_values(io.BytesIO(content)):
        assert 1 <= value.first_line <= value.last_line <= content.count(b"\n") + 1
        mended(content, "")
