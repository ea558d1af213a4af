"""Marks as a list: blocks on a terminal, tab-separated lines in a pipe, and fields for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.text import Text

from papersearch.cli.output.table import marks_line, write
from papersearch.cli.output.terminal import FAINT, TITLE
from papersearch.marks.mark import Mark
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from rich.console import Console

_MARGIN = "  "


class ListedMark(NamedTuple):
    """A mark under the present id of its paper, and whether the collection has it; None if that is unknown."""

    mark: Mark
    is_here: bool | None


def fields(listed: ListedMark) -> dict[str, Any]:
    """Return the fields of a mark for JSON."""
    mark = listed.mark
    return {
        "paper_id": mark.paper_id or None,
        "title": mark.title or None,
        "arxiv_id": mark.arxiv_id or None,
        "doi": mark.doi or None,
        "tags": mark.tags,
        "read": mark.is_read,
        "note": mark.note or None,
        "in_collection": listed.is_here,
    }


def row(listed: ListedMark) -> tuple[str, ...]:
    """Return the cells of a line: id, state, tags, title, note."""
    mark = listed.mark
    name = mark.paper_id or mark.arxiv_id or mark.doi or mark.title
    return name, "read" if mark.is_read else "unread", ", ".join(mark.tags), mark.title, mark.note


def print_marks(console: Console, listed: Sequence[ListedMark]) -> None:
    """Print a block for each paper: its title, state and tags, then the note, then the id."""
    if not listed:  # an empty text would be an empty line
        return
    blocks = []
    for each in listed:
        mark = each.mark
        said = marks_line(mark) or ("no marks" if mark.is_empty else "")
        lines = [Text.assemble((clean_text(mark.name), TITLE), (f" ({said})" if said else "", FAINT))]
        note = Text(clean_text(mark.note)).wrap(console, max(console.width - len(_MARGIN), 1)) if mark.note else ()
        lines += [Text(_MARGIN) + line for line in note]
        gone = "  not in this collection" if each.is_here is False else ""
        lines.append(Text(f"{_MARGIN}{clean_text(row(each)[0])}{gone}", style=FAINT))
        blocks.append(Text("\n").join(lines))
    write(console, Text("\n").join(blocks))
