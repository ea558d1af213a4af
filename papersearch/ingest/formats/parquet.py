"""Tables in Parquet: datasets of papers, as hubs of datasets and data tools keep them.

A row is read like an object in JSON, with its nested lists and structures, by the shape of its source. A
table of no known source is read by the headers of tables. pyarrow, which is optional, reads the columns in
batches of bounded size. A record's line is the number of its row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import SEEK_END
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from types import ModuleType
from typing import IO, Any, TypeAlias

from papersearch.ingest.decompression import TOO_LARGE, most_unpacked
from papersearch.ingest.formats.few_findings import FewFindings
from papersearch.ingest.formats.json_shapes import generic, shape_of
from papersearch.ingest.formats.json_shapes.envelopes import candidates
from papersearch.ingest.formats.json_shapes.fields import Fields, Lines
from papersearch.ingest.formats.json_shapes.unread import UnreadFields
from papersearch.ingest.formats.parquet_footer import RowGroup, read_row_groups
from papersearch.ingest.formats.table_columns import Columns, columns_named
from papersearch.ingest.record import MAX_TEXT_LENGTH, Complain, NotADump, Record
from papersearch.ingest.streams import Unreadable
from papersearch.text.cleaning import clean_text

NAME = "Parquet"
ABOUT = "datasets of papers, where `pyarrow` is installed"

_MAGIC = b"PAR1"
_NO_LIBRARY = 'a Parquet table, which needs pyarrow to be read: pip install "papersearch[parquet]"'
_BUFFER = 1 << 20
_BATCH_ROWS = 32
_BATCH_BYTES = 4 << 20
"""Most rows and bytes that are unpacked at once. A text of a dictionary can be repeated in each of the rows."""

_ROWS_TRIED = 1000
"""Rows after which a table without any paper is given up."""

_FREE_VALUES = 1_000_000
_VALUES_IN_ROW = 1000
"""Mean number of values in the lists of one row that is accepted, beyond `_FREE_VALUES` in a group of rows."""

_DAMAGE = (ValueError, OSError, OverflowError, KeyError, TypeError)
"""Errors of pyarrow's Python part; its own are of ArrowException."""

_MAX_COLUMNS = 2000
_COLUMNS_NAMED = 8

_FIELDS = {
    "title": "title", "abstract": "abstract", "authors": "authors", "year": "year", "month": "month",
    "date": "date", "doi": "doi", "arxiv": "arxiv_id", "keywords": "keywords", "venue": "venue",
    "volume": "volume", "issue": "issue", "pages": "pages", "publisher": "publisher", "url": "url",
    "citation_key": "citation_key",
}  # fmt: skip
"""Fields of a record in JSON for what the columns of tables mean."""

_Lose: TypeAlias = Callable[[int, int, str], None]
"""A way to report rows that cannot be read: the first, the last, and the reason."""


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return head.startswith(_MAGIC)


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one table in order. Raises NotADump for a table without any, or without pyarrow."""
    try:
        from pyarrow import ArrowException  # large, and optional
    except ImportError as error:
        raise NotADump(_NO_LIBRARY) from error
    findings = FewFindings(complain, are_held=True)
    unread = UnreadFields()
    damage: list[str] = []

    def lose(first: int, last: int, why: str) -> None:
        damage.append(why)
        findings.add("not a record", first, f"rows {first:,} to {last:,} are damaged ({why})", "damage")

    try:
        with _seekable(stream) as file:
            names, rows = _table(file, lose)
            columns = columns_named(names)
            for number, fields in rows:
                found = _record(fields, Lines(number, number), columns)
                if found is not None:
                    findings.release()
                    unread.add(*found)
                    yield found[2]
                elif any(value not in (None, "") for value in fields.values()):
                    detail = "a row without title and abstract"
                    findings.add("not a record", number, detail, "no title and abstract")
                if number >= _ROWS_TRIED and findings.are_held:
                    break
    except (ArrowException, *_DAMAGE) as error:
        findings.release()
        findings.end()
        raise Unreadable(f"a Parquet table, and damaged ({_phrase(error)})") from error
    if findings.are_held and damage:
        raise Unreadable(f"a Parquet table, and damaged ({damage[0]})")
    if findings.are_held:
        raise NotADump(f"a Parquet table without titles and abstracts; its columns: {_listed(names)}")
    findings.end()
    unread.report(complain)


@contextmanager
def _seekable(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Open the file itself, or a temporary copy of one that is compressed: its table of contents is at its end."""
    name = getattr(stream, "name", None)
    if isinstance(name, str):
        with Path(name).open("rb") as file:
            if file.read(len(_MAGIC)) == _MAGIC:
                file.seek(0)
                yield file
                return
    with TemporaryFile(prefix="papersearch-") as copy:
        copyfileobj(stream, copy)
        copy.seek(0)
        yield copy


