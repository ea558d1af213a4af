"""A line for a paper in a list that is not an answer: short id, year and title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from papersearch.cli.output.terminal import FAINT, ID
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from papersearch.types import NearDuplicate, Paper


def paper_line(short_id: str, paper: Paper | NearDuplicate, beside: str = "") -> Text:
    """Lay out a paper; `beside` is said of it behind its id."""
    year = "" if paper.year is None else str(paper.year)
    title = clean_text(paper.title) or clean_text(paper.paper_id)
    return Text.assemble("  ", (clean_text(short_id), ID), f"  {beside}", (f"{year:4}  ", FAINT), title)
