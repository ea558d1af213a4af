"""The groups of rows in the footer of a Parquet table, against pyarrow's own reading."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.ingest.formats.parquet_footer import RowGroup, read_row_groups

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROW = {
    "title": "On moths",
    "authors": ["Ada Grove", "Bo Lind"],
    "venue": {"name": "Moths", "pages": [1, 2], "is open": True},
    "a.b": 1.5,
    "tags": [("key", "value")],
    "absent": None,
}
TYPES = {"tags": pyarrow.map_(pyarrow.string(), pyarrow.string())}


def table(n_rows: int) -> Any:
    columns = {name: pyarrow.array([value] * n_rows, TYPES.get(name)) for name, value in ROW.items()}
    return pyarrow.table(columns)


def written(n_rows: int, **options: Any) -> bytes:
    made = io.BytesIO()
    parquet.write_table(table(n_rows), made, **options)
    return made.getvalue()


def by_pyarrow(content: bytes) -> list[RowGroup]:
    """Return the groups as pyarrow reads them; it takes the dots of a name for those between names."""
    metadata = parquet.read_metadata(io.BytesIO(content))
    found = []
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        columns = [group.column(place) for place in range(group.num_columns)]
        n_values: dict[str, int] = {}
        for column in columns:
            name = next(name for name in ROW if f"{column.path_in_schema}.".startswith(f"{name}."))
            n_values[name] = max(column.num_values, n_values.get(name, 0))
        size = sum(column.total_uncompressed_size for column in columns)
        found.append(RowGroup(group.num_rows, group.total_byte_size, size, n_values))
    return found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"row_group_size": 7},
        {"row_group_size": 1, "compression": "none", "version": "1.0"},
        {"row_group_size": 3, "write_statistics": False, "store_schema": False, "compression": "gzip"},
        {"write_page_index": True, "write_page_checksum": True, "sorting_columns": [parquet.SortingColumn(0)]},
        {"use_dictionary": False, "column_encoding": {"a.b": "BYTE_STREAM_SPLIT"}},
    ],
)
@pytest.mark.parametrize("n_rows", [0, 1, 20, 400])
def test_groups_are_those_of_pyarrow(n_rows: int, options: dict[str, Any]) -> None:
    """Rows, sizes and values of each group are those that pyarrow reads."""
    content = written(n_rows, **options)
    assert read_row_groups(io.BytesIO(content)) == by_pyarrow(content)


WHOLE = written(20, row_group_size=7, write_page_index=True)
FOOTER_BEGINS = len(WHOLE) - 8 - int.from_bytes(WHOLE[-8:-4], "little")


@given(st.integers(FOOTER_BEGINS, len(WHOLE) - 5), st.binary(min_size=1, max_size=8))
def test_damage_is_nothing_else_than_a_value_error(at: int, written_over: bytes) -> None:
    """A footer with any bytes written over it, its length included, is read or is a ValueError."""
    content = bytearray(WHOLE)
    content[at : at + len(written_over)] = written_over
    try:
        read_row_groups(io.BytesIO(bytes(content[: len(WHOLE)])))
    except ValueError as error:
        assert "footer" in str(error)


@pytest.mark.parametrize("kind", range(16))
def test_any_type_of_value_is_bounded(kind: int) -> None:
    """Values of each type, thousands within each other or a list of 2**60 of them, end soon."""
    nested = bytes([0x10 | kind]) * 100_000
    endless = bytes([0x19, 0xF0 | kind]) + b"\xff" * 8 + b"\x0f"
    for footer in (nested, endless, endless + random.Random(kind).randbytes(1000)):
        content = footer + len(footer).to_bytes(4, "little") + b"PAR1"
        try:
            assert read_row_groups(io.BytesIO(content)) == []
        except ValueError as error:
            assert "footer" in str(error)
