"""Contents of the panes of `papersearch browse`, as Rich text: a row for each hit, a preview, help.

These functions know hits and widths, and nothing of the application. All text of papers passes
`clean_text` and is never read as markup. The colours are the terminal's own sixteen, so that
light and dark themes both work, and none of them carries meaning alone.
"""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from papersearch.cli.output.addresses import page_of
from papersearch.cli.output.reasons import how_many, missing_words
from papersearch.cli.output.table import addresses_in, facts_of, keywords_line, marked, year_of
from papersearch.cli.tui.filter_words import FILTER_WORDS
from papersearch.text.cleaning import clean_text
from papersearch.types import Hit, Results

_MATCH = "bold magenta"
_FAINT = "dim"
_LINK = "cyan"
_EVIDENCE = "underline"

MARK = "*"
_RANK_WIDTH = 4
_YEAR_WIDTH = 6
_VERDICT_WIDTH = 7
_LEAST_TITLE = 24
"""Least width of a title. Narrower rows leave out the verdict first, then the year."""

_HELP = (
    ("type", 'words to rank by; "a phrase", title:word, -word, AND, OR, NOT, word*'),
    ("up down", "another paper; also pgup pgdn"),
    ("shift+up", "scroll the abstract; also shift+down"),
    ("tab", "rank by words and meaning, by words, by meaning"),
    ("ctrl+f", f"filter by {FILTER_WORDS}"),
    ("ctrl+s", "papers similar to this one; escape goes back"),
    ("ctrl+t", "mark this paper, or no longer; also ctrl+space"),
    ("ctrl+y", "copy BibTeX of what is marked, or of this paper; also ctrl+b"),
    ("ctrl+o", "read this paper in the web browser"),
    ("enter", "choose this paper too, and leave"),
    ("escape", "go back; leave with what is marked, as ctrl+q does"),
    ("ctrl+c", "leave with nothing"),
    ("f1", "this help, or no longer; also ctrl+g"),
)


def row(hit: Hit, width: int, *, is_marked: bool, is_current: bool) -> Text:
    """Draw a line of `width` columns: rank, mark, title, year, verdict."""
    tail = Text()
    title_width = width - _RANK_WIDTH - 2
    if title_width - _YEAR_WIDTH >= _LEAST_TITLE:
        title_width -= _YEAR_WIDTH
        tail.append(year_of(hit.paper).rjust(_YEAR_WIDTH), style=_FAINT)
    if hit.verdict is not None and title_width - _VERDICT_WIDTH >= _LEAST_TITLE:
        title_width -= _VERDICT_WIDTH
        tail.append(hit.verdict.rjust(_VERDICT_WIDTH), style=_FAINT)
    title = marked(hit.paper.title or hit.paper.paper_id, hit.evidence.title_spans, "")
    title.truncate(max(title_width, 0), overflow="ellipsis", pad=True)
    line = Text.assemble((f"{hit.rank:>{_RANK_WIDTH - 1}}", _FAINT), MARK if is_marked else " ", " ", title, tail)
    line.truncate(width, pad=True)
    if is_marked:
        line.stylize("bold")
    if is_current:
        line.stylize("reverse")
    return line


def preview(hit: Hit) -> Text:
    """Draw the whole paper, with its evidence underlined and the matches marked."""
    paper, evidence = hit.paper, hit.evidence
    title = marked(paper.title or paper.paper_id, evidence.title_spans, "bold")
    parts = [title]
    if known := facts_of(paper):
        parts.append(Text(" · ".join(known), style=_FAINT))
    if paper.abstract:
        spans = [(evidence.start + start, evidence.start + end) for start, end in evidence.text_spans]
        abstract = marked(paper.abstract, spans, "")
        if abstract.plain == paper.abstract:
            abstract.stylize(_EVIDENCE, evidence.start, evidence.end)
        parts += [Text(), abstract]
    parts.append(Text())
    parts += [Text(keywords_line(paper), style=_FAINT)] if paper.categories else []
    links = addresses_in(paper)
    parts += [Text(clean_text(link), style=_LINK) for link in links]
    if (page := page_of(paper)) and page not in links:
        parts.append(Text(page, style=_LINK))
    for other in hit.duplicates:
        parts.append(Text(f"nearly the same: {clean_text(other.title or other.paper_id)}"))
    parts += [
        Text(clean_text(f"{place.dump}:{place.first_line}-{place.last_line}"), style=_FAINT)
        for place in paper.provenance
    ]
    parts.append(Text(f"id {clean_text(paper.paper_id)}", style=_FAINT))
    return Text("\n").join(parts)


def help_text() -> Table:
    """List the keys and what they do."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for keys, said in _HELP:
        table.add_row(Text(keys, style="bold"), Text(said))
    return table


def said_of(results: Results) -> list[str]:
    """Return the parts of the status line about an answer: its size, and warnings."""
    said = [how_many(results)]
    said += [f"{expansion.written} = {expansion.other}" for expansion in results.expansions]
    if results.mode_reason:
        said.append(f"by keywords alone: {results.mode_reason}")
    elif results.encoded is not None and not results.encoded.is_complete and results.mode_used != "keyword":
        said.append(f"{results.encoded.n_encoded} of {results.encoded.n_papers} papers encoded")
    said += [note.message for note in results.notes]
    if results.verdict == "weak":
        said.append("none matches this well")
    if missing := missing_words(results):
        said.append(f"no paper has {' or '.join(missing)}")
    if results.verdict in ("weak", None):
        said += [f"did you mean {' or '.join(word.instead)}?" for word in results.unknown_words if word.instead]
    if results.undated is not None and results.undated.n_papers:
        said.append(f"{results.undated.n_papers} of unknown date left out")
    return said
