"""Locations of the corpus, the index, the saved searches and the marks that a command works on.

A command names them by `--corpus` and `--index`, or by the names of collections. Several collections
have an index of their own, made of the dumps of all of them.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from papersearch.cli.errors import CommandError
from papersearch.cli.output.terminal import typed_path
from papersearch.remote.addresses import address_in

if TYPE_CHECKING:
    from papersearch.cli.registry import NamedCollection
    from papersearch.ingest.corpus_files import Corpus

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


class Places(NamedTuple):
    """Places as they are typed: folders, an address in place of an index, or names of collections."""

    corpus_path: Path | None = None
    index_path: Path | None = None
    collections: tuple[str, ...] = ()

    def as_typed(self) -> list[str]:
        """Return the options that name the index, as far as any did."""
        if self.index_path is not None:
            return ["--index", str(self.index_path)]
        return [part for name in self.collections for part in ("-c", name)]


class Locations(NamedTuple):
    """Folders that a command works on; they need not exist, and the index may have an address in place of one.

    corpus: a folder, or those of several collections by name
    index_is_named: the index was named by an option or a variable, not found by its usual place
    collections: the collections that were named, by name
    """

    corpus: Corpus
    index_path: Path
    index_is_named: bool = False
    collections: tuple[NamedCollection, ...] = ()

    def one_corpus(self) -> Path:
        """Return the folder of the corpus. Raises CommandError for several collections."""
        if isinstance(self.corpus, Path):
            return self.corpus
        raise CommandError("cannot build several collections in parts: they are taken one at a time", "")

    @property
    def corpus_name(self) -> str:
        """The corpus for messages."""
        if isinstance(self.corpus, Path):
            return str(self.corpus)
        *others, last = self.corpus
        return f"the corpus of {', '.join(others)} or {last}"


_UNNAMED = Places()


def find_locations(named: Places = _UNNAMED) -> Locations:
    """Find the corpus and the index, independently of each other, or those of collections.

    Options take precedence, then environment variables, then the project, then the user's data
    folder. The project is the nearest folder at or above the current one with `corpus/` or an index.
    Raises CommandError for collections that are unknown or cannot be searched together.
    """
    if collections := named.collections or _collections_from_environment(named):
        from papersearch.cli.registry import locate

        return locate(collections, named)
    corpus, index = named.corpus_path, named.index_path
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


def _collections_from_environment(named: Places) -> tuple[str, ...]:
    """Return the collections that a variable names, where nothing else names a corpus or an index."""
    others = (
        named.corpus_path,
        named.index_path,
        *map(os.environ.get, ("PAPERSEARCH_CORPUS", "PAPERSEARCH_INDEX")),
    )
    return () if any(others) else tuple(os.environ.get("PAPERSEARCH_COLLECTION", "").replace(",", " ").split())


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
        with suppress(PermissionError):  # a folder above may be closed to this user
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
