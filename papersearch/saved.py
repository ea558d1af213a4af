"""Saved searches: queries with their filters under names, in a TOML file of the user's.

The file is the user's to edit: what is added or removed here leaves its comments and order
as they are. One table per search, with the names of the command line's options.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, get_args

from papersearch.errors import SearchesNotWritable, SearchesUnreadable, SearchExists, UnknownSearch
from papersearch.index.files import replace_file
from papersearch.text.cleaning import clean_text
from papersearch.types import NO_FILTERS, Filters, Mode

FILE = "searches.toml"

_MAX_BYTES = 1 << 20
_TEXTS = {"since": "since", "until": "until"}
_LISTS = {"org": "organisations", "dump": "dumps"}
_SWITCHES = {"has-code": "has_code", "include-undated": "include_undated"}
_FIELDS = {**_TEXTS, **_LISTS, **_SWITCHES}
"""A key of the file, which is also an option, and its field of `Filters`."""


class SavedSearch(NamedTuple):
    """A query to ask again and again."""

    name: str
    query: str
    mode: Mode = "hybrid"
    filters: Filters = NO_FILTERS


def read(path: Path) -> dict[str, SavedSearch]:
    """The searches in the file by name, in its order; none where there is no file. Raises
    SearchesUnreadable."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise ValueError(f"it has more than {_MAX_BYTES:,} bytes")
        tables = tomllib.loads(content.decode("utf-8"))
        return {clean_text(name): _search(clean_text(name), table) for name, table in tables.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:  # tomllib's errors are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else error
        raise SearchesUnreadable(path=path, cause=str(reason)) from error


def add(path: Path, search: SavedSearch) -> None:
    """Write the search at the end of the file. Raises SearchExists where its name is taken."""
    if search.name in read(path):
        raise SearchExists(path=path, name=search.name)
    import tomlkit

    with _edited(path) as document:
        table = tomlkit.table()
        for key, value in fields(search).items():
            table.add(key, value)
        document.add(search.name, table)


def remove(path: Path, name: str) -> None:
    """Take the search out of the file. Raises UnknownSearch where no search has this name."""
    if name not in read(path):
        raise UnknownSearch(path=path, name=name)
    with _edited(path) as document:
        document.remove(next(key for key in document if clean_text(str(key)) == name))


@contextmanager
def _edited(path: Path) -> Iterator[Any]:
    """The file as a document to change, written as a whole, or not at all, when all went well."""
    import tomlkit

    try:
        before = path.read_text("utf-8") if path.exists() else ""
        document = tomlkit.parse(before)
        yield document
        path.parent.mkdir(parents=True, exist_ok=True)
        # A link is the user's way to keep the file elsewhere: what it leads to is replaced.
        replace_file(Path(os.path.realpath(path)), tomlkit.dumps(document).encode())
    except OSError as error:
        raise SearchesNotWritable(path=path, cause=error.strerror or str(error)) from error


def fields(search: SavedSearch) -> dict[str, Any]:
    """What the file says of the search: what is not left as it is anyway."""
    said = {key: getattr(search.filters, field) for key, field in _FIELDS.items()}
    kept = {key: list(value) if isinstance(value, tuple) else value for key, value in said.items() if value}
    mode = {} if search.mode == "hybrid" else {"mode": search.mode}
    return {"query": search.query, **mode, **kept}


def _search(name: str, table: Any) -> SavedSearch:
    """One table of the file. Raises ValueError for what it cannot be."""
    if not isinstance(table, dict) or not isinstance(table.get("query"), str):
        raise ValueError(f"{name} has no query")
    unknown = sorted(set(table) - {"query", "mode", *_FIELDS})
    if unknown:
        raise ValueError(f"unknown key {unknown[0]} in {name}")
    mode = table.get("mode", "hybrid")
    if mode not in get_args(Mode):
        raise ValueError(f"unknown mode {mode} in {name}: expected {' or '.join(get_args(Mode))}")
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key in _SWITCHES and not isinstance(value, bool):
            raise ValueError(f"expected true or false for {key} of {name}")
        if key in _LISTS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise ValueError(f"expected a list of texts for {key} of {name}")
        if key in _TEXTS and not isinstance(value, str):
            raise ValueError(f'expected text in quotation marks, such as "2024-06", for {key} of {name}')
        if key in _FIELDS:
            given[_FIELDS[key]] = tuple(value) if isinstance(value, list) else value
    return SavedSearch(name, clean_text(table["query"]), mode, Filters(**given))
