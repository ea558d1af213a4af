"""Near-duplicates of a whole collection, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from papersearch.cli.output.paper_line import paper_line
from papersearch.cli.output.table import write
from papersearch.cli.output.terminal import FAINT, TITLE, ending_of
from papersearch.text.amounts import amount

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.types import NearDuplicates

_LIKENESS = 6
"""Columns of a likeness, with the blanks behind it."""


def print_near_duplicates(console: Console, found: NearDuplicates, n_papers: int) -> None:
    """Print a paragraph for each group, and a line for each of its papers: id, likeness, year and title."""
    lines = [Text.assemble(("Near-duplicates", TITLE), "  ", (_counted(found, n_papers), FAINT))]
    for group in found.groups:
        lines += [Text(), paper_line(group[0].short_id, group[0], " " * _LIKENESS)]
        lines += [paper_line(paper.short_id, paper, f"{paper.likeness:<{_LIKENESS}.2f}") for paper in group[1:]]
    for line in lines:
        line.truncate(console.width, overflow=ending_of(console))
    write(console, Text("\n").join(lines))


def _counted(found: NearDuplicates, n_papers: int) -> str:
    n_groups, n_found = len(found.groups), sum(map(len, found.groups))
    groups = f"{amount(n_groups, 'group')} of {amount(n_found, 'paper')}" if n_groups else "none"
    if found.n_compared == n_papers:
        return f"{groups}, among {n_papers:,}"
    return f"{groups}, among the {found.n_compared:,} of {n_papers:,} papers that are encoded"
