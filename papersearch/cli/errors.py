"""Errors as a user reads them: what failed, what to type next, and the exit code.

Exit codes: 0 hits, 1 no hits, 2 an error, 130 interrupted.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import typer

from papersearch.errors import PapersearchError
from papersearch.text.cleaning import clean_text

EXIT_HITS = 0
EXIT_NO_HITS = 1
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


def complain(message: str, hint: str) -> None:
    """`papersearch: what failed` and `hint: what to type next`, on stderr."""
    # An error may show a place in the query by a caret below it: indentation is kept.
    lines = [line[: len(line) - len(line.lstrip(" "))] + clean_text(line) for line in message.split("\n")]
    text = "papersearch: " + "\n".join(lines)
    if hint:
        text += f"\nhint: {clean_text(hint)}"
    with suppress(OSError, ValueError):  # nobody may be reading it any more
        print(text.encode("utf-8", "replace").decode(), file=sys.stderr, flush=True)


def explained(error: Exception) -> tuple[str, str]:
    """(what failed, what to type next)."""
    if isinstance(error, PapersearchError):
        return error.message, error.hint
    if isinstance(error, typer.TyperException):
        message = error.format_message().rstrip(".")
        return message[:1].lower() + message[1:], f"{_command_path(error)} --help"
    if isinstance(error, OSError):
        return f"{error.filename or 'input or output'}: {error.strerror or error}", ""
    return (
        f"unexpected {type(error).__name__}: {error}",
        "run the same command with --debug, and report what it prints",
    )


def _command_path(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return getattr(context, "command_path", None) or "papersearch"
