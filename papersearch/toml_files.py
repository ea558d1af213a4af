"""TOML files that belong to the user: read within a bound, and changed with comments and order kept."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from papersearch.index.files import replace_file
from papersearch.user_files import read_bounded

_MAX_BYTES = 1 << 20


def read_tables(path: Path) -> dict[str, Any]:
    """Return the content of a file. Raises OSError, and ValueError or RecursionError if it is not TOML."""
    return tomllib.loads(read_bounded(path, _MAX_BYTES).decode("utf-8"))


@contextmanager
def edited(path: Path) -> Iterator[Any]:
    """Yield a file as a document to change; on success replace the file in one step. Raises OSError.

    An exception inside the `with` block leaves the file as it was.
    """
    import tomlkit

    document = tomlkit.parse(path.read_text("utf-8") if path.exists() else "")
    yield document
    path.parent.mkdir(parents=True, exist_ok=True)
    # A user may keep the file elsewhere and link to it: replace the target, not the link.
    replace_file(Path(os.path.realpath(path)), tomlkit.dumps(document).encode())
