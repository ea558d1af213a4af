"""Results for people: rank, title, year, a score bar, and the sentence that answers.

Below 110 columns a hit is a block, its evidence under its title; above, it is a row, its
evidence beside it. All text of papers passes `clean_text` and enters Rich as `Text`, so
that it is never read as markup and never reaches the terminal with an escape in it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from papersearch.cleaning import clean_text
from papersearch.types import Hit, Paper, Results, Span

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

# The sixteen colours of the terminal's own theme, so that light and dark both work.
_MATCH = "bold yellow"
_TITLE = "bold"
_FAINT = "dim"
_BAR = "cyan"

_WIDE = 110
_BAR_CELLS = 8
_EVIDENCE_LINES = 2
_RANK_WIDTH = 3
_YEAR_WIDTH = 5
_SCORE_WIDTH = _BAR_CELLS + 6
_PROSE_WIDTH = 100
"""No line of prose is longer, however wide the terminal is."""


def print_results(console: Console, results: Results, n_papers: int) -> None:
    """The whole answer: a heading, the hits, and what to type for more."""
    shown = f"{len(results)} of {results.total} papers" if results.hits else "no papers"
    heading = Table.grid(expand=not _unlimited(console), padding=(0, 2))
    heading.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    heading.add_column(justify="right", no_wrap=True)
    heading.add_row(
        Text(clean_text(results.query), style=_TITLE), Text(f"{results.mode_used} · {shown}", style=_FAINT)
    )
    parts: list[RenderableType] = [heading, Text()]
    if not results.hits:
        parts.append(Text(f"None of the {n_papers} papers has a word of it.", style=_FAINT))
    top = max((hit.score for hit in results), default=0.0)
    ascii_only = not (console.encoding or "").lower().startswith("utf")
    wide = console.width >= _WIDE and not _unlimited(console)
    if wide:
        parts.append(_rows(results.hits, top, console.width, ascii_only))
    else:
        for hit in results:
            parts += [_block(hit, top, console, ascii_only), Text()]
    if results.hits:
        parts.append(Text(f"papersearch show {results[0].paper.paper_id}", style=_FAINT, overflow="fold"))
    write(console, Group(*parts))


def _rows(hits: Sequence[Hit], top: float, width: int, ascii_only: bool) -> Table:
    table = Table.grid(expand=True, padding=(0, 2, 1, 0))
    table.add_column(justify="right", width=_RANK_WIDTH)
    table.add_column(ratio=2)
    table.add_column(width=_YEAR_WIDTH, justify="right")
    table.add_column(width=_SCORE_WIDTH, no_wrap=True)
    table.add_column(ratio=3)
    evidence_width = (width - _RANK_WIDTH - _YEAR_WIDTH - _SCORE_WIDTH - 10) * 3 // 5
    for hit in hits:
        table.add_row(
            Text(str(hit.rank), style=_FAINT),
            _title(hit),
            _year(hit.paper),
            _score(hit, top, ascii_only),
            _evidence(hit, evidence_width * _EVIDENCE_LINES),
        )
    return table


def _block(hit: Hit, top: float, console: Console, ascii_only: bool) -> RenderableType:
    unlimited = _unlimited(console)
    line = Table.grid(expand=not unlimited, padding=(0, 2, 0, 0))
    line.add_column(justify="right", width=_RANK_WIDTH)
    line.add_column(ratio=None if unlimited else 1)
    line.add_column(width=_YEAR_WIDTH, justify="right")
    line.add_column(width=_SCORE_WIDTH, no_wrap=True)
    line.add_row(Text(str(hit.rank), style=_FAINT), _title(hit), _year(hit.paper), _score(hit, top, ascii_only))
    room = console.width if unlimited else (console.width - _RANK_WIDTH - 2) * _EVIDENCE_LINES
    return Group(line, Padding(_evidence(hit, room), (0, 0, 0, _RANK_WIDTH + 2), expand=not unlimited))


def _title(hit: Hit) -> Text:
    return _marked(hit.paper.title, hit.evidence.title_spans, _TITLE)


def _evidence(hit: Hit, room: int) -> Text:
    """As much of the evidence as has room, around its matches."""
    text, spans = window(hit.evidence.text, hit.evidence.text_spans, room - 12)
    return _marked(text, spans, "")


def _marked(text: str, spans: Sequence[Span], style: str) -> Text:
    """`text` with the characters at `spans` marked; safe whatever it holds."""
    if clean_text(text) != text:  # an index from elsewhere: its offsets cannot be kept
        return Text(clean_text(text), style=style)
    marked = Text(text, style=style)
    for start, end in spans:
        marked.stylize(_MATCH, start, end)
    return marked


def window(text: str, spans: Sequence[Span], room: int) -> tuple[str, list[Span]]:
    """At most `room` characters of `text` (and its spans in them), cut between words, with
    the most matches in it; the earliest of equals. What is cut shows as an ellipsis."""
    room = max(room, 20)
    if len(text) <= room:
        return text, list(spans)
    starts = [0, *(max(0, start - room // 4) for start, _ in spans)]
    start = max(starts, key=lambda left: (sum(left <= a and b <= left + room for a, b in spans), -left))
    start = min(start, len(text) - room)  # no room is left unused at the end
    if start:
        start = text.find(" ", start) + 1 or start
    stop = len(text)
    if start + room < stop:
        stop = text.rfind(" ", start, start + room)
        stop = stop if stop > start else start + room
    before, after = ("… " if start else ""), (" …" if stop < len(text) else "")
    shift = len(before) - start
    kept = [(a + shift, b + shift) for a, b in spans if start <= a and b <= stop]
    return before + text[start:stop].rstrip() + after, kept


def _year(paper: Paper) -> Text:
    if paper.year is None:
        return Text("—", style=_FAINT)
    return Text(f"~{paper.year}" if paper.year_inferred else str(paper.year), style=_FAINT)


def _score(hit: Hit, top: float, ascii_only: bool) -> Text:
    """A bar as long as the score is of the best one, and the score itself."""
    share = hit.score / top if top > 0 else 0.0
    filled = round(_BAR_CELLS * min(max(share, 0.0), 1.0))
    full, empty = ("#", "-") if ascii_only else ("━", "─")
    number = f"{hit.score:.2f}" if abs(hit.score) < 100 else f"{hit.score:.0f}"
    return Text.assemble((full * filled, _BAR), (empty * (_BAR_CELLS - filled), _FAINT), (f" {number:>5}", _FAINT))


def print_papers(console: Console, papers: Sequence[Paper]) -> None:
    """Whole records: title, what is known of it, abstract, links, where it was read."""
    width = None if _unlimited(console) else min(console.width, _PROSE_WIDTH)
    for number, paper in enumerate(papers):
        if number:
            console.print()
        parts: list[RenderableType] = [Text(clean_text(paper.title), style=_TITLE)]
        facts = _facts(paper)
        if facts:
            parts.append(Text(" · ".join(facts), style=_FAINT))
        parts += [Text(), Text(clean_text(paper.abstract)), Text()]
        parts += [Text(clean_text(link), style=_BAR, overflow="fold") for link in paper.links]
        parts += [
            Text(clean_text(f"{p.dump}:{p.first_line}-{p.last_line}"), style=_FAINT) for p in paper.provenance
        ]
        parts.append(Text(f"id {clean_text(paper.paper_id)}", style=_FAINT))
        write(console, Group(*parts), width)


def _facts(paper: Paper) -> list[str]:
    facts = []
    if paper.date:
        facts.append(f"{paper.date} (year inferred)" if paper.year_inferred else paper.date)
    if paper.organisation:
        facts.append(clean_text(paper.organisation.name))
    if paper.author_count is not None:
        facts.append(f"{paper.author_count} author{'' if paper.author_count == 1 else 's'}")
    if paper.comment_count is not None:
        facts.append(f"{paper.comment_count} comment{'' if paper.comment_count == 1 else 's'}")
    return facts


def write(console: Console, renderable: RenderableType, width: int | None = None) -> None:
    """Print through `console` to stdout without the spaces Rich pads lines with."""
    with console.capture() as capture:
        console.print(renderable, width=width)
    sys.stdout.write("\n".join(line.rstrip(" ") for line in capture.get().split("\n")))


def _unlimited(console: Console) -> bool:
    """In a pipe, where nothing is wrapped, cut or spread."""
    return console.width > 10_000
