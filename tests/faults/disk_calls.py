"""Every call of a program that changes a disk, handed to an observer, which makes it or not.

The observers here fail, do other work, or kill the process at a call. The calls are those of `os`, and
the files that `open` opens for writing without a buffer. Any other way to write below the watched folder
is an error.
"""

from __future__ import annotations

import builtins
import io
import os
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from unittest import mock

Observer: TypeAlias = Callable[[str, tuple[Any, ...], dict[str, Any], Callable[[], Any]], Any]
"""Function of a call's name, its arguments, and a function that makes it; it returns the call's result."""

CHANGING = (
    "write", "pwrite", "ftruncate", "fsync", "mkdir", "rmdir", "unlink", "rename", "replace", "link",
)  # fmt: skip

WRITING = ("open", "write", "fsync", "mkdir", "rename", "replace", "link")
"""The calls by which an index is written. The others tidy up, and a failure of theirs is left to the next build."""


@contextmanager
def observed(folder: Path, observe: Observer) -> Iterator[None]:
    """Hand every call that changes a disk to `observe` during the block, and every opening of a file."""
    with ExitStack() as stack:
        for name in ("open", *CHANGING):
            stack.enter_context(mock.patch.object(os, name, _handing(name, getattr(os, name), observe)))
        opening = _opening(folder, io.open)
        stack.enter_context(mock.patch.object(io, "open", opening))
        stack.enter_context(mock.patch.object(builtins, "open", opening))
        yield


def creates(arguments: tuple[Any, ...]) -> bool:
    """Return whether a call of `os.open` with these arguments may make a file."""
    return bool(arguments[1] & os.O_CREAT)


def changes(name: str, arguments: tuple[Any, ...]) -> bool:
    """Return whether an observed call may change the disk."""
    return name != "open" or creates(arguments)


class AtCall:
    """An observer that does work at the nth call of some names that may change the disk, counted from 1.

    nth: None for every call
    halfway: if the call is a write, half of its bytes are written before the work
    after: names of calls after which the work is done, and not before

    An error of the work is one of the call. Calls of the work itself are not observed. `was_done` tells
    whether there was such a call.
    """

    def __init__(
        self,
        nth: int | None,
        work: Callable[[], object],
        names: Collection[str] = ("open", *CHANGING),
        *,
        halfway: bool = False,
        after: Collection[str] = (),
    ) -> None:
        self._nth, self._left = nth, nth or 0
        self._work = work
        self._names = names
        self._halfway = halfway
        self._after = after
        self._is_working = False
        self.was_done = False

    def __call__(
        self, name: str, arguments: tuple[Any, ...], options: dict[str, Any], make: Callable[[], Any]
    ) -> Any:
        """Make the call, and do the work if it is its turn."""
        if self._is_working or name not in self._names or not changes(name, arguments):
            return make()
        self._left -= 1
        if self._nth is not None and self._left != 0:
            return make()
        self.was_done = self._is_working = True
        try:
            if name in self._after:
                result = make()
                self._work()
                return result
            if self._halfway and name == "write":
                _write(arguments[0], arguments[1][: len(arguments[1]) // 2])
            self._work()
        finally:
            self._is_working = False
        return make()


def failing(nth: int, code: int) -> AtCall:
    """Return an observer of whose calls that write an index the nth one fails."""

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    return AtCall(nth, fail, [name for name in WRITING if name != "link"])  # where links fail, files are copied


def dying(nth: int, *, halfway: bool) -> AtCall:
    """Return an observer that kills this process at its nth call that changes a disk."""
    return AtCall(nth, lambda: os.kill(os.getpid(), signal.SIGKILL), halfway=halfway)


_write = os.write  # before anybody observes it


def _handing(name: str, real: Callable[..., Any], observe: Observer) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        return observe(name, arguments, options, lambda: real(*arguments, **options))

    return call


def _opening(folder: Path, real: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function in place of `open` whose unbuffered files write by `os.write`."""

    def opening(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **options: Any) -> Any:
        is_there = not isinstance(file, int) and folder in Path(os.fspath(file)).absolute().parents
        if set(mode) <= set("rbt") or not is_there or options.get("opener"):
            return real(file, mode, buffering, *rest, **options)
        if buffering or mode not in ("w+b", "r+b"):
            raise AssertionError(f"{file} is opened with mode {mode!r}, which nothing records")
        flags = os.O_RDWR | (os.O_CREAT | os.O_TRUNC if mode == "w+b" else 0)
        return _ObservedFile(os.open(file, flags | os.O_CLOEXEC, 0o666), mode)

    return opening


class _ObservedFile(io.FileIO):
    """An unbuffered file whose changes are calls of `os`."""

    def write(self, content: Any) -> int:
        return os.write(self.fileno(), content)

    def truncate(self, size: int | None = None) -> int:
        assert size is not None
        os.ftruncate(self.fileno(), size)
        return size
