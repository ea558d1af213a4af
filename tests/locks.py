"""File systems without locks, and work that happens in the middle of a build."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from papersearch.index import files

WRITING = ("open", "write", "fsync", "mkdir", "rename", "replace", "link")


class NoLocks:
    """The module `fcntl` on a file system without locks, or on one whose locks do nothing."""

    LOCK_SH, LOCK_EX, LOCK_NB = 1, 2, 4

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent

    def flock(self, descriptor: int, operation: int) -> None:
        if not self._is_silent:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


class _Interrupting:
    """`os`, of which every call that writes does something else first."""

    def __init__(self, before_write: Callable[[], object]) -> None:
        self._before_write = before_write

    def __getattr__(self, name: str) -> Any:
        if name in WRITING:
            self._before_write()
        return getattr(os, name)


@contextmanager
def before_every_write(work: Callable[[], object]) -> Iterator[None]:
    """Let `work` be done before each call by which a build writes."""
    files.os = _Interrupting(work)  # type: ignore[assignment]  # in place of the module
    try:
        yield
    finally:
        files.os = os


@contextmanager
def before_write(nth: int, work: Callable[[], object]) -> Iterator[Callable[[], bool]]:
    """Let `work` be done before the nth call by which a build writes; yield what tells whether it was."""
    left = nth

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            files.os = os
            work()

    with before_every_write(count):
        yield lambda: left <= 0
