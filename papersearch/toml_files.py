"""TOML files that belong to the user: read within a bound, and changed with comments and order kept."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from papersearch.index.files import replace_file
from papersearch.index.locking import alone
from papersearch.user_files import read_bounded

_Known = TypeVar("_Known")

_MAX_BYTES = 1 << 20


class TomlFile(NamedTuple):
    """The content of a file: its text, line ends included, and its tables."""

    text: str
    tables: dict[str, Any]


def read_toml(path: Path) -> TomlFile:
    """Read a file. Raises OSError, and ValueError or RecursionError if it is not TOML."""
    text = read_bounded(path, _MAX_BYTES).decode("utf-8")
    return TomlFile(text, tomllib.loads(text))


@contextmanager
def edited(path: Path, read: Callable[[Path], tuple[_Known, str]]) -> Iterator[tuple[_Known, Any]]:
    """Yield what is known of a file, and the file as a document to change; then replace it in one step.

    read: returns what the file says, and its text

    Other processes that change files of the folder wait. An exception inside the `with` block leaves the
    file as it was. Raises OSError, and what `read` raises.
    """
    import tomlkit

    target = Path(os.path.realpath(path))  # a user may keep the file elsewhere and link to it
    target.parent.mkdir(parents=True, exist_ok=True)
    with alone(target.parent):
        known, text = read(path)
        document = tomlkit.parse(text)
        yield known, document
        replace_file(target, tomlkit.dumps(document).encode())
