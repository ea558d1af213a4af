"""Failures that the fuzzer finds: told apart by what was raised where, made short, and kept in files."""

from __future__ import annotations

import mmap
import resource
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.door import Enter

_FLOOR_S = 1.0
_S_PER_BYTE = 4 / 100_000
"""The bound of CPU is a second for 100 kB; instrumented code takes four times as long."""

_MOST_MB = 300
"""Most memory that one input may take beside what others took before."""

_SHRINKING_S = 20.0
_LENGTH = 8
"""Bytes of the length before the input in work."""


class TooMuchMemory(AssertionError):
    """An input that raised the greatest memory of the process by more than `_MOST_MB`."""


class TooSlow(AssertionError):
    """An input that took more CPU than its length allows, three times in turn."""


def timed(enter: Enter, content: bytes) -> None:
    """Let an input in. Raises TooSlow, TooMuchMemory, and whatever is raised."""
    before = _greatest_mb()
    bound = max(_FLOOR_S, len(content) * _S_PER_BYTE)
    for _ in range(3):
        start = time.process_time()
        enter(content)
        taken = time.process_time() - start
        if (taken_mb := _greatest_mb() - before) > _MOST_MB:
            raise TooMuchMemory(f"{taken_mb} MB for {len(content):,} bytes")
        if taken < bound:
            return
    raise TooSlow(f"{taken:.1f} s for {len(content):,} bytes")


def _greatest_mb() -> int:
    """Return the greatest memory that this process had, on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


class LastInput:
    """The input that is in work, in a mapped file: it outlasts a process that crashes, and costs no write."""

    def __init__(self, path: Path, longest: int) -> None:
        path.write_bytes(bytes(_LENGTH + longest))
        with path.open("r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), 0)

    def keep(self, content: bytes) -> None:
        """Keep an input, as far as there is room."""
        kept = content[: len(self._mapped) - _LENGTH]
        self._mapped[: _LENGTH + len(kept)] = len(kept).to_bytes(_LENGTH, "little") + kept


def last_input(path: Path) -> bytes:
    """Return the input that a process had in work when it ended."""
    written = path.read_bytes()
    return written[_LENGTH:][: int.from_bytes(written[:_LENGTH], "little")]


class Failures:
    """Failures of one door. A failure that is known does not end the fuzzing."""

    def __init__(self, enter: Enter, folder: Path, last: LastInput) -> None:
        self._enter = enter
        self._folder = folder
        self._last = last
        self._known: set[str] = set()

    def enter(self, content: bytes) -> None:
        """Let an input in; write down a failure of a new sort, with a short input that has it."""
        sort = self._sort(content)
        if sort is None or sort in self._known:
            return
        self._known.add(sort)
        path = self._folder / f"{len(self._known)}"
        path.write_bytes(content)  # the process may end while it shortens it
        path.write_bytes(short := shortened(content, lambda cut: self._sort(cut) == sort))
        path.with_suffix(".txt").write_text(f"{sort}\n\n{_report(self._enter, short)}", encoding="utf-8")

    def _sort(self, content: bytes) -> str | None:
        """Return what an input raises, and where; None if it raises nothing."""
        self._last.keep(content)
        try:
            timed(self._enter, content)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a panic of a library in Rust is not an Exception
            return f"{type(error).__name__} at {_place(error)}"
        return None


def shortened(content: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Remove what is not needed for a failure, in pieces that grow shorter, as far as the time allows."""
    end = time.monotonic() + _SHRINKING_S
    size = max(1, len(content) // 2)
    while True:
        at = 0
        while at < len(content) and time.monotonic() < end:
            cut = content[:at] + content[at + size :]
            if fails(cut):
                content = cut
            else:
                at += size
        if size == 1 or time.monotonic() >= end:
            return content
        size //= 2


def _place(error: BaseException) -> str:
    """Return the deepest place in this repository that an error comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/papersearch/" in frame.filename or "/tests/" in frame.filename]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"


def _report(enter: Enter, content: bytes) -> str:
    try:
        timed(enter, content)
    except BaseException:
        return traceback.format_exc(limit=-12)
    return "It did not fail again."
