"""Strict conversion of JSON to records, checked against the records' annotations.

A record is a class with annotated fields that are given by keyword. The JSON may come from another
program: a ValueError names the wrong field. A bool is not an int, and infinity is not a float.
Fields must be neither missing nor unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")

_Reader: TypeAlias = Callable[[Any], Any]
"""Converts a JSON value, or raises ValueError."""


def read_record(kind: type[Record], fields: Any) -> Record:
    """Make a record of the class `kind` from a JSON object.

    Raises ValueError, which names the wrong field.
    """
    record: Any = kind
    made: Record = _reader(record)(fields)
    return made


def read_value(kind: Any, value: Any) -> Any:
    """Convert a JSON value by an annotation, such as `tuple[Paper, ...]`. Raises ValueError."""
    return _reader(kind)(value)


@cache
def _reader(kind: Any) -> _Reader:
    """Make the reader for an annotation or for a record's class."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _at_least(arguments[1], _reader(arguments[0]))
    if origin in (UnionType, Union):  # of names, and of literals
        others = [_reader(argument) for argument in arguments if argument is not NoneType]
        read = others[0] if len(others) == 1 else _either(*others)
        return read if NoneType not in arguments else lambda value: None if value is None else read(value)
    if origin is Literal:
        expected = f"expected {' or '.join(arguments)}"
        return lambda value: _checked(value, isinstance(value, str) and value in arguments, expected)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _row_of([_reader(argument) for argument in arguments])
    if origin is tuple:
        return _list_of(_reader(arguments[0]))
    if origin in (dict, Mapping):
        return _object_of(_reader(arguments[1]))
    return _record_of(kind)


def _record_of(kind: type) -> _Reader:
    readers = {name: _reader(each) for name, each in get_type_hints(kind, include_extras=True).items()}

    def read(fields: Any) -> Any:
        _checked(fields, isinstance(fields, dict), "expected an object")
        if missing := readers.keys() - fields.keys():
            raise ValueError(f"missing field {min(missing)}")
        if unknown := fields.keys() - readers.keys():
            raise ValueError(f"unknown field {min(unknown)!r}")
        return kind(**_named(readers, fields))

    return read


def _named(readers: dict[str, _Reader], fields: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for name, value in fields.items():
        try:
            values[name] = readers[name](value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return values


def _at_least(least: int, read: _Reader) -> _Reader:
    return lambda value: _checked(value, read(value) >= least, f"expected at least {least}")


def _either(text: _Reader, of_object: _Reader) -> _Reader:
    """Return the reader of a union of text and an object."""
    return lambda value: of_object(value) if isinstance(value, dict) else text(value)


def _list_of(read: _Reader) -> _Reader:
    return lambda value: tuple(map(read, _checked(value, isinstance(value, list), "expected a list")))


def _row_of(readers: list[_Reader]) -> _Reader:
    expected = f"expected a list of {len(readers)}"

    def read(value: Any) -> tuple[Any, ...]:
        cells = _checked(value, isinstance(value, list) and len(value) == len(readers), expected)
        return tuple(read_cell(cell) for read_cell, cell in zip(readers, cells, strict=True))

    return read


def _object_of(read: _Reader) -> _Reader:
    def read_each(value: Any) -> dict[str, Any]:
        entries = _checked(value, isinstance(value, dict), "expected an object")
        return {key: read(each) for key, each in entries.items()}

    return read_each


def _whole(value: Any) -> int:
    number: int = _checked(value, type(value) is int, "expected a whole number")
    return number


def _finite(value: Any) -> float:
    number: float = _checked(value, type(value) in (int, float) and isfinite(value), "expected a finite number")
    return number


def _text(value: Any) -> str:
    text: str = _checked(value, isinstance(value, str), "expected text")
    return text


def _flag(value: Any) -> bool:
    flag: bool = _checked(value, isinstance(value, bool), "expected true or false")
    return flag


_PLAIN: dict[Any, _Reader] = {int: _whole, float: _finite, str: _text, bool: _flag}


def _checked(value: Any, is_right: bool, expected: str) -> Any:
    if not is_right:
        raise ValueError(expected)
    return value
