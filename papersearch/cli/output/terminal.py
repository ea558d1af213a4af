"""The terminal: whether it takes escapes and links, how wide it is, and a console that respects both."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

if TYPE_CHECKING:
    from rich.console import Console, OverflowMethod

ColorChoice = Literal["auto", "always", "never"]

# The sixteen colours of the terminal's own theme, so that light and dark both work.
TITLE = "bold"
FAINT = "dim"
MATCH = "bold magenta"
BAR = ID = LINK = "cyan"
"""Styles of text, as Rich names them."""

_LINKING_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby"})
_LINKING_VARIABLES = frozenset({"KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM"})
_LINKING_TERMS = frozenset({"xterm-kitty", "alacritty", "foot", "xterm-ghostty"})

UNLIMITED_WIDTH = 1_000_000
"""Width of a pipe: nothing is wrapped or truncated there."""


def escapes_allowed(choice: ColorChoice = "auto") -> bool:
    """Tell whether stdout may carry escapes.

    By default it may on a terminal that is not dumb, unless NO_COLOR is set and not empty.
    """
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def links_shown() -> bool:
    """Tell whether stdout is a terminal known to support hyperlinks (OSC 8); others may print garbage.

    FORCE_HYPERLINK, 0 or 1, decides for terminals that are not known.
    """
    said = os.environ.get("FORCE_HYPERLINK")
    if said is not None or not sys.stdout.isatty():
        return said not in (None, "", "0")
    term = os.environ.get("TERM", "")
    if term.startswith(("screen", "tmux")):  # the terminal around them is unknown
        return False
    version = os.environ.get("VTE_VERSION", "")
    return (
        (version.isdigit() and int(version) >= 5000)
        or os.environ.get("TERM_PROGRAM") in _LINKING_PROGRAMS
        or not _LINKING_VARIABLES.isdisjoint(os.environ)
        or term in _LINKING_TERMS
    )


def in_lines(pieces: Iterable[str], width: int | None) -> list[str]:
    """Join pieces by middle dots, in as many lines as they need: a piece is never cut."""
    from rich.cells import cell_len

    lines: list[str] = []
    for piece in pieces:
        longer = f"{lines[-1]} · {piece}" if lines else piece
        if lines and (width is None or cell_len(longer) <= width):
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def is_unlimited(console: Console) -> bool:
    """Tell whether a console is a pipe, where nothing is wrapped, cut or padded."""
    return console.width > 10_000


def is_ascii(console: Console) -> bool:
    """Tell whether a console shows no characters but those of ASCII."""
    return not (console.encoding or "").lower().startswith("utf")


def ending_of(console: Console) -> OverflowMethod:
    """Return how a line that is cut ends on a console: by an ellipsis, where it can be shown."""
    return "crop" if is_ascii(console) else "ellipsis"


def speak_utf8() -> None:
    """Make stdout UTF-8 in a pipe; on a terminal keep its encoding, with `?` for other characters."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        if sys.stdout.isatty():
            reconfigure(errors="replace")
        else:
            reconfigure(encoding="utf-8", errors="replace", newline="\n")


def typed_text(argument: str) -> str:
    """Decode a word of the command line as UTF-8, also where the locale is ASCII."""
    return os.fsencode(argument).decode("utf-8", "replace")


def typed_path(path: Path) -> Path:
    """Return a path with the home folder in place of a `~` that the shell left, as in `--index=~/papers`.

    A name such as `~backup`, which belongs to no user, is kept.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _without_no_width() -> Mapping[str, str]:
    """Return the environment without a width or height of zero, which build sandboxes set."""
    unset = [name for name in ("COLUMNS", "LINES") if not os.environ.get(name, "").strip("0 ")]
    return {name: value for name, value in os.environ.items() if name not in unset}


def open_console(choice: ColorChoice) -> Console:
    """Open a Rich console on stdout: as wide as the terminal, unlimited in a pipe."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> NoReturn:
            raise BrokenPipeError

    escapes = escapes_allowed(choice)
    return PipeConsole(
        color_system="standard" if escapes else None,
        force_terminal=escapes,
        no_color=False,
        width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else UNLIMITED_WIDTH,
        _environ=_without_no_width(),
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
    )
