"""Facets for people: dates, names, organisations and dumps of an answer, and terms that narrow the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from papersearch.cli.output.sparklines import sparkline
from papersearch.cli.output.terminal import BAR, FAINT, in_lines
from papersearch.text.amounts import amount
from papersearch.text.cleaning import clean_text
from papersearch.types import Counted, Facets, RelatedTerm

if TYPE_CHECKING:
    from collections.abc import Iterable

_LABEL_WIDTH = 12
_LEVELS = "▁▂▃▄▅▆▇█"
_ASCII_LEVELS = ".:-=+*#@"
_NAMED = 5

NAMES = (
    ("authors", "authors"),
    ("categories", "categories"),
    ("venues", "venues"),
    ("from", "organisations"),
    ("dumps", "dumps"),
)
"""Labels of names, and their fields in `Facets`."""


def facet_lines(facets: Facets, width: int | None, ascii_only: bool) -> list[Text]:
    """Draw a sparkline of dates, and list names, organisations and dumps.

    The sparkline is by month, or by year if months do not fit or most of them have no papers.
    """
    papers = amount(facets.n_papers, "paper")
    lines = [
        _labelled("answer", Text(f"{papers}, {facets.n_undated:,} of unknown year" if facets.n_undated else papers))
    ]
    room = (width or 120) - _LABEL_WIDTH - 20  # less the first and the last date beside it
    n_dated = sum(month.n_papers for month in facets.months)
    is_dense = 1 < len(facets.months) <= min(room, n_dated)  # mostly blanks would say less than years
    counted = facets.months if is_dense else facets.years
    if counted:
        lines.append(_labelled("dates", _dates(counted, ascii_only)))
    for label, field in NAMES:
        if values := getattr(facets, field):
            lines += _listed(label, _named(values), width)
    return [_within(line, width) for line in lines]


def related_lines(related: Sequence[RelatedTerm], width: int | None) -> list[Text]:
    """List the terms that narrow the search, and how many of the best papers have each."""
    said = [f"{clean_text(term.term)} ({term.n_papers:,})" for term in related] or ["nothing narrows it"]
    return [_within(line, width) for line in _listed("narrow by", said, width)]


def _dates(counted: Sequence[Counted], ascii_only: bool) -> Text:
    """Draw one character for each value, a blank for zero, between the first and the last name."""
    counts = [one.n_papers for one in counted]
    bars = sparkline(counts, _ASCII_LEVELS if ascii_only else _LEVELS, " ")
    first, last = counted[0].value, counted[-1].value
    named = (first + " ", FAINT), (bars, BAR), (f" {last}" if last != first else "", FAINT)
    return Text.assemble(*named, (f"  at most {max(counts)}", FAINT))


def _named(values: Sequence[Counted]) -> Iterable[str]:
    yield from (f"{clean_text(one.value)} {one.n_papers:,}" for one in values[:_NAMED])
    if len(values) > _NAMED:
        yield f"{len(values) - _NAMED} more"


def _labelled(label: str, text: Text) -> Text:
    return Text.assemble((label.ljust(_LABEL_WIDTH), FAINT), text)


def _listed(label: str, values: Iterable[str], width: int | None) -> list[Text]:
    """List values after a label, in as many lines as they need."""
    lines = in_lines(values, None if width is None else width - _LABEL_WIDTH)
    return [_labelled("" if number else label, Text(line)) for number, line in enumerate(lines)]


def _within(line: Text, width: int | None) -> Text:
    if width is not None:
        line.truncate(width, overflow="ellipsis")
    return line
