"""Files that a user keeps, read within a bound: they may be anything."""

from __future__ import annotations

import errno
from pathlib import Path


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Return the content of a file. Raises OSError, whose `strerror` is the cause, also for more bytes."""
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes:,} bytes")
    return content
