"""The groups of rows that a Parquet table says it has, in the footer of its file.

pyarrow gives the same by `RowGroupMetaData.column`, which ends the process where a column's statistics are
damaged, and with pyarrow 19.0.0 for valid tables that Java has written. The footer is a structure of Apache
Thrift's compact protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
Its fields: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import SEEK_END
from typing import IO, NamedTuple

_ROW_GROUPS = 4  # of FileMetaData
_COLUMNS, _TOTAL_BYTE_SIZE, _NUM_ROWS = 1, 2, 3  # of RowGroup
_META_DATA, _CRYPTO_METADATA = 3, 8  # of ColumnChunk
_PATH_IN_SCHEMA, _NUM_VALUES, _TOTAL_UNCOMPRESSED_SIZE = 3, 5, 6  # of ColumnMetaData
_SIZE_STATISTICS, _GEOSPATIAL_STATISTICS = 16, 17  # of ColumnMetaData

_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = range(14)
_WHOLE_NUMBERS = (_I16, _I32, _I64)
_SIZES = {_BYTE: 1, _DOUBLE: 8, _UUID: 16}

# Types of the elements of lists, by field. pyarrow reads such lists by these types, whatever a list itself
# says, so that another type in its head would let the two read different groups of rows.
_OF_FILE_META_DATA = {2: _STRUCT, _ROW_GROUPS: _STRUCT, 5: _STRUCT, 7: _STRUCT}
_OF_ROW_GROUP = {_COLUMNS: _STRUCT, 4: _STRUCT}
_OF_COLUMN_META_DATA = {2: _I32, _PATH_IN_SCHEMA: _BINARY, 8: _STRUCT, 13: _STRUCT}
_OF_STATISTICS = {_SIZE_STATISTICS: {2: _I64, 3: _I64}, _GEOSPATIAL_STATISTICS: {2: _I32}}

_MAX_DEPTH = 64
_MAX_SHIFT = 63
_LENGTH_AND_MAGIC = 8
_LONG_LIST = 15
"""Length in the head of a list whose true length follows."""


class RowGroup(NamedTuple):
    """A group of rows.

    n_bytes: of all its pages, unpacked, as the group says
    n_unpacked: the same, summed over its columns
    n_values: of each column by its name at the top; of the leaf with most of them where it is nested
    """

    n_rows: int
    n_bytes: int
    n_unpacked: int
    n_values: dict[str, int]


def read_row_groups(file: IO[bytes]) -> list[RowGroup]:
    """Return the groups of rows in order. Raises ValueError for a damaged footer."""
    end = file.seek(-_LENGTH_AND_MAGIC, SEEK_END)
    length = int.from_bytes(file.read(4), "little")
    if length > end:
        raise ValueError("its footer is longer than the file")
    file.seek(end - length)
    return _Compact(file.read(length)).row_groups()


class _Compact:
    """A cursor over bytes in the compact protocol. A field that comes twice has its last value, as in C++."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def row_groups(self) -> list[RowGroup]:
        """Return the groups of a FileMetaData, at which the cursor is."""
        groups: list[RowGroup] = []
        for field, kind in self._fields():
            if (field, kind) == (_ROW_GROUPS, _LIST):
                groups = [self._row_group() for _ in self._elements(_STRUCT)]
            else:
                self._pass(field, kind, _OF_FILE_META_DATA)
        return groups

    def _row_group(self) -> RowGroup:
        n_rows = n_bytes = 0
        columns: list[tuple[str, int, int]] = []
        for field, kind in self._fields():
            if (field, kind) == (_COLUMNS, _LIST):
                columns = [self._column() for _ in self._elements(_STRUCT)]
            elif (field, kind) == (_TOTAL_BYTE_SIZE, _I64):
                n_bytes = self._signed()
            elif (field, kind) == (_NUM_ROWS, _I64):
                n_rows = self._signed()
            else:
                self._pass(field, kind, _OF_ROW_GROUP)
        most: dict[str, int] = {}
        for name, n_values, _ in columns:
            most[name] = max(n_values, most.get(name, 0))
        return RowGroup(n_rows, n_bytes, sum(size for _, _, size in columns), most)

    def _column(self) -> tuple[str, int, int]:
        found = ("", 0, 0)
        for field, kind in self._fields():
            if (field, kind) == (_META_DATA, _STRUCT):
                found = self._column_of()
            elif field == _CRYPTO_METADATA:
                raise ValueError("its columns are encrypted, or its footer is damaged")
            else:
                self._skip(kind)
        return found

    def _column_of(self) -> tuple[str, int, int]:
        """Return the name at the top, the number of values, and the size in bytes when unpacked."""
        name, n_values, size = "", 0, 0
        for field, kind in self._fields():
            if (field, kind) == (_PATH_IN_SCHEMA, _LIST):
                texts = [self._take(self._varint()) for _ in self._elements(_BINARY)]
                name = texts[0].decode("utf-8", "replace") if texts else ""
            elif (field, kind) == (_NUM_VALUES, _I64):
                n_values = self._signed()
            elif (field, kind) == (_TOTAL_UNCOMPRESSED_SIZE, _I64):
                size = self._signed()
            elif kind == _STRUCT and field in _OF_STATISTICS:
                for inner, inner_kind in self._fields():
                    self._pass(inner, inner_kind, _OF_STATISTICS[field])
            else:
                self._pass(field, kind, _OF_COLUMN_META_DATA)
        return name, n_values, size

    def _fields(self) -> Iterator[tuple[int, int]]:
        """Yield the number and the type of each field; who asks for the next one has read or skipped its value."""
        field = 0
        while (head := self._take(1)[0]) & 15 != _STOP:
            field = field + (head >> 4) if head >> 4 else self._signed()
            yield field, head & 15

    def _pass(self, field: int, kind: int, expected: Mapping[int, int]) -> None:
        """Pass over the value of a field; lists have elements of the types that are `expected`, by field."""
        if kind == _LIST and field in expected:
            for _ in self._elements(expected[field]):
                self._skip(expected[field], in_list=True)
        else:
            self._skip(kind)

    def _elements(self, expected: int) -> range:
        """Read the head of a list with elements of one type; return a range of its length."""
        kind, length = self._list()
        if length and kind != expected:
            raise ValueError("its footer is damaged")
        return range(length)

    def _list(self) -> tuple[int, int]:
        """Return the type and the number of the elements that follow."""
        head = self._take(1)[0]
        length = head >> 4
        return head & 15, self._varint() if length == _LONG_LIST else length

    def _skip(self, kind: int, depth: int = 0, *, in_list: bool = False) -> None:
        """Pass over a value; a boolean is a byte in a list, and part of its head in a structure."""
        if kind in (_TRUE, _FALSE):
            self._take(int(in_list))
        elif kind in _WHOLE_NUMBERS:
            self._varint()
        elif kind in _SIZES:
            self._take(_SIZES[kind])
        elif kind == _BINARY:
            self._take(self._varint())
        elif depth == _MAX_DEPTH:
            raise ValueError("its footer is nested too deeply")
        else:
            for inner in self._inner(kind):
                self._skip(inner, depth + 1, in_list=kind != _STRUCT)

    def _inner(self, kind: int) -> Iterator[int]:
        """Yield the types of the values within a value; who asks for the next one has passed over the last."""
        if kind in (_LIST, _SET):
            inner, length = self._list()
            yield from (inner for _ in range(length))
        elif kind == _MAP:
            length = self._varint()
            kinds = self._take(1)[0] if length else 0
            yield from (one for _ in range(length) for one in (kinds >> 4, kinds & 15))
        elif kind == _STRUCT:
            yield from (inner for _, inner in self._fields())
        else:
            raise ValueError("its footer is damaged")

    def _signed(self) -> int:
        """Read a whole number in zigzag order: 0, -1, 1, -2."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._take(1)[0]) & 128:
            value |= (byte & 127) << shift
            shift += 7
            if shift > _MAX_SHIFT:
                raise ValueError("its footer is damaged")
        return value | byte << shift

    def _take(self, length: int) -> bytes:
        taken = self._content[self._at : self._at + length]
        if len(taken) < length:
            raise ValueError("its footer ends too early")
        self._at += length
        return taken
