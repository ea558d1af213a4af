"""Contents of the panes of `papersearch browse`, as Rich text: a row for each hit, a preview, help.

These functions know hits and widths, and nothing of the application. All text of papers passes
`clean_text` and is never read as markup. The colours are the terminal's own sixteen, so that
light and dark themes both work, and none of them carries meaning alone.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from papersearch.cli.output.addresses import page_of
from papersearch.cli.output.reasons import how_many, missing_words, why_empty
from papersearch.cli.output.records import addresses_in, facts_of, keywords_line
from papersearch.cli.output.table import marked, marks_line, year_of
from papersearch.cli.output.terminal import FAINT, LINK
from papersearch.cli.tui.filter_words import parse_mark_filters
from papersearch.cli.tui.keys import SECTIONS
from papersearch.marks.mark import Mark
from papersearch.text.cleaning import clean_text
from papersearch.types import Hit, Results

_EVIDENCE = "underline"
_KEPT = "italic"

MARK = "*"
_READ = "✓"
_NOTED = "•"
_RANK_WIDTH = 4
_YEAR_WIDTH = 6
_VERDICT_WIDTH = 7
_KEYS_WIDTH = 8
_LEAST_TITLE = 24
"""Least width of a title. Narrower rows leave out the verdict first, then the year."""

_TMUX = "set -s set-clipboard on"

_COPYING = (
    "ctrl+y, ctrl+k and ctrl+l copy what is marked, or else this paper: by a clipboard program where "
    "there is one, otherwise through the terminal, which may refuse. "
    f"tmux passes it on after: {_TMUX}"
)


def row(hit: Hit, width: int, kept: Mark | None, *, is_marked: bool, is_current: bool) -> Text:
    """Draw a line of `width` columns: rank, mark, sign of what the reader keeps, title, year, verdict."""
    tail = Text()
    title_width = width - _RANK_WIDTH - 2
    if title_width - _YEAR_WIDTH >= _LEAST_TITLE:
        title_width -= _YEAR_WIDTH
        tail.append(year_of(hit.paper).rjust(_YEAR_WIDTH), style=FAINT)
    if hit.verdict is not None and title_width - _VERDICT_WIDTH >= _LEAST_TITLE:
        title_width -= _VERDICT_WIDTH
        tail.append(hit.verdict.rjust(_VERDICT_WIDTH), style=FAINT)
    title = marked(hit.paper.title or hit.paper.paper_id, hit.evidence.title_spans, "")
    title.truncate(max(title_width, 0), overflow="ellipsis", pad=True)
    rank = f"{hit.rank:>{_RANK_WIDTH - 1}}"
    line = Text.assemble((rank, FAINT), MARK if is_marked else " ", (_sign(kept), FAINT), " ", title, tail)
    line.truncate(width, pad=True)
    if is_marked:
        line.stylize("bold")
    if is_current:
        line.stylize("reverse")
    return line


def _sign(kept: Mark | None) -> str:
    """Return one character: the paper is read, or there are tags or a note."""
    if kept is None:
        return " "
    return _READ if kept.is_read else _NOTED


def preview(hit: Hit, kept: Mark | None) -> Text:
    """Draw the whole paper, with its evidence underlined and the matches marked, and what the reader keeps."""
    paper, evidence = hit.paper, hit.evidence
    title = marked(paper.title or paper.paper_id, evidence.title_spans, "bold")
    parts = [title]
    if known := facts_of(paper):
        parts.append(Text(" · ".join(known), style=FAINT))
    if kept is not None:
        parts += [Text(line, style=_KEPT) for line in (marks_line(kept), clean_text(kept.note)) if line]
    if paper.abstract:
        spans = [(evidence.start + start, evidence.start + end) for start, end in evidence.text_spans]
        abstract = marked(paper.abstract, spans, "")
        if abstract.plain == paper.abstract:
            abstract.stylize(_EVIDENCE, evidence.start, evidence.end)
        parts += [Text(), abstract]
    parts.append(Text())
    parts += [Text(keywords_line(paper), style=FAINT)] if paper.categories else []
    links = addresses_in(paper)
    parts += [Text(clean_text(link), style=LINK) for link in links]
    if (page := page_of(paper)) and page not in links:
        parts.append(Text(page, style=LINK))
    for other in hit.duplicates:
        parts.append(Text(f"nearly the same: {clean_text(other.title or other.paper_id)}"))
    parts += [
        Text(clean_text(f"{place.dump}:{place.first_line}-{place.last_line}"), style=FAINT)
        for place in paper.provenance
    ]
    parts.append(Text(f"id {clean_text(paper.paper_id)}", style=FAINT))
    return Text("\n").join(parts)


def why_none(results: Results, n_papers: int, filters: str) -> Text:
    """Say why there are no hits."""
    why = clean_text(why_empty(results, n_papers, parse_mark_filters(filters)))
    is_name = results.emptied_by == "identifier"  # which keeps its letters
    return Text(f"{why if is_name else why[:1].upper() + why[1:]}.", style=FAINT)


def mode_of(results: Results) -> str:
    """Return the order of the hits: the mode that ranked them, or that of the filters alone."""
    return "newest first" if results.hits and not results.is_ranked else results.mode_used


def help_text() -> Group:
    """List the keys and what they do, and what copying needs."""
    parts: list[RenderableType] = []
    for section in SECTIONS:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, min_width=_KEYS_WIDTH)
        table.add_column()
        for key in section:
            table.add_row(Text(key.shown, style="bold"), Text(key.said))
        parts += [table, Text()]
    return Group(*parts, Text(_COPYING, style=FAINT))


def said_of(results: Results) -> list[str]:
    """Return the parts of the status line about an answer: its size, and warnings."""
    said = [how_many(results)]
    said += [f"{expansion.written} = {expansion.other}" for expansion in results.expansions]
    if results.mode_reason:
        said.append(f"by keywords alone: {results.mode_reason}")
    elif results.encoded is not None and not results.encoded.is_complete and results.mode_used != "keyword":
        said.append(f"{results.encoded.n_encoded:,} of {results.encoded.n_papers:,} papers encoded")
    said += [note.message for note in results.notes]
    if results.verdict == "weak":
        said.append("none matches this well")
    if missing := missing_words(results):
        said.append(f"no paper has {' or '.join(missing)}")
    if results.verdict in ("weak", None):
        said += [f"did you mean {' or '.join(word.instead)}?" for word in results.unknown_words if word.instead]
    if results.undated is not None and results.undated.n_papers:
        said.append(f"{results.undated.n_papers:,} of unknown date left out")
    return said
