"""The clipboard: a program of the desktop copies, or tmux, or else the terminal is asked to.

A terminal is asked by an escape sequence, OSC 52, and does not answer: nobody can tell whether it
copied. So people are told what took the text, and never that the terminal has copied it.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import BytesIO, TextIOWrapper
from shutil import which
from typing import NamedTuple, TextIO

from papersearch.cli.errors import CommandError

TERMINAL = "the terminal"
"""Way of a copy that was sent to the terminal."""

_PATIENCE_S = 5
"""Seconds after which a program is ended: one that waits for a display would never end."""

_MOST_BYTES = 74_994
"""Number of bytes up to which terminals take a text: 100,000 characters with the escape sequence."""

_SCREEN_PIECE = 500
"""Number of characters up to which GNU screen keeps a sequence: 768, less a margin."""

_WANTED = "wl-clipboard, xclip or xsel"
_WITHOUT_CLIPBOARD = ("", "dumb", "linux")
"""Values of TERM whose terminals have no clipboard."""


class _Program(NamedTuple):
    """A program that copies its standard input.

    needs: the variable without which it cannot work; empty if there is none
    is_here: it copies on this machine, which is the wrong one after an SSH login
    """

    command: tuple[str, ...]
    needs: str = ""
    is_here: bool = False
    encoding: str = "utf-8"


_PROGRAMS = (
    _Program(("wl-copy", "--type", "text/plain"), needs="WAYLAND_DISPLAY"),
    _Program(("xclip", "-selection", "clipboard"), needs="DISPLAY"),
    _Program(("xsel", "--clipboard", "--input"), needs="DISPLAY"),
    _Program(("pbcopy",), is_here=True),
    _Program(("clip.exe",), is_here=True, encoding="utf-16-le"),
    # With -w, tmux passes the text on to the terminal around it.
    _Program(("tmux", "load-buffer", "-w", "-"), needs="TMUX"),
)


def copy(text: str, send: Callable[[str], None] | None = None) -> str:
    """Copy text, and return what took it: the name of a program, or TERMINAL.

    send: writes an escape sequence on the terminal; by default on standard error or output, whichever
        is a terminal

    Raises CommandError if nothing can.
    """
    faults = []
    for program in filter(_is_of_use, _PROGRAMS):
        fault = _fault_of(program, text)
        if not fault:
            return program.command[0]
        faults.append(f"{program.command[0]} {fault}")
    fault = _fault_of_terminal(text, send or _terminal())
    if not fault:
        return TERMINAL
    said = "; ".join(faults) or "no program that copies was found"
    raise CommandError(f"cannot copy: {said}, and {fault}", f"install {_WANTED}, or print it: leave --copy out")


@contextmanager
def captured() -> Iterator[BytesIO]:
    """Keep what this block prints, which takes the place of standard output for a pipe."""
    output = BytesIO()
    wrapped = TextIOWrapper(output, encoding="utf-8", errors="replace", newline="\n")
    with redirect_stdout(wrapped):
        yield output
        wrapped.flush()
    wrapped.detach()  # else `output` is closed with it


def told(what: str, way: str) -> str:
    """Say what was copied, and by what."""
    return f"{what} sent to the terminal" if way == TERMINAL else f"{what} copied by {way}"


def _is_of_use(program: _Program) -> bool:
    if program.needs and not os.environ.get(program.needs):
        return False
    if program.is_here and any(map(os.environ.get, ("SSH_CONNECTION", "SSH_TTY"))):
        return False
    return which(program.command[0]) is not None


def _fault_of(program: _Program, text: str) -> str:
    """Run a program that copies; return why it did not, if so.

    Such a program goes on in the background, until another text is copied. So it shares neither a
    stream with this command, for whose end a pipe waits, nor a session, which ends with the terminal.
    """
    try:
        ended = subprocess.run(  # noqa: S603  # the command is fixed, and the text is its input
            program.command,
            input=text.encode(program.encoding, "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_CTYPE": "UTF-8"} if program.command == ("pbcopy",) else None,
            start_new_session=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {_PATIENCE_S} seconds"
    except OSError as error:
        return f"did not start: {error.strerror}"
    return f"ended with {ended.returncode}" if ended.returncode else ""


def _fault_of_terminal(text: str, send: Callable[[str], None] | None) -> str:
    """Ask the terminal to copy; return why it cannot be asked, if so."""
    written = text.encode("utf-8", "replace")
    if send is None:
        return "neither standard error nor standard output is a terminal"
    if os.environ.get("TERM", "") in _WITHOUT_CLIPBOARD:
        return "the terminal has no clipboard"
    if len(written) > _MOST_BYTES:
        return f"the text has {len(written):,} bytes, of which terminals take {_MOST_BYTES:,}"
    try:
        send(_sequence(base64.b64encode(written).decode()))
    except OSError as error:
        return f"the terminal does not answer: {error.strerror or error}"
    return ""


def _sequence(encoded: str) -> str:
    """Return the escape sequence; screen passes on what is wrapped for it, in short pieces."""
    whole = f"\x1b]52;c;{encoded}\x07"
    if not os.environ.get("STY"):
        return whole
    pieces = (whole[start : start + _SCREEN_PIECE] for start in range(0, len(whole), _SCREEN_PIECE))
    return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)


def _terminal() -> Callable[[str], None] | None:
    """Return what writes on standard error or output, whichever is a terminal; None if neither is."""
    for stream in (sys.stderr, sys.stdout):
        with suppress(AttributeError, ValueError):  # it may be closed
            if stream.isatty():
                return _writing_on(stream)
    return None


def _writing_on(stream: TextIO) -> Callable[[str], None]:
    def write(sequence: str) -> None:
        stream.write(sequence)
        stream.flush()

    return write
