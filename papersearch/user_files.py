"""Files that a user keeps or has from elsewhere, read within a bound: they may be anything."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_PLAINLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
"""Flags of a file that is read; O_NONBLOCK keeps a named pipe from blocking."""


def open_regular(path: Path, *, follows_link: bool = True) -> BufferedReader:
    """Open a regular file to read it. Raises OSError, also for a pipe, a device, or a link that is not followed."""
    flags = _PLAINLY if follows_link else _PLAINLY | getattr(os, "O_NOFOLLOW", 0)
    file = open(os.open(path, flags), "rb")  # noqa: SIM115  # open until the caller closes it
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # the file that is really open
        return file
    file.close()
    raise OSError(errno.EINVAL, "it is not a regular file")


def read_bounded(path: Path, most_bytes: int, *, follows_link: bool = True) -> bytes:
    """Return the content of a regular file. Raises OSError, whose `strerror` is the cause, also for more bytes."""
    with open_regular(path, follows_link=follows_link) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes:,} bytes")
    return content
