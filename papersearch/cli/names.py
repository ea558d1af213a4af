"""Names of papers as they are typed, or read from standard input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from papersearch.cli.listed_names import names_in, read_standard_input
from papersearch.cli.output.terminal import typed_text

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.errors import PaperLookupError
    from papersearch.types import Paper


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
        read = read_standard_input("-")
        lines = names_in(read)
        try:
            if lines:
                opened.paper(lines[0])
            found += lines
        except AmbiguousPaper:
            raise
        except PaperLookupError:
            text = read.decode("utf-8", "replace")
    return found, text


def read_ids(opened: Index, names: Sequence[str], place: str = "-") -> list[str]:
    """Return names as typed, or raise an error for a text on standard input; it names the input `place`."""
    found, text = read_names(opened, names)
    if text is not None:
        raise _expected_ids(place)
    return found


def find_papers(opened: Index, names: Sequence[str]) -> tuple[list[Paper], list[PaperLookupError]]:
    """Return the papers with these names, and an error for each name on standard input without a paper.

    A lost paper does not cost the others of a reading list. Raises an error for a name as typed, and
    for a list without any paper.
    """
    from papersearch.errors import AmbiguousPaper, PaperLookupError

    papers: list[Paper] = []
    lost: list[PaperLookupError] = []
    for name in names:
        if name != "-":
            papers.append(opened.paper(typed_text(name)))
            continue
        for line in names_in(read_standard_input("-")):
            try:
                papers.append(opened.paper(line))
            except PaperLookupError as error:
                lost.append(error)
    if lost and not papers:
        raise lost[0] if isinstance(lost[0], AmbiguousPaper) else _expected_ids("-")
    return papers, lost


def _expected_ids(place: str) -> typer.BadParameter:
    return typer.BadParameter("expected ids or titles on standard input, one a line", param_hint=place)
