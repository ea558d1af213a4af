"""Files that a user keeps or has from elsewhere, read within a bound: they may be anything."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_PLAINLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
"""Flags of a file that is read; O_NONBLOCK keeps a named pipe from blocking."""

_LEAST_READ = 1 << 20
"""Bytes that are asked for at least: some systems' files have no size."""


def open_regular(path: Path, *, follows_link: bool = True) -> BufferedReader:
    """Open a regular file to read it. Raises OSError, also for a folder, a pipe, or a link that is not followed."""
    flags = _PLAINLY if follows_link else _PLAINLY | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # the file that is really open
            raise OSError(errno.EINVAL, "it is not a regular file")
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bounded(path: Path, most_bytes: int, *, follows_link: bool = True) -> bytes:
    """Return the content of a regular file. Raises OSError, whose `strerror` is the cause, also for more bytes."""
    with open_regular(path, follows_link=follows_link) as file:
        size = max(os.fstat(file.fileno()).st_size, _LEAST_READ)  # memory is taken for all that is asked for
        content = file.read(min(size, most_bytes) + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes:,} bytes")
    return content
