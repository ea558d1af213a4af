"""A comparison of two queries for people: counts side by side, then papers of both and of each alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.text import Text

from papersearch.cli.comparison import MOST
from papersearch.cli.output.facets import NAMES
from papersearch.cli.output.paper_line import paper_line
from papersearch.cli.output.table import write
from papersearch.cli.output.terminal import FAINT, TITLE, ending_of
from papersearch.text.amounts import amount
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from rich.align import AlignMethod
    from rich.console import Console, OverflowMethod

    from papersearch.cli.comparison import Comparison
    from papersearch.types import Counted, Facets

_LABEL = 12
_GAP = 2
_LEAST_NAME, _LEAST_COUNT = 16, 8
_WIDEST = 120
"""Widths in columns: of labels, between cells, and bounds of the others and of the whole."""

_NAMED = 5
_YEARS = 10
_LISTED = 20
"""Number of names from which a list in `Facets` may be cut: a name that it lacks has an unknown count."""
_UNKNOWN = "-"


class _Row(NamedTuple):
    """A row of the table: its label, the name of what is counted, and the counts as they are written."""

    label: str
    name: str
    counts: tuple[str, str]


def print_comparison(console: Console, asked: tuple[str, str], found: Comparison, k: int) -> None:
    """Print counts with a column for each of what was asked, then the first `k` papers of each part."""
    ending = ending_of(console)
    queries = [clean_text(query) for query in asked]
    lines = _table(queries, list(_rows(found)), min(console.width, _WIDEST), ending)
    among = _best(found)
    parts = (
        (f"in {among}both", found.both),
        (f"in {among}{queries[0]} alone", found.first),
        (f"in {among}{queries[1]} alone", found.second),
    )
    for name, hits in parts:
        cut_at = f"  the first {k:,}" if len(hits) > k else ""
        lines += [Text(), Text.assemble((f"{amount(len(hits), 'paper')} {name}", TITLE), (cut_at, FAINT))]
        lines += [paper_line(hit.short_id, hit.paper) for hit in hits[:k]]
    for line in lines:
        line.truncate(console.width, overflow=ending)
    write(console, Text("\n").join(lines))


def _table(queries: Sequence[str], rows: Sequence[_Row], width: int, ending: OverflowMethod) -> list[Text]:
    """Lay out rows of a label, a name and two counts, which have the queries above them."""
    room = width - _LABEL - 2 * _GAP
    count_width = min(max(map(cell_len, queries)), max(_LEAST_COUNT, (room - _LEAST_NAME) // 2))
    longest = max(cell_len(clean_text(row.name)) for row in rows)
    name_width = max(_LEAST_NAME, min(longest, room - 2 * count_width))

    def line(label: str, name: str, counts: Sequence[str], style: str = "") -> Text:
        cells: list[tuple[str, int, AlignMethod]] = [(name, name_width, "left")]
        cells += [(count, count_width, "right") for count in counts]
        text = Text(label.ljust(_LABEL), style=FAINT)
        for place, (written, cell_width, align) in enumerate(cells):
            cell = Text(clean_text(written), style=style)
            cell.truncate(cell_width, overflow=ending)
            cell.align(align, cell_width)
            text = Text.assemble(text, " " * _GAP if place else "", cell)
        return text

    return [line("", "", queries, TITLE), *(line(row.label, row.name, row.counts) for row in rows)]


def _rows(found: Comparison) -> Iterator[_Row]:
    """Yield the rows of the table: papers, those of both answers, years, and the most frequent names."""
    first, second = found.facets
    yield _Row("papers", "", (str(first.n_papers), str(second.n_papers)))
    yield _Row("", f"in {_best(found)}both", (str(len(found.both)),) * 2)
    if first.n_undated or second.n_undated:
        yield _Row("", "of unknown year", (str(first.n_undated), str(second.n_undated)))
    yield from _labelled("years", _years(first, second))
    for label, field in NAMES:
        yield from _labelled(label, _names(getattr(first, field), getattr(second, field)))


def _best(found: Comparison) -> str:
    """Return what limits the papers that were compared, where there are more."""
    return f"the best {MOST:,} of " if found.is_cut else ""


def _labelled(label: str, counted: Mapping[str, tuple[str, str]]) -> Iterator[_Row]:
    """Yield a row for each name; the first one has the label."""
    for place, (name, counts) in enumerate(counted.items()):
        yield _Row("" if place else label, name, counts)


def _years(*facets: Facets) -> dict[str, tuple[str, str]]:
    """Return the counts of the latest years; all earlier ones are one row."""
    counts = [{int(one.value): one.n_papers for one in each.years} for each in facets]
    years = sorted({year for each in counts for year in each})
    if not years:
        return {}
    start = max(years[0], years[-1] - _YEARS + 1)
    rows = {str(year): _pair(each.get(year, 0) for each in counts) for year in range(start, years[-1] + 1)}
    if start == years[0]:
        return rows
    earlier = (sum(n_papers for year, n_papers in each.items() if year < start) for each in counts)
    return {f"before {start}": _pair(earlier), **rows}


def _names(*facets: Sequence[Counted]) -> dict[str, tuple[str, str]]:
    """Return the counts of the names that are most frequent in either answer."""
    counts = [{one.value: one.n_papers for one in each} for each in facets]
    absent = [0 if len(each) < _LISTED else _UNKNOWN for each in facets]
    most = {name: max(each.get(name, 0) for each in counts) for each in counts for name in each}
    frequent = sorted(most, key=lambda name: (-most[name], name))[:_NAMED]
    return {
        name: _pair(each.get(name, none) for each, none in zip(counts, absent, strict=True)) for name in frequent
    }


def _pair(counts: Iterable[object]) -> tuple[str, str]:
    first, second = map(str, counts)
    return first, second
