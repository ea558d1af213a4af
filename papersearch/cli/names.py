"""Names of papers as they are typed, or read from standard input."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from papersearch.cli.output.terminal import typed_text

if TYPE_CHECKING:
    from papersearch.api import Index

_MAX_INPUT_BYTES = 1 << 20
"""Limit of names, or of an abstract, on standard input."""


def read_names(opened: Index, names: Sequence[str]) -> tuple[list[str], str | None]:
    """Return names as typed, with `-` replaced by the lines of standard input.

    If the first line of standard input names no paper, all lines are returned as one text.
    """
    from papersearch.errors import AmbiguousPaper, PaperLookupError

    found: list[str] = []
    text = None
    for name in names:
        if name != "-":
            found.append(typed_text(name))
            continue
        read = sys.stdin.buffer.read(_MAX_INPUT_BYTES).decode("utf-8", "replace")
        lines = [_name_in(line) for line in read.splitlines() if line.strip()]
        try:
            if lines:
                opened.paper(lines[0])
            found += lines
        except AmbiguousPaper:
            raise
        except PaperLookupError:
            text = read
    return found, text


def read_ids(opened: Index, names: Sequence[str], place: str = "-") -> list[str]:
    """Return names as typed, or raise an error for a text on standard input; it names the input `place`."""
    found, text = read_names(opened, names)
    if text is not None:
        raise typer.BadParameter("expected ids or titles on standard input, one a line", param_hint=place)
    return found


def _name_in(line: str) -> str:
    """Return the id of a plain line of results or of an item of Markdown, or any other line whole."""
    if "<!--" in line:
        from papersearch.cli.output.exports.markdown import id_in

        line = id_in(line) or line
    row = line.split("\t")
    return (row[2] if len(row) > 3 and row[0].isdigit() else line).strip()
