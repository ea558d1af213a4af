"""The terminal at the other end: escapes or not, how wide, and consoles that obey."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal, NoReturn

if TYPE_CHECKING:
    from rich.console import Console

ColorChoice = Literal["auto", "always", "never"]

_UNLIMITED_WIDTH = 1_000_000
"""Columns of a pipe: nothing is ever wrapped or truncated there."""


def escapes_allowed(choice: ColorChoice = "auto") -> bool:
    """Whether stdout may carry escapes: by the option, else on a terminal without NO_COLOR
    (set and not empty) that is not dumb."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def speak_utf8() -> None:
    """Make stdout UTF-8 in a pipe; on a terminal keep its encoding and show what it lacks as `?`."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        if sys.stdout.isatty():
            reconfigure(errors="replace")
        else:
            reconfigure(encoding="utf-8", errors="replace", newline="\n")


def typed_text(argument: str) -> str:
    """A word of the command line as it was typed: UTF-8, also where the locale knows ASCII only."""
    return os.fsencode(argument).decode("utf-8", "replace")


def open_console(choice: ColorChoice) -> Console:
    """A Rich console on stdout: as wide as the terminal, unlimited in a pipe."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> NoReturn:
            raise BrokenPipeError

    escapes = escapes_allowed(choice)
    return PipeConsole(
        color_system="standard" if escapes else None,
        force_terminal=escapes,
        no_color=False,
        width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _UNLIMITED_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
    )
