"""File systems without locks, for tests and benchmarks."""

from __future__ import annotations

import errno
import os


class NoLocks:
    """The module `fcntl` on a file system without locks, or on one whose locks do nothing."""

    LOCK_SH, LOCK_EX, LOCK_NB = 1, 2, 4

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent

    def flock(self, descriptor: int, operation: int) -> None:
        if not self._is_silent:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
