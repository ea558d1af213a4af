"""Whole records and other prose for people: long lines are wrapped at a width that is read with ease."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from papersearch.cli.output.table import marks_line, write
from papersearch.cli.output.terminal import FAINT, LINK, TITLE, is_unlimited
from papersearch.text.amounts import amount
from papersearch.text.cleaning import clean_text
from papersearch.types import Paper

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.cli.output.marked import Marked


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHOWN_AUTHORS = 8
_PROSE_WIDTH = 100
"""Longest line of prose, however wide the terminal is."""


def print_papers(console: Console, papers: Sequence[Paper], marked: Marked | None = None) -> None:
    """Print whole records: title, facts, abstract, links, the lines of the dumps, when each came, and marks."""
    from papersearch.clock import local_day  # no query prints it

    for number, paper in enumerate(papers):
        lines = [Text()] if number else []
        lines.append(Text(clean_text(paper.title or paper.paper_id), style=TITLE))
        facts = facts_of(paper)
        if facts:
            lines.append(Text(" · ".join(facts), style=FAINT))
        lines += [Text(), Text(clean_text(paper.abstract))] if paper.abstract else []
        lines.append(Text())
        lines += [Text(keywords_line(paper), style=FAINT)] if paper.categories else []
        lines += [Text(clean_text(link), style=LINK) for link in addresses_in(paper)]
        places = (f"{place.dump}:{place.first_line}-{place.last_line}" for place in paper.provenance)
        lines += [Text(clean_text(place), style=FAINT) for place in places]
        lines += [Text(f"added {local_day(paper.added)}", style=FAINT)] if paper.added else []
        lines.append(Text(f"id {clean_text(paper.paper_id)}", style=FAINT))
        mark = marked.of(paper) if marked else None
        lines += [Text(line)] if (line := marks_line(mark)) else []
        lines += [Text(f"note: {clean_text(mark.note)}")] if mark and mark.note else []
        write(console, Text("\n").join(lines), None if is_unlimited(console) else _PROSE_WIDTH)


def print_paragraphs(console: Console, paragraphs: Sequence[str]) -> None:
    """Print paragraphs of prose, with a blank line between them."""
    lines = Text("\n\n").join(Text(clean_text(paragraph)) for paragraph in paragraphs)
    write(console, lines, None if is_unlimited(console) else _PROSE_WIDTH)


def facts_of(paper: Paper) -> list[str]:
    """List the known facts of a paper besides its texts."""
    facts = []
    if paper.year is not None:
        facts.append(known_date(paper) + (" (year inferred)" if paper.year_inferred else ""))
    if paper.organisation:
        facts.append(clean_text(paper.organisation.name))
    if paper.authors:
        others = len(paper.authors) - _SHOWN_AUTHORS
        facts.append(", ".join(paper.authors[:_SHOWN_AUTHORS]) + (f" and {others} more" if others > 0 else ""))
    elif paper.author_count is not None:
        facts.append(amount(paper.author_count, "author"))
    if paper.upvotes is not None:
        facts.append(amount(paper.upvotes, "upvote"))
    if paper.comment_count is not None:
        facts.append(amount(paper.comment_count, "comment"))
    if publication := _publication(paper):
        facts.append(publication)
    facts += [f"arXiv:{paper.arxiv_id}"] if paper.arxiv_id else []
    facts += [f"doi:{paper.doi}"] if paper.doi else []
    return [clean_text(fact) for fact in facts]


def known_date(paper: Paper) -> str:
    """Return what is known of the date: 2026-04-02, Apr 2026 or 2026; a dash if nothing is."""
    if paper.year is None:
        return "—"
    return paper.date or (f"{_MONTHS[paper.month - 1]} {paper.year}" if paper.month else str(paper.year))


def keywords_line(paper: Paper) -> str:
    """List the keywords of a paper."""
    return clean_text(f"keywords: {'; '.join(paper.categories)}")


def addresses_in(paper: Paper) -> list[str]:
    """Return the links of a paper, after its own address."""
    return list(dict.fromkeys([*filter(None, (paper.url,)), *paper.links]))


def _publication(paper: Paper) -> str:
    """Write venue, volume, issue, pages and publisher, as far as they are known."""
    parts = [paper.venue or ""]
    named = (("vol.", paper.volume), ("no.", paper.issue), ("pp.", paper.pages))
    parts += [f"{name} {value}" for name, value in named if value]
    parts.append(paper.publisher or "")
    return ", ".join(filter(None, parts))
