"""Saved searches: named queries with their filters, in a TOML file that belongs to the user.

The user may edit the file by hand: adding or removing a search keeps comments and order. Each
search is a table whose keys are the names of the command line's options. Nothing is searched here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, get_args

from papersearch.errors import SearchesNotWritable, SearchesUnreadable, SearchExists, UnknownSearch
from papersearch.search.filter_table import (
    FILTER_ROWS,
    MARK_ROWS,
    NO_MARK_FILTERS,
    FilterRow,
    MarkFilters,
    filter_values,
    make_filters,
    make_mark_filters,
)
from papersearch.text.cleaning import clean_text
from papersearch.toml_files import edited, read_toml
from papersearch.types import NO_FILTERS, Filters, Mode

FILE = "searches.toml"

_ROWS = {row.name: row for row in (*FILTER_ROWS, *MARK_ROWS) if row.is_saved}
"""Filters and conditions on marks by key of the file, which is also the option's name."""


class SavedSearch(NamedTuple):
    """A named query with its mode, its filters and its conditions on marks."""

    name: str
    query: str
    mode: Mode = "hybrid"
    filters: Filters = NO_FILTERS
    marked: MarkFilters = NO_MARK_FILTERS


def read(path: Path) -> dict[str, SavedSearch]:
    """Read the searches by name, in file order; return an empty dict if the file does not exist.

    Raises SearchesUnreadable if the file cannot be read or does not describe searches.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[dict[str, SavedSearch], str]:
    """Return the searches by name, and the file's text. Raises SearchesUnreadable."""
    try:
        text, tables = read_toml(path)
        return {clean_text(name): _search(clean_text(name), table) for name, table in tables.items()}, text
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, RecursionError) as error:  # tomllib's errors are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else error
        raise SearchesUnreadable(path=path, cause=str(reason)) from error


def add(path: Path, search: SavedSearch, *, replace: bool = False) -> None:
    """Append the search to the file, or put it in the place of the one that has its name.

    Raises SearchExists if its name is taken, unless `replace` is true.
    """
    import tomlkit

    with _edited(path) as (known, document):
        is_there = search.name in known
        if is_there and not replace:
            raise SearchExists(path=path, name=search.name)
        table = tomlkit.table()
        for key, value in fields(search).items():
            table.add(key, value)
        if is_there:
            document[_key(document, search.name)] = table
        else:
            document.add(search.name, table)


def remove(path: Path, name: str) -> None:
    """Remove the search from the file. Raises UnknownSearch if the name is unknown."""
    with _edited(path) as (known, document):
        if name not in known:
            raise UnknownSearch(path=path, name=name)
        document.remove(_key(document, name))


def _key(document: Any, name: str) -> Any:
    """Return the key of a search in the file, as it is written there."""
    return next(key for key in document if clean_text(str(key)) == name)


@contextmanager
def _edited(path: Path) -> Iterator[tuple[dict[str, SavedSearch], Any]]:
    """Yield the searches, and the file as a document to change. Raises a SavedSearchError."""
    try:
        with edited(path, _read) as found:
            yield found
    except OSError as error:
        raise SearchesNotWritable(path=path, cause=error.strerror or str(error)) from error


def fields(search: SavedSearch) -> dict[str, Any]:
    """Return the search as TOML fields, defaults omitted."""
    values = {**filter_values(search.filters), **search.marked._asdict()}
    said = {key: values[row.field] for key, row in _ROWS.items()}
    kept = {key: list(value) if isinstance(value, tuple) else value for key, value in said.items() if value}
    mode = {} if search.mode == "hybrid" else {"mode": search.mode}
    return {"query": search.query, **mode, **kept}


def _search(name: str, table: Any) -> SavedSearch:
    """Parse one table of the file. Raises ValueError if it does not describe a search."""
    if not isinstance(table, dict) or not isinstance(table.get("query"), str):
        raise ValueError(f"{name} has no query")
    unknown = sorted(set(table) - {"query", "mode", *_ROWS})
    if unknown:
        raise ValueError(f"unknown key {unknown[0]} in {name}")
    mode = table.get("mode", "hybrid")
    if mode not in get_args(Mode):
        raise ValueError(f"unknown mode {mode} in {name}: expected {' or '.join(get_args(Mode))}")
    given = {_ROWS[key].field: _value(name, _ROWS[key], value) for key, value in table.items() if key in _ROWS}
    of_marks = {row.field: given.pop(row.field) for row in MARK_ROWS if row.field in given}
    return SavedSearch(name, clean_text(table["query"]), mode, make_filters(given), make_mark_filters(of_marks))


def _value(name: str, row: FilterRow, value: Any) -> Any:
    """Return a filter's value. Raises ValueError if it has another type."""
    is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if row.kind == "switch" and not isinstance(value, bool):
        raise ValueError(f"expected true or false for {row.name} of {name}")
    if row.kind == "list" and not is_list:
        raise ValueError(f"expected a list of texts for {row.name} of {name}")
    if row.kind == "text" and not isinstance(value, str):
        raise ValueError(f'expected text in quotation marks, such as "2024-06", for {row.name} of {name}')
    return value
