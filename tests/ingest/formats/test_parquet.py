"""Parquet: rows like records in JSON, tables of no known source, damage, and bombs."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersearch.ingest.formats import parquet as reader
from papersearch.ingest.formats.json_shapes import SHAPES, shape_of
from papersearch.ingest.reading import Ingest, ingest
from papersearch.ingest.streams import open_stream
from papersearch.types import Paper
from papersearch.values import fields_of
from tests.ingest.formats.json_shapes.samples import ABSTRACT, SAMPLES, TITLE

ROW = {"title": TITLE, "abstract": ABSTRACT, "authors": ["Ada Grove", "Bo Lind"], "doi": "10.5555/moth_1"}


pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def written(rows: list[dict[str, Any]], schema: Any = None, **options: Any) -> bytes:
    """Return a table with these rows."""
    made = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema), made, **options)
    return made.getvalue()


NOT_IN_TABLES = ("CSL", "OpenAlex")
"""Samples that no table can hold: a list of different types, and an object of hundreds of columns."""

IN_TABLES = [name for name in SAMPLES if name not in NOT_IN_TABLES]

POOLS: list[Any] = []
"""Pools that memory may still belong to."""


@contextmanager
def counted() -> Iterator[Any]:
    """Count what Arrow allocates meanwhile."""
    usual = pyarrow.default_memory_pool()
    pool = pyarrow.proxy_memory_pool(usual)
    pyarrow.set_memory_pool(pool)
    POOLS.append(pool)
    try:
        yield pool
    finally:
        pyarrow.set_memory_pool(usual)


def read(tmp_path: Path, content: bytes, name: str = "papers.parquet") -> Ingest:
    """Ingest a file with this content."""
    (tmp_path / name).write_bytes(content)
    return ingest([tmp_path / name])


def plain(papers: tuple[Paper, ...]) -> list[dict[str, Any]]:
    """Return the fields of papers without the places where they were read."""
    return [
        {name: value for name, value in fields_of(paper).items() if name not in ("provenance", "dumps")}
        for paper in papers
    ]


@pytest.mark.parametrize("source", IN_TABLES)
def test_a_row_is_read_like_json(tmp_path: Path, source: str) -> None:
    """A record of any source gives the same paper from a table as from JSON lines."""
    record = SAMPLES[source].record
    (tmp_path / "records.jsonl").write_text(json.dumps(record) + "\n")
    expected = ingest([tmp_path / "records.jsonl"])
    found = read(tmp_path, written([record]))
    assert plain(found.papers) == plain(expected.papers)
    assert [dump.format for dump in found.dumps] == ["Parquet"]


def test_all_shapes_are_tried() -> None:
    """The records of the test above have every shape but those of `NOT_IN_TABLES`."""
    shapes = {shape_of(sample.record) for name, sample in SAMPLES.items() if name in IN_TABLES}
    assert {one.NAME for one in SHAPES if one not in shapes} <= {"OpenAlex", "CSL-JSON"}


def test_headers_of_tables(tmp_path: Path) -> None:
    """A table of no known source is read by the headers that tables have; a row may lack its abstract."""
    rows = [
        {"Document Title": TITLE, "Abstract Note": ABSTRACT, "Publication Year": 2026.0, "terms": ["a b", "c"]},
        {"Document Title": "No abstract", "Abstract Note": None, "Publication Year": float("nan"), "terms": None},
        {"Document Title": None, "Abstract Note": None, "Publication Year": None, "terms": None},
        {"Document Title": None, "Abstract Note": None, "Publication Year": 2026.0, "terms": None},
    ]
    found = read(tmp_path, written(rows))
    first, second = sorted(found.papers, key=lambda paper: paper.provenance[0].first_line)
    assert (first.title, first.abstract, first.year, first.categories) == (TITLE, ABSTRACT, 2026, ("a b", "c"))
    assert (second.title, second.abstract, second.year) == ("No abstract", "", None)
    assert [(finding.kind, finding.line) for finding in found.findings] == [("not a record", 4)]
    assert (found.dumps[0].n_appearances, found.dumps[0].n_without_abstract) == (2, 1)


@pytest.mark.parametrize(
    "value",
    [
        date(2026, 4, 2),
        datetime(2026, 4, 2, 11, 5, tzinfo=UTC),
        pyarrow.scalar(1775127900123456789, pyarrow.timestamp("ns")),
        "2026-04-02",
    ],
)
def test_days(tmp_path: Path, value: Any) -> None:
    """Days and times of every type of Arrow are dates, also inside lists and structures."""
    kind = value.type if isinstance(value, pyarrow.Scalar) else pyarrow.scalar(value).type
    versions = pyarrow.list_(pyarrow.struct([("version", pyarrow.string()), ("created", kind)]))
    texts = [(name, pyarrow.string()) for name in ("id", "title", "abstract")]
    arrays = [pyarrow.array([text]) for text in ("2604.00007", TITLE, ABSTRACT)]
    days = pyarrow.array([value], kind)
    flat = pyarrow.Table.from_arrays([*arrays, days], schema=pyarrow.schema([*texts, ("published", kind)]))
    inner = pyarrow.StructArray.from_arrays([pyarrow.array(["v1"]), days], fields=list(versions.value_type))
    nested = pyarrow.Table.from_arrays(
        [*arrays, pyarrow.ListArray.from_arrays([0, 1], inner, type=versions)],
        schema=pyarrow.schema([*texts, ("versions", versions)]),
    )
    for table in (flat, nested):
        made = io.BytesIO()
        parquet.write_table(table, made)
        (paper,) = read(tmp_path, made.getvalue()).papers
        assert str(paper.date) == "2026-04-02"


def test_vectors_and_files_are_passed_over(tmp_path: Path) -> None:
    """Columns of vectors, pictures and files are not read; a damaged one costs nothing."""
    rows = [{**ROW, "embedding": [0.5] * 8, "pdf": b"%PDF", "page": {"bytes": b"\x89PNG", "path": "x.png"}}]
    found = read(tmp_path, written(rows))
    assert [(paper.title, paper.doi) for paper in found.papers] == [(TITLE, "10.5555/moth_1")]
    assert found.findings == ()


def test_maps_and_decimals(tmp_path: Path) -> None:
    """A map is an object, and a decimal number a text."""
    schema = pyarrow.schema(
        [
            ("title", pyarrow.string()),
            ("abstract", pyarrow.string()),
            ("externalids", pyarrow.map_(pyarrow.string(), pyarrow.string())),
            ("volume", pyarrow.decimal128(5)),
        ]
    )
    rows = [{"title": TITLE, "abstract": ABSTRACT, "externalids": [("DOI", "10.5555/moth_1")], "volume": 7}]
    (paper,) = read(tmp_path, written(rows, schema)).papers
    assert (paper.doi, paper.volume) == ("10.5555/moth_1", "7")


@pytest.mark.parametrize("wrapped", ["gzip", "zip", "plain"])
def test_compressed_and_in_archives(tmp_path: Path, wrapped: str) -> None:
    """A table is read compressed and from a zip archive as well, though its contents are listed at its end."""
    content = written([ROW])
    if wrapped == "gzip":
        content = gzip.compress(content)
    if wrapped == "zip":
        archived = io.BytesIO()
        with zipfile.ZipFile(archived, "w") as archive:
            archive.writestr("papers.parquet", content)
        content = archived.getvalue()
    found = read(tmp_path, content)
    assert [(paper.title, paper.doi) for paper in found.papers] == [(TITLE, "10.5555/moth_1")]
    assert [dump.format for dump in found.dumps] == ["Parquet"]


def test_a_damaged_group_costs_itself(tmp_path: Path) -> None:
    """Damage in one group of rows is reported with its rows, and the other groups are read."""
    rows = [{"title": f"Moth {n}", "abstract": f"{n} {ABSTRACT}"} for n in range(9)]
    content = bytearray(written(rows, row_group_size=3, use_dictionary=False, compression="gzip"))
    second = parquet.read_metadata(io.BytesIO(bytes(content))).row_group(1).column(1)
    end = second.data_page_offset + second.total_compressed_size
    content[end - 40 : end - 10] = bytes(30)
    found = read(tmp_path, bytes(content))
    assert {paper.title for paper in found.papers} == {f"Moth {n}" for n in (0, 1, 2, 6, 7, 8)}
    (finding,) = found.findings
    assert (finding.kind, finding.line) == ("not a record", 4)
    assert finding.detail.startswith("rows 4 to 6 are damaged (")


def test_a_cut_table_is_damaged(tmp_path: Path) -> None:
    """A table without its end is reported as damaged."""
    found = read(tmp_path, written([ROW])[:-20])
    assert found.papers == ()
    assert [finding.kind for finding in found.findings] == ["file damaged"]


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    """A text that is not UTF-8 keeps what can be read."""
    titles = pyarrow.array([b"Moth\xff", b"Owl"]).view(pyarrow.string())
    made = io.BytesIO()
    parquet.write_table(pyarrow.table({"title": titles, "abstract": [ABSTRACT, "Owls."]}), made)
    found = read(tmp_path, made.getvalue())
    assert sorted(paper.title for paper in found.papers) == ["Moth\N{REPLACEMENT CHARACTER}", "Owl"]


def test_what_is_not_of_papers(tmp_path: Path) -> None:
    """A table of other things is skipped, and its columns are named."""
    found = read(tmp_path, written([{"question": "Why?", "answer": 42, "title": "Moths"}] * 3))
    (finding,) = found.findings
    assert (found.papers, finding.kind) == ((), "file skipped")
    assert finding.detail == ("a Parquet table without titles and abstracts; its columns: question, answer, title")


def test_one_long_text_in_every_row(tmp_path: Path) -> None:
    """A text that a small file repeats in every row is unpacked for few rows at once, and cut."""
    titles = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 1000, pyarrow.int32()), ["x" * 10_000_000])
    made = io.BytesIO()
    table = pyarrow.table({"id": [str(n) for n in range(1000)], "title": titles, "abstract": [ABSTRACT] * 1000})
    parquet.write_table(table, made, compression="zstd")
    assert len(made.getvalue()) < 100_000
    with counted() as pool:
        found = read(tmp_path, made.getvalue())
    assert found.dumps[0].n_appearances == 1000
    assert pool.max_memory() < 600_000_000


@pytest.mark.slow
def test_memory_does_not_grow_with_the_table(tmp_path: Path) -> None:
    """A table of 30 MB in one group of rows is read in a few MB."""
    rows = [{"id": str(n), "title": f"Moth {n}", "abstract": f"{n} {ABSTRACT} " * 10} for n in range(30_000)]
    content = written(rows, row_group_size=len(rows), use_dictionary=False, compression="none")
    assert len(content) > 25_000_000
    (tmp_path / "papers.parquet").write_bytes(content)
    with counted() as pool, open_stream(tmp_path / "papers.parquet") as stream:
        assert sum(1 for _ in reader.read(stream, content[:99], lambda *_: None)) == len(rows)
    assert pool.max_memory() < 15_000_000


def test_millions_of_values_in_a_row(tmp_path: Path) -> None:
    """A row with a list of millions, which takes a few bytes, is not read."""
    n = 3_000_000
    names = pyarrow.ListArray.from_arrays(
        pyarrow.array([0, n], pyarrow.int32()), pyarrow.nulls(n, pyarrow.string())
    )
    made = io.BytesIO()
    parquet.write_table(pyarrow.table({"title": ["t"], "abstract": ["a"], "authors": names}), made)
    found = read(tmp_path, made.getvalue())
    assert found.papers == ()
    assert len(made.getvalue()) < 10_000
    assert [finding.kind for finding in found.findings] == ["file damaged"]
    assert "taken for an attack" in found.findings[0].detail


IN_THREE_GROUPS = written([{**ROW, "doi": f"10.5555/{n}"} for n in range(20)], row_group_size=7)


@settings(max_examples=60)
@given(st.integers(0, 3000), st.binary(min_size=1, max_size=8))
def test_any_damage_is_survived(tmp_path_factory: pytest.TempPathFactory, at: int, written_over: bytes) -> None:
    """Bytes written over anywhere end in papers or in findings, never in an error."""
    content = bytearray(IN_THREE_GROUPS)
    at = min(at, len(content) - 1)
    content[at : at + len(written_over)] = written_over
    content[:4] = b"PAR1"
    found = read(tmp_path_factory.mktemp("damage"), bytes(content))
    assert found.papers or found.findings
