"""Near-duplicates of a whole collection, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from papersearch.cli.output.table import write
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.types import NearDuplicate, NearDuplicates

_FAINT = "dim"
_ID = "cyan"
_MARGIN = "  "


def print_near_duplicates(console: Console, found: NearDuplicates, n_papers: int) -> None:
    """Print a paragraph for each group, and a line for each of its papers: id, likeness, year and title."""
    ascii_only = not (console.encoding or "").lower().startswith("utf")
    width = max((len(paper.short_id) for group in found.groups for paper in group), default=0)
    lines = [Text.assemble(("Near-duplicates", "bold"), "  ", (_counted(found, n_papers), _FAINT))]
    for group in found.groups:
        lines += [Text(), *(_line(paper, width, is_first=paper is group[0]) for paper in group)]
    for line in lines:
        line.truncate(console.width, overflow="crop" if ascii_only else "ellipsis")
    write(console, Text("\n").join(lines))


def _counted(found: NearDuplicates, n_papers: int) -> str:
    n_groups, n_found = len(found.groups), sum(map(len, found.groups))
    groups = f"{n_groups:,} group{'' if n_groups == 1 else 's'} of {n_found:,} papers" if n_groups else "none"
    if found.n_compared == n_papers:
        return f"{groups}, among {n_papers:,}"
    return f"{groups}, among the {found.n_compared:,} of {n_papers:,} papers that are encoded"


def _line(paper: NearDuplicate, width: int, *, is_first: bool) -> Text:
    likeness = "" if is_first else f"{paper.likeness:.2f}"
    year = "" if paper.year is None else str(paper.year)
    title = clean_text(paper.title) or clean_text(paper.paper_id)
    short_id = clean_text(paper.short_id).ljust(width)
    return Text.assemble(_MARGIN, (short_id, _ID), f"  {likeness:4}  ", (f"{year:4}  ", _FAINT), title)
