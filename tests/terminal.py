"""A program at a terminal of its own, typed at and read by a test."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

from tests.conftest import PATIENCE_S, command_environment

ROWS, COLUMNS = 50, 160


class Terminal:
    """`command`, started in `folder`."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._seen = ""
        self._file, other_end = pty.openpty()
        fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        # The first terminal that the leader of a session opens is the session's own: no fork of
        # this process is needed, whose threads would not survive it.
        opening = ["sh", "-c", 'exec "$@" <>"$0" >&0 2>&1', os.ttyname(other_end), *command]
        self._program = subprocess.Popen(opening, cwd=folder, env=environment, start_new_session=True)
        os.close(other_end)

    def type(self, keys: str) -> None:
        os.write(self._file, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until `text` has been shown since the last time."""
        end = time.monotonic() + PATIENCE_S
        while text not in self._seen:
            assert time.monotonic() < end, f"{text!r} is not in {self._seen!r}"
            self._read(0.1)
        self._seen = self._seen.split(text, 1)[1]

    def wait_for_end(self) -> int:
        """Read until the program ends; its exit code."""
        end = time.monotonic() + PATIENCE_S
        while (code := self._program.poll()) is None:
            assert time.monotonic() < end, f"it goes on after {self._seen!r}"
            self._read(0.1)
        return code

    def close(self) -> None:
        with suppress(ProcessLookupError):  # what it has started too, which a pipe may keep waiting
            os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()
        os.close(self._file)

    def _read(self, seconds: float) -> bool:
        """Whether something happened within this time."""
        if not select.select([self._file], [], [], seconds)[0]:
            return False
        try:
            shown = os.read(self._file, 1 << 16)
        except OSError:  # how Linux says that nobody is at the other end: none yet, or none any more
            time.sleep(0.01)
            return True
        self._seen += shown.decode("utf-8", "replace")
        return True


def terminal_environment(folder: Path, index_path: Path) -> dict[str, str]:
    """A PATH on which `papersearch` is the one under test, that index, and a plain terminal."""
    shim = folder / "bin" / "papersearch"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m papersearch "$@"\n')
    shim.chmod(0o755)
    return command_environment(
        {
            "PAPERSEARCH_INDEX": str(index_path),
            "PAPERSEARCH_CORPUS": str(folder / "nowhere"),
            "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "PS1": "> ",
        }
    )
