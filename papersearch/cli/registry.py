"""Collections under names: a TOML file that belongs to the user, and the places that the names mean.

Each collection is a table with the folder of its dumps (`corpus`), its index (`index`: a folder, or the
address of a server), or both. An index without a place of its own lies in the user's data folder, and
so does the index of several collections together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from papersearch.checksums import sha256_of
from papersearch.cli.errors import CommandError, typed
from papersearch.cli.locations import Locations, Places, user_folder
from papersearch.cli.output.terminal import typed_path
from papersearch.remote.addresses import address_in
from papersearch.text.cleaning import clean_text
from papersearch.toml_files import edited, read_toml

ALL = "all"
"""The name of every collection together."""

_FILE = "collections.toml"
_FOLDER = "collections"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LONGEST = 100
"""Length from which the names of collections are too long for the name of a folder."""


class NamedCollection(NamedTuple):
    """A collection: its corpus, unless its index is all that is here, and the place of its index.

    has_own_place: the index lies where the user wants it, and not in the user's data folder
    """

    name: str
    corpus: Path | None
    index_path: Path
    has_own_place: bool = False


def find_registry() -> Path:
    """Find the file of collections: the one that the environment names, else the user's."""
    named = os.environ.get("PAPERSEARCH_COLLECTIONS")
    return typed_path(Path(named)) if named else user_folder("config") / _FILE


def read_collections(path: Path) -> dict[str, NamedCollection]:
    """Read the collections by name, in file order; none if there is no file. Raises CommandError."""
    return _read(path)[0]


def _read(path: Path) -> tuple[dict[str, NamedCollection], str]:
    """Return the collections by name, and the file's text. Raises CommandError."""
    try:
        text, tables = read_toml(path)
        return {name: _collection(name, table, path.parent) for name, table in tables.items()}, text
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, RecursionError) as error:  # tomllib's errors are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"cannot read {path}: {reason}", f"correct it with an editor: {path}") from error


def add_collection(path: Path, name: str, corpus: Path | None, index: Path | None) -> NamedCollection:
    """Append a collection to the file. Raises CommandError for a name that is taken or cannot be one."""
    import tomlkit

    try:
        _check_name(name)
    except ValueError as error:
        raise CommandError(f"cannot add {clean_text(name)}: {error}", "") from error
    table = tomlkit.table()
    if corpus is not None:
        table.add("corpus", str(corpus.resolve()))
    if index is not None:
        table.add("index", str(index) if address_in(index) is not None else str(index.resolve()))
    with _edited(path) as (known, document):
        if name in known:
            again = typed("papersearch collections remove", name)
            raise CommandError(
                f"cannot add {name}: there is a collection of this name", f"to replace it, first: {again}"
            )
        document.add(name, table)
    return _collection(name, table, path.parent)


def remove_collection(path: Path, name: str) -> NamedCollection:
    """Remove a collection from the file; its corpus and its index stay. Raises CommandError."""
    with _edited(path) as (known, document):
        [removed] = _wanted([name], known)
        document.remove(name)
    return removed


def locate(names: Sequence[str], named: Places) -> Locations:
    """Return the places of collections, or of all of them together.

    Raises CommandError for an unknown name, for places that were named too, and for several collections
    of which one has no corpus here.
    """
    if named.corpus_path is not None or named.index_path is not None:
        other = "--corpus" if named.corpus_path is not None else "--index"
        raise CommandError(f"cannot use {other} with -c: a collection has its own places", "leave out one of them")
    known = read_collections(find_registry())
    chosen = {*names, *known} - {ALL} if ALL in names else {*names}
    wanted = _wanted(sorted(chosen), known)
    if len(wanted) == 1:
        [one] = wanted
        return Locations(one.corpus or Path("corpus"), one.index_path, one.corpus is None, tuple(wanted))
    folders = {one.name: one.corpus for one in wanted if one.corpus is not None}
    if lost := [one for one in wanted if one.corpus is None]:
        raise CommandError(
            f"cannot search {lost[0].name} with others: it has no corpus here, only an index",
            typed("papersearch QUERY -c", lost[0].name),
        )
    return Locations(folders, joint_index(list(folders)), collections=tuple(wanted))


