"""Every call of a program that changes a disk, handed to an observer, which makes it or not.

The calls are those of `os`, and the files that `open` opens for writing without a buffer. Any other way
to write below the watched folder is an error.
"""

from __future__ import annotations

import builtins
import io
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from unittest import mock

Observer: TypeAlias = Callable[[str, tuple[Any, ...], dict[str, Any], Callable[[], Any]], Any]
"""Function of a call's name, its arguments, and a function that makes it; it returns the call's result."""

CHANGING = (
    "write", "pwrite", "ftruncate", "fsync", "mkdir", "rmdir", "unlink", "rename", "replace", "link",
)  # fmt: skip


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


def dying(nth: int, *, halfway: bool) -> Observer:
    """Return an observer that kills this process at its nth call that changes a disk, counted from 1.

    halfway: if it is a write, half of the bytes are written first
    """
    numbers = itertools.count(1)

    def observe(name: str, arguments: tuple[Any, ...], options: dict[str, Any], make: Callable[[], Any]) -> Any:
        if (name != "open" or creates(arguments)) and next(numbers) == nth:
            if halfway and name == "write":
                _write(arguments[0], arguments[1][: len(arguments[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return make()

    return observe


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
