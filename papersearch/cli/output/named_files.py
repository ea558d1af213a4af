"""Files that the reader names for the output of a command."""

from __future__ import annotations

import os
from pathlib import Path


def write_named(path: Path, content: bytes) -> None:
    """Replace a file, or the one that it links to, in one step. Raises OSError.

    A pipe or a device has no content to replace, and is written to.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as stream:
            stream.write(content)
        return
    from papersearch.index.files import replace_file

    replace_file(Path(os.path.realpath(path)), content)