def joint_index(names: Sequence[str]) -> Path:
    """Return the place of the index of several collections together."""
    joined = "+".join(sorted(names))
    if len(joined) > _LONGEST:
        joined = f"{len(names)}+{sha256_of(joined.encode())[:16]}"
    return user_folder("data") / _FOLDER / joined


def joint_folders() -> list[Path]:
    """List the indexes of several collections together."""
    folder = user_folder("data") / _FOLDER
    return sorted(one for one in folder.iterdir() if "+" in one.name) if folder.is_dir() else []


def joint_indexes_with(name: str) -> dict[Path, tuple[str, ...]]:
    """Return the indexes of several collections that this one is among, with the names of all in each.

    One that cannot be read is not among them.
    """
    from papersearch.errors import StoredIndexError

    found = {}
    for folder in joint_folders():
        with suppress(StoredIndexError):
            found[folder] = _joint_names(folder)
    return {folder: names for folder, names in found.items() if name in names}


def names_at(index_path: Path) -> tuple[str, ...]:
    """Return the names of the collections whose index this is; () if no collection has it.

    Raises CommandError, and StoredIndexError for an index of several collections that cannot be read.
    """
    known, place = read_collections(find_registry()), index_path.resolve()
    for one in known.values():
        if address_in(one.index_path) is None and one.index_path.resolve() == place:
            return (one.name,)
    return _joint_names(index_path) if place in map(Path.resolve, joint_folders()) else ()


def _joint_names(folder: Path) -> tuple[str, ...]:
    """Return the collections of an index of several; () if it is not at the place of theirs.

    Raises StoredIndexError.
    """
    from papersearch.index.generations import read_manifest

    names = read_manifest(folder, is_reused=True).collections
    return names if joint_index(names).resolve() == folder.resolve() else ()


def _wanted(names: Sequence[str], known: dict[str, NamedCollection]) -> list[NamedCollection]:
    if not known:
        raise CommandError("no collection has a name yet", "papersearch collections add NAME FOLDER")
    for name in names:
        if name not in known:
            said = f"unknown collection {clean_text(name)}: expected {', '.join(known)} or {ALL}"
            raise CommandError(said, "papersearch collections")
    return [known[name] for name in names]


def _collection(name: str, table: Any, folder: Path) -> NamedCollection:
    """Parse one table of the file in `folder`. Raises ValueError if it does not describe a collection."""
    _check_name(name)
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise ValueError(f"expected corpus and index of {name} as texts")
    if unknown := sorted(set(table) - {"corpus", "index"}):
        raise ValueError(f"unknown key {clean_text(unknown[0])} in {name}")
    if not table:
        raise ValueError(f"{name} has neither corpus nor index")
    corpus, index = (typed_path(Path(table[key])) if key in table else None for key in ("corpus", "index"))
    own = index if index is None or address_in(index) is not None else folder / index
    return NamedCollection(
        name,
        folder / corpus if corpus is not None else None,
        own or user_folder("data") / _FOLDER / name,
        own is not None,
    )


def _check_name(name: str) -> None:
    """Raise ValueError unless a collection can have this name: it begins the names of its dumps."""
    if name == ALL:
        raise ValueError(f"{ALL} means every collection")
    if not _NAME.fullmatch(name):
        raise ValueError("expected a name of up to 40 small letters, digits, - and _")


@contextmanager
def _edited(path: Path) -> Iterator[tuple[dict[str, NamedCollection], Any]]:
    """Yield the collections, and the file as a document to change. Raises CommandError."""
    try:
        with edited(path, _read) as found:
            yield found
    except OSError as error:
        said = f"cannot write {path}: {error.strerror or error}"
        raise CommandError(said, "name another file: export PAPERSEARCH_COLLECTIONS=FILE") from error
