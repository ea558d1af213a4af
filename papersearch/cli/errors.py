"""Errors of the command line itself, and the way an error reaches stderr.

Every verb imports this module. `hints`, which knows all errors of the library, is imported when an
error has occurred.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from papersearch.errors import PapersearchError

EXAMPLE = 'papersearch "pipeline bubbles"'


class CommandError(PapersearchError):
    """An error of the command line alone, with its own hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class BuildInterrupted(KeyboardInterrupt):
    """An interrupt of a build: what is safe, and the command that goes on."""

    def __init__(self, what_is_safe: str, command: str) -> None:
        super().__init__(what_is_safe)
        self.what_is_safe = what_is_safe
        self.command = command


def complain(message: str, hint: str) -> None:
    """Print `papersearch: what failed` and `hint: what to type next` on stderr."""
    from papersearch.text.cleaning import clean_text

    # An error may show a place in the query by a caret below it: indentation is kept.
    lines = [line[: len(line) - len(line.lstrip(" "))] + clean_text(line) for line in message.split("\n")]
    text = _wrapped("papersearch: " + "\n".join(lines))
    if hint:
        text += f"\nhint: {clean_text(hint)}"
    remark(text)


def _wrapped(message: str) -> str:
    """Break a message between words, if stderr is a terminal. A command is not broken: it is to be copied."""
    try:
        width = os.get_terminal_size(sys.stderr.fileno()).columns
    except (AttributeError, OSError, ValueError):  # it is not a terminal, or closed
        return message
    if not width or max(map(len, message.split("\n"))) <= width:
        return message
    import textwrap

    # An indented line has its place below another one.
    return "\n".join(
        line if line.startswith(" ") else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in message.split("\n")
    )


def remark(text: str) -> None:
    """Print text on stderr as it is; its parts from dumps are cleaned by the caller."""
    with suppress(OSError, ValueError):  # the reader of stderr may have gone
        print(text.encode("utf-8", "replace").decode(), file=sys.stderr, flush=True)


def typed(command: str, *arguments: object) -> str:
    """Append `arguments` to a command, quoted for a shell."""
    import shlex

    return " ".join([command, *(shlex.quote(str(argument)) for argument in arguments)])
