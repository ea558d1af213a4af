"""Worker processes that analyse chunks of a corpus, and how one talks to them.

A worker is this Python again, started plainly with the modules' places of this process: it
needs no `__main__` that can be imported twice, and no fork of a process that has threads. It
reads requests from its standard input and ends with it. Frames are JSON for text and plain
bytes for numbers; nothing that is received is executed.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import orjson

from papersearch.lexical.chunks import AnalysedChunk, Analyst, Summary
from papersearch.lexical.inverting import Block
from papersearch.processes import n_cores

if TYPE_CHECKING:
    from papersearch.types import DocIndices

_MOST_WORKERS = 3
"""Each has the words of the whole corpus in memory, and putting together what they bring is the
work of one."""

_FRAME = b"papers 1"
"""What a frame begins with, so that nothing else is taken for one."""

_START = "import sys; sys.path[:] = sys.argv[1:]; from papersearch.lexical.workers import serve; serve()"

LOST = (OSError, EOFError, ValueError, TypeError)
"""What talking to a worker raises when it has ended, or says what no worker says."""


def n_spare_processors() -> int:
    """How many workers this process may well have beside itself."""
    if getattr(sys, "frozen", False) or not Path(sys.executable or "").name.lower().startswith(("python", "pypy")):
        return 0  # a program that only contains Python: starting it again would do anything
    return min(n_cores() - 1, _MOST_WORKERS)


class Worker:
    """A worker process. Its methods raise what `LOST` has; `kill` can be called from anywhere."""

    def __init__(self) -> None:
        places = [place for place in sys.path if Path(place).is_absolute()]
        home = str(Path(__file__).parents[2])
        self._process = subprocess.Popen(  # noqa: S603  # this Python and our own module
            # Isolated: neither the current folder nor the environment says what is imported.
            [sys.executable, "-I", "-c", _START, *places, *([] if home in places else [home])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Not of the terminal's group: an interrupt is for the build, which ends its workers.
            process_group=0 if os.name == "posix" else None,
        )

    def analyse(self, texts: Sequence[str], title_lengths: Sequence[int]) -> AnalysedChunk:
        """As `Analyst.analyse`."""
        *numbers, definitions = self._ask(orjson.dumps(texts), orjson.dumps(title_lengths))
        arrays = [np.frombuffer(part, dtype=np.uint32) for part in numbers]
        counts = {(short, long): n_papers for short, long, n_papers in orjson.loads(definitions)}
        return AnalysedChunk(Block(*arrays[:-1]), arrays[-1], Counter(counts))

    def summary(self) -> Summary:
        """As `Analyst.summary`."""
        terms, spellings = self._ask()
        return Summary(orjson.loads(terms), orjson.loads(spellings))

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()

    def close(self) -> None:
        """Wait until it has ended; nobody talks to it any more."""
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        self._process.wait()

    def _ask(self, *parts: bytes) -> list[bytes]:
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError
        _send(self._process.stdin, parts)
        return _receive(self._process.stdout)


def serve() -> None:
    """What a worker does until its standard input ends."""
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    analyst = Analyst()
    with suppress(*LOST):
        while True:
            request = _receive(requests)
            if request:
                texts, title_lengths = map(orjson.loads, request)
                block, title_positions, definitions = analyst.analyse(texts, title_lengths)
                numbers = [_bytes_of(array) for array in (*block, title_positions)]
                counts = [(*pair, n_papers) for pair, n_papers in definitions.items()]
                _send(replies, [*numbers, orjson.dumps(counts)])
            else:
                _send(replies, list(map(orjson.dumps, analyst.summary())))


def _bytes_of(array: DocIndices) -> bytes:
    return np.ascontiguousarray(array, dtype=np.uint32).tobytes()


def _send(stream: IO[bytes], parts: Sequence[bytes]) -> None:
    """A frame: its mark, the number of its parts, their lengths, the parts."""
    stream.write(_FRAME + struct.pack(f"<{1 + len(parts)}Q", len(parts), *map(len, parts)))
    for part in parts:
        stream.write(part)
    stream.flush()


def _receive(stream: IO[bytes]) -> list[bytes]:
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
