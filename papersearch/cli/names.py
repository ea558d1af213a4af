"""Names of papers as they are typed, or read from standard input.

A typed number of up to three digits is that of a result that this terminal has shown last, if there
is one. On standard input it is an id as any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from papersearch.cli.listed_names import names_in, read_standard_input
from papersearch.cli.output.terminal import typed_text

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.errors import PaperLookupError
    from papersearch.types import Paper

_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_LONGEST_NAME = 300
"""Length of a line of standard input from which it is a text in place of a name."""


def read_names(opened: Index, names: Sequence[str]) -> tuple[list[str], str | None]:
    """Return names as typed, with `-` replaced by the lines of standard input.

    If the first line of standard input names no paper, all lines are returned as one text.
    """
    from papersearch.errors import AmbiguousPaper, PaperNotFound

    found: list[str] = []
    text = None
    for name in names:
        if name != "-":
            found.append(typed_name(opened, name))
            continue
        read = read_standard_input("-")
        lines = names_in(read)
        try:
            if lines:
                opened.paper(lines[0])
            found += lines
        except AmbiguousPaper:
            raise
        except PaperNotFound as error:
            if error.identifier is not None and max(map(len, lines)) < _LONGEST_NAME:  # no abstract follows
                raise
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
            papers.append(opened.paper(typed_name(opened, name)))
            continue
        for line in names_in(read_standard_input("-")):
            try:
                papers.append(opened.paper(line))
            except PaperLookupError as error:
                lost.append(error)
    if lost and not papers:
        raise lost[0] if isinstance(lost[0], AmbiguousPaper) else _expected_ids("-")
    return papers, lost


def typed_name(opened: Index, written: str) -> str:
    """Return a name as it is typed, or the id of the result that a number means.

    Raises CommandError for a number that means neither a result nor a paper.
    """
    name = typed_text(written).strip()
    if not _NUMBER.fullmatch(name):
        return name
    from papersearch.cli import last_results

    if last_results.find() is None:
        from papersearch.errors import PaperLookupError

        with suppress(PaperLookupError):
            paper = opened.paper(name)
            if name in (paper.paper_id, paper.citation_key):  # a beginning would be a guess
                return paper.paper_id
    return last_results.id_of(int(name), opened)


def _expected_ids(place: str) -> typer.BadParameter:
    return typer.BadParameter("expected ids or titles on standard input, one a line", param_hint=place)
