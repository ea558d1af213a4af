"""Runs of the command in processes that are forked from one which has imported the libraries.

Starting Python and importing numpy, Typer, Rich and the library take longer than most commands. A
fork does without both, and has arguments, an environment, a folder and pipes of its own. What a
command imports is tested in processes of their own.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

IMPORTED = (
    "hashlib", "numpy.ma", "orjson", "platformdirs.unix", "rich.console", "rich.table", "simsimd", "Stemmer",
    "tomlkit", "typer.main", "typer.completion", "papersearch.api", "papersearch.cli.app", "papersearch.cli.hints",
    "papersearch.cli.last_results", "papersearch.cli.output.exports", "papersearch.cli.output.json_documents",
    "papersearch.cli.output.marked", "papersearch.cli.output.table", "papersearch.cli.saved",
    "papersearch.cli.search", "papersearch.cli.show", "papersearch.dense.bert", "papersearch.dense.late",
    "papersearch.index.build", "papersearch.index.publishing", "papersearch.ingest.reading",
    "papersearch.search.evidence", "papersearch.seen",
)  # fmt: skip
"""What most commands import. None of these modules reads the environment or its arguments when it is imported."""

OF_MAPS = ("openTSNE", "scipy.cluster.hierarchy", "sklearn.cluster")
"""What maps import, which takes a second: it is imported before the first command that draws one is forked."""

READ_AT_START = ("LANG", "LC_", "OPENBLAS_", "PYTHON")
"""Prefixes of variables that Python or a library reads once."""


def read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


class Commands:
    """A process that forks commands."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.commands", str(theirs.fileno())],
                cwd=Path(__file__).parents[1],
                env=environment,
                # Pipes, like those of a fork: Python asks at the start whether a stream can seek.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.communicate()

    def can_run(self, environment: Mapping[str, str]) -> bool:
        """Return whether a fork differs from a process of its own in nothing that `environment` sets."""
        return read_at_start(environment) == read_at_start(self._environment)

    def run(
        self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], stdin: str | None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command and return what `subprocess.run` would, with its output."""
        given, stdin_end = os.pipe()
        stdout_end, written = os.pipe()
        stderr_end, said = os.pipe()
        self.start(arguments, cwd, environment, (given, written, said))
        for descriptor in (given, written, said):
            os.close(descriptor)
        with ThreadPoolExecutor(3) as threads:
            threads.submit(write_all, stdin_end, stdin or "")
            stdout, stderr = threads.map(read_all, (stdout_end, stderr_end))
        return subprocess.CompletedProcess(list(arguments), self.wait(), stdout, stderr)

    def start(
        self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], streams: tuple[int, int, int]
    ) -> None:
        """Start the command with these descriptors as its standard streams; `wait` before the next start."""
        with tempfile.TemporaryFile("w+") as request:
            json.dump([list(arguments), str(cwd), dict(environment)], request)
            request.flush()
            socket.send_fds(self._channel, [b"?"], [*streams, request.fileno()])

    def wait(self) -> int:
        """Return the exit code of the command that was started."""
        return int(self._channel.recv(16))


def write_all(descriptor: int, text: str) -> None:
    """Write and close; a reader may leave early."""
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
    except BrokenPipeError:
        pass


def read_all(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8") as stream:
        return stream.read()


def serve(channel: socket.socket) -> None:
    """Fork for every request; return in the forked process, which is to run the command."""
    for name in IMPORTED:
        importlib.import_module(name)
    while (request := socket.recv_fds(channel, 1, 4))[0]:
        *streams, asked = request[1]
        with open(asked, encoding="utf-8", closefd=False) as stream:
            stream.seek(0)
            arguments, cwd, environment = json.load(stream)
        if not {"--map", "--svg"}.isdisjoint(arguments):
            with suppress(ImportError):
                list(map(importlib.import_module, OF_MAPS))
        if process := os.fork():
            for descriptor in request[1]:
                os.close(descriptor)
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            channel.send(str(code).encode())
            continue
        channel.close()
        os.close(asked)
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
            os.close(descriptor)
        sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]  # as Python does at the start
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv[1:] = arguments
        sys.path[0] = cwd
        return
    sys.exit()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("papersearch", run_name="__main__", alter_sys=True)
