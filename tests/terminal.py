"""Pseudo-terminals: what a program shows on one, and a program whose input and output a test controls."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from contextlib import suppress
from pathlib import Path

from tests.conftest import PATIENCE_S, command_environment
from tests.programs import path_with_programs

ROWS, COLUMNS = 50, 160


def open_terminal(columns: int) -> tuple[int, int]:
    """Return both ends of a pseudo-terminal of this width: the test's, and the program's."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    return ours, theirs


def read_to_end(ours: int) -> str:
    """Return what programs show on a terminal until the last of them has closed it, and close this end."""
    pieces: list[bytes] = []
    with suppress(OSError):  # Linux reports the end of a terminal as an error
        while piece := os.read(ours, 1 << 16):
            pieces.append(piece)
    os.close(ours)
    return b"".join(pieces).decode("utf-8").replace("\r\n", "\n")


class Terminal:
    """A pseudo-terminal in which `command` runs, started in `folder`."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._seen = ""
        self._file, other_end = open_terminal(COLUMNS)
        # The first terminal that a session leader opens becomes the session's controlling terminal.
        # So no fork is needed; the threads of this process would not survive one.
        opening = ["sh", "-c", 'exec "$@" <>"$0" >&0 2>&1', os.ttyname(other_end), *command]
        self._program = subprocess.Popen(opening, cwd=folder, env=environment, start_new_session=True)
        os.close(other_end)

    def type(self, keys: str) -> None:
        os.write(self._file, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until `text` is shown after the previously awaited text."""
        end = time.monotonic() + PATIENCE_S
        while text not in self._seen:
            assert time.monotonic() < end, f"{text!r} is not in {self._seen!r}"
            self._read(0.1)
        self._seen = self._seen.split(text, 1)[1]

    def wait_for_end(self) -> int:
        """Read until the program ends; return its exit code."""
        end = time.monotonic() + PATIENCE_S
        while (code := self._program.poll()) is None:
            assert time.monotonic() < end, f"it goes on after {self._seen!r}"
            self._read(0.1)
        return code

    def close(self) -> None:
        with suppress(ProcessLookupError):  # the whole group: a child may still wait at a pipe
            os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()
        os.close(self._file)

    def _read(self, seconds: float) -> bool:
        """Read what appears within this time; return whether anything happened."""
        if not select.select([self._file], [], [], seconds)[0]:
            return False
        try:
            shown = os.read(self._file, 1 << 16)
        except OSError:  # Linux reports that the other end is not open yet, or closed again
            time.sleep(0.01)
            return True
        self._seen += shown.decode("utf-8", "replace")
        return True


def terminal_environment(folder: Path, index_path: Path) -> dict[str, str]:
    """Return an environment with this `papersearch` on PATH, this index and a plain terminal."""
    return command_environment(
        {
            "PAPERSEARCH_INDEX": str(index_path),
            "PAPERSEARCH_CORPUS": str(folder / "nowhere"),
            "PATH": path_with_programs(folder / "bin"),
            "HOME": str(folder),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "PS1": "> ",
        }
    )
