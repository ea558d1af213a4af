"""Pieces of work done by several processes at once, their results in order.

By forking: what a process has opened, its copies have too, so that nothing is loaded twice or
sent to them. Only for processes without threads, which a copy would lack.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NoReturn, TypeVar

_Part = TypeVar("_Part")
_Work = Callable[[_Part], bytes]

_LENGTH_BYTES = 8


def n_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def n_copies() -> int:
    """How many processes `in_order` does well to use: 1 where a process cannot be copied safely."""
    return n_cores() if sys.platform == "linux" else 1


def in_order(work: _Work[_Part], parts: Sequence[_Part], n_processes: int) -> Iterator[bytes]:
    """What `work` gives for each of `parts`, in their order.

    A process that ends early, for whatever reason, costs time only: what it had still to do is
    done here, and what is raised there is raised here.
    """
    n_processes = min(n_processes, len(parts))
    if n_processes < 2:
        yield from map(work, parts)
        return
    workers: list[tuple[int, BinaryIO]] = []
    try:
        for number in range(n_processes):
            workers.append(_start(work, parts[number::n_processes], [stream for _, stream in workers]))
        for number, part in enumerate(parts):
            result = _read(workers[number % n_processes][1])
            yield work(part) if result is None else result
    finally:
        for pid, stream in workers:
            stream.close()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _start(work: _Work[_Part], parts: Sequence[_Part], inherited: Sequence[BinaryIO]) -> tuple[int, BinaryIO]:
    """A process that works on `parts`, and what it writes. It closes what it has `inherited` of
    others, which would wait for a reader for ever otherwise."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        for stream in inherited:
            stream.close()
        _work_and_end(work, parts, writing)
    os.close(writing)
    return pid, os.fdopen(reading, "rb")


def _work_and_end(work: _Work[_Part], parts: Sequence[_Part], writing: int) -> NoReturn:
    """The whole life of a copy. It says nothing: whoever reads does again what is missing."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with os.fdopen(writing, "wb") as stream:
            for part in parts:
                result = work(part)
                stream.write(len(result).to_bytes(_LENGTH_BYTES, "little"))
                stream.write(result)
                stream.flush()
    finally:
        os._exit(0)  # past the buffers and the exit handlers of the process it is a copy of


def _read(stream: BinaryIO) -> bytes | None:
    """The next result; None when there is no whole one."""
    header = stream.read(_LENGTH_BYTES)
    length = int.from_bytes(header, "little")
    result = stream.read(length) if len(header) == _LENGTH_BYTES else b""
    return result if len(header) == _LENGTH_BYTES and len(result) == length else None
