"""File systems without locks, and work that happens in the middle of a build."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Iterator
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
    """`os`, of which every call of these names does something else first, or after it where it renames."""

    def __init__(self, before_write: Callable[[], object], names: Collection[str]) -> None:
        self._before_write = before_write
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            return getattr(os, name)
        if name == "rename":
            return self._rename
        self._before_write()
        return getattr(os, name)

    def _rename(self, *places: Any) -> None:
        os.rename(*places)  # noqa: PTH104  # as `files` calls it
        self._before_write()


@contextmanager
def before_every_write(work: Callable[[], object], names: Collection[str] = WRITING) -> Iterator[None]:
    """Let `work` be done before each call of these names by which a build writes."""
    files.os = _Interrupting(work, names)  # type: ignore[assignment]  # in place of the module
    try:
        yield
    finally:
        files.os = os


@contextmanager
def before_write(
    nth: int, work: Callable[[], object], names: Collection[str] = WRITING
) -> Iterator[Callable[[], bool]]:
    """Let `work` be done before the nth call of these names; yield what tells whether it was."""
    left = nth

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            files.os = os
            work()

    with before_every_write(count, names):
        yield lambda: left <= 0
