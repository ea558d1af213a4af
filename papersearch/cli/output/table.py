"""Results for people: rank, title, year, how well the paper answers, and the sentence that does.

From 110 columns on, a hit is a row with its evidence beside the title. In narrower terminals it is a
block with the evidence below. Under 50 columns, year and bar are left out. All text of papers
passes `clean_text` and enters Rich as `Text`: it is never parsed as markup, and has no escapes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from papersearch.cli.output.addresses import address_of
from papersearch.cli.output.reasons import doubts, how_many, in_words, why_empty, word_of
from papersearch.cli.output.terminal import (
    BAR,
    FAINT,
    ID,
    MATCH,
    TITLE,
    UNLIMITED_WIDTH,
    in_lines,
    is_ascii,
    is_unlimited,
    links_shown,
)
from papersearch.search.filter_table import NO_MARK_FILTERS, described
from papersearch.text.cleaning import clean_text
from papersearch.text.shortening import shortened
from papersearch.types import Hit, Paper, Results, Span

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from papersearch.cli.output.marked import Marked
    from papersearch.marks.mark import Mark


_WIDE = 110
_NARROW = 50
_BAR_CELLS = 8  # strengths of 0.5 and 0.625 are whole cells: weak papers fill three at most, fair ones four
_EVIDENCE_LINES = 2
_RANK_WIDTH = 3
_YEAR_WIDTH = 5
_STRENGTH_WIDTH = _BAR_CELLS + 7
_GAP = 2
_SHOWN_KEYWORDS = 3
_SHOWN_TITLE = 50


def print_results(
    console: Console, results: Results, n_papers: int, name: str = "", marked: Marked | None = None
) -> None:
    """Print an answer: a heading, the hits, facets, and the command that shows more.

    `name`: of a saved search. `marked`: marks of the papers.
    """
    width = None if is_unlimited(console) else console.width
    heading = _heading(results, width, name, marked)
    lines = [*heading, *_doubts(console, results), *_reading(results, width), Text()]
    if not results.hits and results.emptied_by != "identifier":  # a note has said so
        lines.append(Text(_nothing(results, n_papers, marked), style=FAINT))
    ascii_only = is_ascii(console)
    for hit in results:
        strength = _strength(hit, ascii_only) if results.is_ranked else Text()
        if width is not None and width >= _WIDE:
            lines += _row(console, hit, _note(hit, marked), strength, width)
        else:
            lines += _block(console, hit, _note(hit, marked), strength, width)
        if hit.explanation:
            from papersearch.cli.output.explanation import explanation_tree

            lines += explanation_tree(hit, width, ascii_only, margin=_RANK_WIDTH + _GAP)
        lines.append(Text())
    if results.related is not None or results.facets is not None:
        from papersearch.cli.output.facets import facet_lines, related_lines

        lines += facet_lines(results.facets, width, ascii_only) if results.facets else []
        lines += related_lines(results.related, width) if results.related is not None else []
        lines.append(Text())
    if results.hits:
        import shlex

        lines.append(Text(f"papersearch show {shlex.quote(clean_text(results[0].short_id))}", style=FAINT))
    for line in lines:
        line.rstrip()
    write(console, Text("\n").join(lines))


def _heading(results: Results, width: int | None, name: str, marked: Marked | None) -> list[Text]:
    """Return the query on the left, and on the right the mode, how many papers answer how well, and acronyms.

    Where the two do not fit into one line, the right one is below, in as many lines as it needs.
    """
    said = [*([results.mode_used] if results.is_ranked else []), how_many(results)]
    said += [f"{results.reranked.n_papers:,} reranked"] if results.reranked else []
    said += [f"{expansion.written} = {expansion.other}" for expansion in results.expansions]
    said = [clean_text(part) for part in said]
    status = Text(" · ".join(said), style=FAINT)
    asked = results.query or described(results.filters, marked.wanted if marked else NO_MARK_FILTERS)
    query = Text.assemble((f"{name}  " if name else "", BAR), (clean_text(asked), TITLE))
    if width is None:
        return [Text.assemble(query, " " * _GAP, status)]
    room = width - query.cell_len - status.cell_len
    if room >= _GAP:
        return [Text.assemble(query, " " * room, status)]
    query.truncate(width, overflow="ellipsis")
    return [query, *(Text(line, style=FAINT) for line in in_lines(said, width))]


def _reading(results: Results, width: int | None) -> list[Text]:
    """Return how the query was understood, if the scores are explained."""
    if results.reading is None or not any(hit.explanation for hit in results):
        return []
    reading = results.reading
    said = [
        f"looked up: {reading.identifier}"
        if reading.identifier
        else f"ranked by: {reading.ranked_by or 'nothing, the newest first'}",
        *(f"must have: {condition}" for condition in reading.required),
        *(f"must not have: {condition}" for condition in reading.excluded),
        *([f"tuned weights: {in_words(results.weights)}"] if results.weights else []),
    ]
    lines = [Text(clean_text(line), style=FAINT) for line in said]
    for line in lines:
        if width is not None:
            line.truncate(width, overflow="ellipsis")
    return lines


def _doubts(console: Console, results: Results) -> list[Text]:
    """Return what makes the answer doubtful, as a sentence of one line or more."""
    said = "; ".join(doubts(results, names_all=True)) if results.hits else ""
    if not said:
        return []
    text = Text(clean_text(f"{said[:1].upper()}{said[1:]}."))
    return [text] if is_unlimited(console) else list(text.wrap(console, console.width))


def _nothing(results: Results, n_papers: int, marked: Marked | None) -> str:
    """Say why there are no hits."""
    why = why_empty(results, n_papers, marked.wanted if marked else NO_MARK_FILTERS)
    return f"{why[:1].upper()}{why[1:]}."


def _note(hit: Hit, marked: Marked | None) -> str:
    """Return the note behind a title: its collections, the number of papers folded into it, and its marks."""
    notes = list(hit.paper.collections)
    notes += [f"+{len(hit.duplicates)} similar"] if hit.duplicates else []
    notes += [line] if marked and (line := marks_line(marked.of(hit.paper))) else []
    return ", ".join(notes)


def marks_line(mark: Mark | None) -> str:
    """Return state and tags on a line: "read, #moe, #to read"; empty without."""
    if mark is None:
        return ""
    return clean_text(", ".join([*(["read"] if mark.is_read else []), *(f"#{tag}" for tag in mark.tags)]))


def _row(console: Console, hit: Hit, note: str, strength: Text, width: int) -> list[Text]:
    """Lay out a hit with its evidence beside the title."""
    prose = width - _RANK_WIDTH - _YEAR_WIDTH - _STRENGTH_WIDTH - 4 * _GAP
    title_width = prose * 2 // 5
    cells = [
        (_rank(hit), _RANK_WIDTH),
        (_title(hit, note), title_width),
        (_year(hit.paper), _YEAR_WIDTH),
        (Text("\n").join([strength, _short_id(hit)]), _STRENGTH_WIDTH),
        (_evidence(hit, (prose - title_width) * _EVIDENCE_LINES), prose - title_width),
    ]
    return _columns(console, cells)


def _block(console: Console, hit: Hit, note: str, strength: Text, width: int | None) -> list[Text]:
    """Lay out a hit with its evidence below the title; without a limit of width each is one line."""
    margin = _RANK_WIDTH + _GAP
    if width is None:
        heading = Text(" " * _GAP).join([_rank(hit), _title(hit, note), _year(hit.paper), strength])
        return [
            heading,
            Text(" " * _GAP).join([Text(" " * _RANK_WIDTH), _short_id(hit), _evidence(hit, UNLIMITED_WIDTH)]),
        ]
    if width < _NARROW:
        note = ", ".join(filter(None, (note, word_of(hit))))
        heading_cells = [(_rank(hit), _RANK_WIDTH), (_title(hit, note), width - margin)]
    else:
        heading_cells = [
            (_rank(hit), _RANK_WIDTH),
            (_title(hit, note), width - margin - _YEAR_WIDTH - _STRENGTH_WIDTH - 2 * _GAP),
            (_year(hit.paper), _YEAR_WIDTH),
            (strength, _STRENGTH_WIDTH),
        ]
    heading_lines = _columns(console, heading_cells)
    room, short = width - margin, _short_id(hit)
    evidence = _evidence(hit, room * _EVIDENCE_LINES - len(short) - _GAP)
    below = Text.assemble(short, " " * _GAP, evidence)
    return heading_lines + _columns(console, [(Text(), _RANK_WIDTH), (below, room)])


def _columns(console: Console, cells: Sequence[tuple[Text, int]]) -> list[Text]:
    """Put cells side by side, each wrapped to its own width.

    The widths are known: without measuring, this takes a tenth of the time of rich.table.
    """
    wrapped = [text.wrap(console, width) for text, width in cells]
    lines = []
    for number in range(max(len(column) for column in wrapped)):
        line = Text()
        for column, (_, width) in zip(wrapped, cells, strict=True):
            piece = column[number] if number < len(column) else Text()
            piece.truncate(width, pad=True)
            line.append_text(piece).append(" " * _GAP)
        lines.append(line)
    return lines


def _rank(hit: Hit) -> Text:
    return Text(f"{hit.rank:>{_RANK_WIDTH}}", style=FAINT)


def _short_id(hit: Hit) -> Text:
    return Text(clean_text(hit.short_id), style=ID)


def _title(hit: Hit, note: str) -> Text:
    if not hit.paper.title:  # a record may have only an id
        title = Text(clean_text(hit.paper.paper_id), style=TITLE)
    else:
        title = marked(hit.paper.title, hit.evidence.title_spans, TITLE)
    if links_shown():
        from rich.style import Style

        title.stylize(Style(link=address_of(hit.paper)))
    return Text.assemble(title, (f" ({note})", FAINT)) if note else title


def _evidence(hit: Hit, room: int) -> Text:
    """Return as much of the evidence as fits into `room` characters, around its matches."""
    found = clean_text("; ".join(hit.evidence.keywords[:_SHOWN_KEYWORDS]))
    beside = f"keywords: {found}" if found else ""
    if hit.library_match is not None:
        beside = f"like your “{shortened(clean_text(hit.library_match.title), _SHOWN_TITLE)}”"
    text, spans = window(hit.evidence.text, hit.evidence.text_spans, room - 12 - len(beside))
    return Text.assemble(marked(text, spans, ""), "  " if text and beside else "", (beside, FAINT))


def marked(text: str, spans: Sequence[Span], style: str) -> Text:
    """Mark the characters at `spans`. Escapes and markup in `text` have no effect."""
    if clean_text(text) != text:  # an index by another program: its offsets would be wrong
        return Text(clean_text(text), style=style)
    shown = Text(text, style=style)
    for start, end in spans:
        shown.stylize(MATCH, start, end)
    return shown


def window(text: str, spans: Sequence[Span], room: int) -> tuple[str, list[Span]]:
    """Cut `text` between words to at most `room` characters with the most matches, and shift its spans.

    Of equally good places the earliest is taken. An ellipsis replaces each part that is left out.
    """
    room = max(room, 20)
    if len(text) <= room:
        return text, list(spans)
    starts = [0, *(max(0, start - room // 4) for start, _ in spans)]
    start = max(starts, key=lambda left: (sum(left <= a and b <= left + room for a, b in spans), -left))
    start = min(start, len(text) - room)  # no room is left unused at the end
    if start:
        start = text.find(" ", start - 1) + 1 or start  # a word that begins there stays
    stop = len(text)
    if start + room < stop:
        stop = text.rfind(" ", start, start + room + 1)  # a word that ends there stays
        stop = stop if stop > start else start + room
    before, after = ("… " if start else ""), (" …" if stop < len(text) else "")
    shift = len(before) - start
    kept = [(a + shift, b + shift) for a, b in spans if start <= a and b <= stop]
    return before + text[start:stop].rstrip() + after, kept


def _year(paper: Paper) -> Text:
    return Text(year_of(paper).rjust(_YEAR_WIDTH), style=FAINT)


def year_of(paper: Paper) -> str:
    """Return the year, after a tilde if it was inferred; a dash if it is unknown."""
    if paper.year is None:
        return "—"
    return f"~{paper.year}" if paper.year_inferred else str(paper.year)


def _strength(hit: Hit, ascii_only: bool) -> Text:
    """Return a bar for how well the paper answers, and the word for it.

    The bar depends on no other hit: one as long says the same of any paper, in a search and in `similar`.
    """
    if hit.strength is None:  # nothing is encoded to which a paper could be like
        return Text()
    filled = int(_BAR_CELLS * hit.strength)
    full, empty = ("#", "-") if ascii_only else ("━", "─")
    cells = (full * filled, BAR), (empty * (_BAR_CELLS - filled), FAINT)
    return Text.assemble(*cells, (f" {word_of(hit)}", FAINT))


def write(console: Console, renderable: RenderableType, at_most: int | None = None) -> None:
    """Print to stdout, at most `at_most` columns wide, without the spaces that Rich pads lines with."""
    width = None if at_most is None else min(console.width, at_most)
    with console.capture() as capture:
        console.print(renderable, width=width)
    sys.stdout.write("\n".join(line.rstrip(" ") for line in capture.get().split("\n")))
