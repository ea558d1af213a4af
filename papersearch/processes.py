"""Worker processes, and the protocol between them and a program.

A worker is a Python process that runs one function of the package, its service. Builds, `batch` and
`eval` use the same workers; `docs/decisions/processes.md` says why no library provides them. A
worker is not forked, because the program may have threads. It does not import `__main__`, which
may lack an import guard. It reads requests from standard input and exits at its end. Messages are
frames of bytes. Services decode JSON and arrays from them; no code is received.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Semaphore
from typing import IO, Any, Generic, TypeVar

_Part = TypeVar("_Part")
_Result = TypeVar("_Result")

Answer = Callable[[list[bytes]], list[bytes]]
"""Function from a request to its reply, both in parts. An exception ends the worker."""

Service = Callable[..., Answer]
"""Function called once in the worker, with the arguments (bytes) of `Worker`."""

LOST = (OSError, EOFError, ValueError, TypeError)
"""Errors of calls to a worker that has ended or sent a malformed frame."""

_FRAME = b"papers 1"
"""First bytes of every frame, which tell it from other output."""

_START = """
import sys
folder, service, *sys.path = sys.argv[1:]
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("papersearch", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["papersearch"] = package = module_from_spec(spec)
spec.loader.exec_module(package)
from papersearch.processes import serve
serve(service)
"""
"""The program of a worker. It loads the package from the folder from which its parent loaded it:
another version may be installed, and the folder above may have unrelated modules."""

_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "BLIS")} | {
    "VECLIB_MAXIMUM_THREADS": "1"
}
"""Environment of a worker: there is a process for each core, and more threads would only wait. The
order of summation in a product, and so its last digits, depend on the number of threads."""

_AHEAD = 3
"""Parts per process that may be done before their turn. With more, memory would grow while the
reader is slow."""


def n_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def n_spare_processors() -> int:
    """Count the processors left for workers beside this process."""
    if getattr(sys, "frozen", False) or not Path(sys.executable or "").name.lower().startswith(("python", "pypy")):
        return 0  # a program that embeds Python: its executable does not run Python code
    return n_cores() - 1


def place_of(function: Callable[..., Any]) -> str:
    """Name a module's function as `module:function`."""
    return f"{function.__module__}:{function.__qualname__}"


def function_at(place: str) -> Any:
    """Import the function that `place_of` names."""
    module, function = place.split(":")
    return getattr(import_module(module), function)


class Worker:
    """A worker process that runs `service(*arguments)`. Its methods raise `LOST`."""

    def __init__(self, service: Service, *arguments: bytes) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # this Python and the package's own module
            # Isolated: neither the current folder nor the environment affects imports.
            [
                *(sys.executable, "-I", "-c", _START, str(Path(__file__).parent), place_of(service)),
                *(folder for folder in sys.path if Path(folder).is_absolute()),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ONE_THREAD,
            # Not in the terminal's process group: Ctrl-C interrupts this process, which ends its workers.
            process_group=0 if os.name == "posix" else None,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        with suppress(OSError):  # the first request to a worker that has ended raises anyway
            self.send(*arguments)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ask(self, *parts: bytes) -> list[bytes]:
        """Send a request and wait for the reply."""
        self.send(*parts)
        return self.receive()

    def send(self, *parts: bytes) -> None:
        """Send a request. Receive its reply before you send another large one: the pipes may fill."""
        if self._process.stdin is None:
            raise EOFError
        _send(self._process.stdin, parts)

    def receive(self) -> list[bytes]:
        """Wait for the reply to the oldest request without one."""
        if self._process.stdout is None:
            raise EOFError
        return _receive(self._process.stdout)

    def kill(self) -> None:
        """Kill the process, from any thread; a thread that waits for its reply gets `LOST`."""
        self._process.kill()

    def close(self) -> None:
        """Kill the process and wait for its end. No other thread may use the worker meanwhile."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        self._process.wait()


@contextmanager
def employed(service: Service, n_workers: int, *arguments: bytes) -> Iterator[list[Worker]]:
    """Start workers, fewer if the system refuses, and end them on leaving."""
    with ExitStack() as stack:
        workers: list[Worker] = []
        for _ in range(n_workers):
            try:
                workers.append(Worker(service, *arguments))
            except OSError:  # for instance too little memory: continue with fewer workers
                break
            stack.callback(workers[-1].close)
        yield workers


def in_order(
    parts: Sequence[_Part],
    here: Callable[[_Part], _Result],
    workers: Sequence[Worker],
    there: Callable[[Worker, _Part], _Result],
) -> Generator[_Result]:
    """Yield the result of each part in order, from `here(part)` or `there(worker, part)`.

    This process computes parts too, whenever the next result is not ready. If a worker is lost,
    `here` computes its unfinished part. An exception of `here` is raised at the turn of its part.
    Leaving early ends the workers.
    """
    if not workers:
        yield from map(here, parts)
        return
    shared: _InOrder[_Part, _Result] = _InOrder(parts, _AHEAD * (1 + len(workers)))
    with shared.given_to(workers, there):
        for number, part in enumerate(parts):
            shared.work_until(number, here)
            result = shared.result_of(number) or [here(part)]
            yield result[0]


class _Parts(ABC, Generic[_Part, _Result]):
    """Parts that several threads take one by one.

    At most `n_ahead` parts are taken before the reader has read their results. A result is a list
    of one element, or an empty list if a worker was lost.
    """

    def __init__(self, parts: Sequence[_Part], n_ahead: int) -> None:
        self._parts = parts
        self._waiting = iter(range(len(parts)))  # taking the next is atomic in CPython
        self._room = Semaphore(n_ahead)

    @abstractmethod
    def put(self, number: int, result: list[_Result]) -> None:
        """Hand over the result of part `number`, from any thread."""

    @contextmanager
    def given_to(self, workers: Sequence[Worker], there: Callable[[Worker, _Part], _Result]) -> Iterator[None]:
        """Give parts to workers meanwhile, each in a thread of its own; leaving early ends the workers."""
        threads = ThreadPoolExecutor(len(workers))
        try:
            for worker in workers:
                threads.submit(self._employ, worker, there)
            yield
        except BaseException:
            for worker in workers:
                worker.kill()
            raise
        finally:
            self._end(len(workers))
            threads.shutdown()

    def free(self) -> None:
        """Let another part be taken, since the reader has read a result."""
        self._room.release()

    def _employ(self, worker: Worker, there: Callable[[Worker, _Part], _Result]) -> None:
        """Give parts to a worker until none is left, or the worker is lost."""
        while (number := self._take(wait=True)) is not None:
            try:
                result = [there(worker, self._parts[number])]
            except Exception:  # of any kind: the reader would wait forever for a part without a result
                self.put(number, [])
                worker.close()
                return
            self.put(number, result)

    def _end(self, n_threads: int) -> None:
        """Remove all parts that are left, and wake the threads that wait for one."""
        for _ in self._waiting:
            pass
        self._room.release(n_threads)

    def _take(self, *, wait: bool) -> int | None:
        """Take the number of the next part; return None if no part is left, or none may be taken yet."""
        return next(self._waiting, None) if self._room.acquire(blocking=wait) else None


class _InOrder(_Parts[_Part, _Result]):
    """Parts whose results are read in order."""

    def __init__(self, parts: Sequence[_Part], n_ahead: int) -> None:
        super().__init__(parts, n_ahead)
        self._results: dict[int, Future[list[_Result]]] = {number: Future() for number in range(len(parts))}

    def put(self, number: int, result: list[_Result]) -> None:
        """Set the result of a part."""
        self._results[number].set_result(result)

    def work_until(self, number: int, here: Callable[[_Part], _Result]) -> None:
        """Compute parts in this thread until part `number` is done, or no part may be taken."""
        while not self._results[number].done() and (taken := self._take(wait=False)) is not None:
            try:
                self._results[taken].set_result([here(self._parts[taken])])
            except Exception as error:
                self._results[taken].set_exception(error)

    def result_of(self, number: int) -> list[_Result]:
        """Wait for the result of part `number`, whose turn it is, and remove it."""
        result = self._results[number].result()
        del self._results[number]
        self.free()
        return result


def as_done(
    parts: Sequence[_Part],
    here: Callable[[_Part], _Result],
    workers: Sequence[Worker],
    there: Callable[[Worker, _Part], _Result],
    *,
    ahead: int = _AHEAD,
) -> Generator[tuple[int, _Result]]:
    """Yield the number and the result of each part as soon as it is done, in any order.

    Like `in_order` otherwise. `ahead` parts per process may be done while the reader is busy.
    """
    if not workers:
        yield from ((number, here(part)) for number, part in enumerate(parts))
        return
    shared: _AsDone[_Part, _Result] = _AsDone(parts, ahead * (1 + len(workers)))
    with shared.given_to(workers, there):
        for _ in parts:
            number, result = shared.next_done(here)
            yield number, result
            shared.free()


class _AsDone(_Parts[_Part, _Result]):
    """Parts whose results are read as they come."""

    def __init__(self, parts: Sequence[_Part], n_ahead: int) -> None:
        super().__init__(parts, n_ahead)
        self._done: SimpleQueue[tuple[int, list[_Result]]] = SimpleQueue()

    def put(self, number: int, result: list[_Result]) -> None:
        """Add a result to the queue."""
        self._done.put((number, result))

    def next_done(self, here: Callable[[_Part], _Result]) -> tuple[int, _Result]:
        """Return a part that is done; compute one in this thread if there is none."""
        try:
            number, result = self._done.get_nowait()
        except Empty:
            own = self._take(wait=False)
            number, result = self._done.get() if own is None else (own, [])
        return number, result[0] if result else here(self._parts[number])


def serve(place: str) -> None:
    """Run the service named `place` until standard input ends. This is a worker's main loop."""
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a print must not break the protocol
    with suppress(EOFError, OSError):
        answer: Answer = function_at(place)(*_receive(requests))
        while True:
            _send(replies, answer(_receive(requests)))


def _send(stream: IO[bytes], parts: Sequence[bytes]) -> None:
    """Write a frame: its mark, the number of its parts, their lengths, the parts."""
    stream.write(_FRAME + struct.pack(f"<{1 + len(parts)}Q", len(parts), *map(len, parts)))
    for part in parts:
        stream.write(part)
    stream.flush()


def _receive(stream: IO[bytes]) -> list[bytes]:
    """Read a frame. Raises EOFError where it is cut short, ValueError where its mark is missing."""
    if _exactly(stream, len(_FRAME)) != _FRAME:
        raise ValueError("not a frame")
    (n_parts,) = struct.unpack("<Q", _exactly(stream, 8))
    lengths = struct.unpack(f"<{n_parts}Q", _exactly(stream, 8 * n_parts))
    return [_exactly(stream, length) for length in lengths]


def _exactly(stream: IO[bytes], length: int) -> bytes:
    found = stream.read(length)
    if len(found) < length:
        raise EOFError
    return found