def _table(file: IO[bytes], lose: _Lose) -> tuple[list[str], Iterator[tuple[int, Fields]]]:
    """Return the columns of a table that can tell of papers, and its rows with their numbers."""
    from pyarrow import parquet, types

    schema = parquet.ParquetFile(file).schema_arrow
    columns = [column for column in schema if _has_text(column.type, types)][:_MAX_COLUMNS]
    file.seek(0)
    table = parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True)
    groups = read_row_groups(file)
    if sum(group.n_unpacked for group in groups) > most_unpacked(file.seek(0, SEEK_END)):
        raise ValueError(TOO_LARGE)
    names = [column.name for column in columns]
    return names, _rows(table, groups, names, lose)


def _has_text(kind: Any, types: Any) -> bool:
    """Return whether a column of this type can tell of papers; vectors, pictures and files cannot."""
    if types.is_nested(kind):
        inner = [kind.field(place).type for place in range(kind.num_fields)]
        is_vector = types.is_fixed_size_list(kind) or (not types.is_struct(kind) and types.is_floating(inner[0]))
        return not is_vector and all(_has_text(one, types) for one in inner)
    return not (types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _rows(
    table: Any, groups: Sequence[RowGroup], names: Sequence[str], lose: _Lose
) -> Iterator[tuple[int, Fields]]:
    """Yield the numbered rows of all groups; damage costs the rest of its group."""
    from pyarrow import ArrowException

    first = 1
    for place, group in enumerate(groups):
        bytes_in_row = max(1, group.n_bytes // max(1, group.n_rows))
        at_once = max(1, min(_BATCH_ROWS, _BATCH_BYTES // bytes_in_row))
        number = first
        try:
            if _is_overfull(group, names):
                raise ValueError("too many values in one row: taken for an attack")
            for batch in table.iter_batches(at_once, row_groups=[place], columns=names, use_threads=False):
                columns = [_values(column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    yield number, dict(zip(batch.schema.names, cells, strict=True))
                    number += 1
        except (ArrowException, *_DAMAGE) as error:
            lose(number, first + group.n_rows - 1, _phrase(error))
        first += group.n_rows


def _is_overfull(group: RowGroup, names: Sequence[str]) -> bool:
    """Return whether lists in these columns have too many values: a small file can hold millions."""
    most = _FREE_VALUES + _VALUES_IN_ROW * group.n_rows
    return any(group.n_values.get(name, 0) > most for name in names)


def _values(column: Any) -> list[Any]:
    """Return the values of a column as JSON would hold them: days and times are texts."""
    from pyarrow import types

    if types.is_dictionary(column.type):
        known = _values(column.dictionary)
        return [None if place is None else known[place] for place in column.indices.to_pylist()]
    kind = _with_texts(column.type)
    if kind != column.type:
        column = column.cast(kind)
    try:
        values = column.to_pylist()
    except UnicodeDecodeError:
        return [value and value.decode("utf-8", "replace") for value in column.cast("binary").to_pylist()]
    return [_plain(value) for value in values]


def _with_texts(kind: Any) -> Any:
    """Return a type with texts in place of days, times and decimal numbers."""
    import pyarrow
    from pyarrow import types

    if types.is_temporal(kind) or types.is_decimal(kind):
        return pyarrow.string()
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return pyarrow.list_(_with_texts(kind.value_type))
    if types.is_struct(kind):
        return pyarrow.struct([one.with_type(_with_texts(one.type)) for one in kind])
    return kind


def _plain(value: Any) -> Any:
    """Return a value as JSON would hold it: maps as objects, NaN as nothing, whole numbers without a point."""
    if isinstance(value, str):
        return value[: MAX_TEXT_LENGTH + 1]
    if isinstance(value, float):
        return None if not math.isfinite(value) else int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(one, tuple) for one in value):
            return {str(name): _plain(one) for name, one in value}
        return [_plain(one) for one in value]
    return None if isinstance(value, bytes) else value


def _record(fields: Fields, lines: Lines, columns: Columns | None) -> tuple[ModuleType, Fields, Record] | None:
    """Return the shape of a row, the fields that it reads, and the paper; or None if the row is not one."""
    shape = shape_of(fields)
    if shape is None and (columns is None or not columns.has_abstracts):
        fields, shape = next((found for found in candidates(fields) if found.shape is not None), (fields, None))
    if columns is not None and columns.has_abstracts and (shape is None or shape is generic):
        fields, shape = _renamed(fields, columns), generic
        if not (fields.get("title") or fields.get("abstract")):
            return None
    record = shape.read(fields, lines) if shape is not None else None
    return None if shape is None or record is None else (shape, fields, record)


def _renamed(fields: Fields, columns: Columns) -> Fields:
    """Return a row under the names of records in JSON, where its columns have the names of tables."""
    renamed = dict(fields)
    for role, places in columns.roles.items():
        values = [renamed.pop(columns.names[place], None) for place in places]
        if role in _FIELDS:
            renamed[_FIELDS[role]] = next((value for value in values if value not in (None, "", [])), None)
        else:
            renamed |= {columns.names[place]: value for place, value in zip(places, values, strict=True)}
    return renamed


def _phrase(error: Exception) -> str:
    """Return the first line of an error's message, as far as a finding can take it."""
    return clean_text(str(error).split("\n")[0])[:200] or type(error).__name__


def _listed(names: Sequence[str]) -> str:
    return clean_text(", ".join(names[:_COLUMNS_NAMED]))[:200] or "none"
