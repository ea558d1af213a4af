"""Locations of the corpus, the index, the saved searches and the marks that a command works on."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from papersearch.cli.errors import CommandError
from papersearch.cli.output.terminal import typed_path
from papersearch.remote.addresses import address_in

MARKS = "marks.jsonl"
"""Name of the file of marks."""

FolderKind = Literal["cache", "config", "data", "state"]
_OF_LINUX: dict[FolderKind, tuple[str, str]] = {
    "cache": ("XDG_CACHE_HOME", ".cache"),
    "config": ("XDG_CONFIG_HOME", ".config"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}
"""The variable that names a folder, and its usual place in the home folder (XDG Base Directory Specification)."""


class Locations(NamedTuple):
    """Folders that a command works on; they need not exist, and the index may have an address in place of one.

    index_is_named: the index was named by an option or a variable, not found by its usual place
    """

    corpus_path: Path
    index_path: Path
    index_is_named: bool = False


def find_locations(corpus: Path | None, index: Path | None) -> Locations:
    """Find the corpus and the index, independently of each other.

    The option takes precedence, then its environment variable, then the project, then the user's data
    folder. The project is the nearest folder at or above the current one with `corpus/` or an index.
    """
    corpus = corpus or _from_environment("PAPERSEARCH_CORPUS")
    index = index or _from_environment("PAPERSEARCH_INDEX")
    if index is not None and address_in(index) is not None:  # no folder here belongs to it
        return Locations(corpus or Path("corpus"), index, index_is_named=True)
    index_is_named = index is not None
    if corpus is None or index is None:
        root = _project(is_needed=index is None) or user_folder("data")
        corpus = corpus or root / "corpus"
        index = index or root / "index"
    return Locations(corpus, index, index_is_named)


def _from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return typed_path(Path(value)) if value else None


def find_searches() -> Path:
    """Find the file of saved searches."""
    from papersearch.saved import FILE  # reads TOML, which no other verb does

    return _of_the_user("PAPERSEARCH_SEARCHES", FILE)


def find_marks() -> Path:
    """Find the file of marks."""
    return _of_the_user("PAPERSEARCH_MARKS", MARKS)


def _of_the_user(variable: str, name: str) -> Path:
    """Find a file of the user's.

    Its environment variable comes first, then the folder of the nearest corpus or index, then the
    user's configuration folder.
    """
    named = _from_environment(variable)
    if named is not None:
        return named
    project = _project()
    if project is not None:
        return project / name
    return user_folder("config") / name


def _project(*, is_needed: bool = True) -> Path | None:
    """Find the nearest folder at or above the current one with a corpus or an index.

    The current folder is returned as a relative path, which keeps messages short. It may have been
    deleted, which matters only if the project is needed.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:
        if not is_needed:
            return None
        hint = "go to another folder, or name the index by its whole path: --index /FOLDER"
        raise CommandError("cannot find the current folder: it was deleted", hint) from None
    from papersearch.index.layout import is_index

    for folder in (here, *here.parents):
        if (folder / "corpus").is_dir() or is_index(folder / "index"):
            return Path() if folder == here else folder
    return None


def user_folder(kind: FolderKind) -> Path:
    """Return the user's folder for caches, configuration, data or state.

    On Linux it is known without platformdirs, whose import takes 7 ms of a query.
    """
    home = Path(os.environ.get("HOME", ""))
    if sys.platform.startswith("linux") and home.is_absolute():
        variable, usual = _OF_LINUX[kind]
        named = Path(os.environ.get(variable, ""))
        return (named if named.is_absolute() else home / usual) / "papersearch"
    import platformdirs

    paths = {
        "cache": platformdirs.user_cache_path,
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "state": platformdirs.user_state_path,
    }
    return paths[kind]("papersearch", appauthor=False)
