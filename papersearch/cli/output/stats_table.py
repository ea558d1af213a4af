"""Counts of an index for people: bars, in one column, or in two where they fit.

Colour, in the terminal's own sixteen, never carries meaning alone: an inferred year has another
bar and a note. Text of dumps passes `clean_text` and enters Rich as `Text`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from papersearch.cli.counts import count_kinds, group_files
from papersearch.cli.output.build import counted
from papersearch.cli.output.dumps import left_out_line
from papersearch.cli.output.findings import list_findings
from papersearch.cli.output.reasons import in_words
from papersearch.cli.output.sparklines import sparkline
from papersearch.cli.output.table import write
from papersearch.cli.output.terminal import BAR, FAINT, TITLE, ending_of, is_ascii, is_unlimited
from papersearch.text.amounts import amount
from papersearch.text.analysis import languages_of_analysis
from papersearch.text.cleaning import clean_text
from papersearch.text.words import ENGLISH, NAMES

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.api import Index
    from papersearch.index.counts import PaperCounts, Tally
    from papersearch.index.manifest import Manifest
    from papersearch.types import Counted, DumpFile, Finding


_WIDE = 110
"""Width in columns from which sections are side by side."""
_WIDEST = 160
_BETWEEN = 4
_MARGIN = 2
_GAP = 2
_LONG_BAR = 36
_SHORT_BAR = 8
_SHOWN_YEARS = 15
_SHOWN_MONTHS = 24
_SHOWN_NAMES = 8
_SHOWN_DUMPS = 20


class _Area(NamedTuple):
    """Area of a console that a section fills: its width in columns, and its characters."""

    console: Console
    width: int
    ascii_only: bool

    def glyph(self, wanted: str, plain: str) -> str:
        """Choose between characters for this console: `plain` ones are ASCII."""
        return plain if self.ascii_only else wanted


class _Row(NamedTuple):
    """A bar: its label, its length, the inferred part of it, and the value and note beside it."""

    label: str
    length: int
    value: str
    inferred: int = 0
    note: str = ""


def print_stats(console: Console, index: Index) -> None:
    """Print counts, dates, names, links, dumps, groups of files, and every finding of the build."""
    manifest, findings = index.manifest, index.findings()
    held = index.counts()
    is_wide = console.width >= _WIDE and not is_unlimited(console)
    width = (min(console.width, _WIDEST) - _BETWEEN) // 2 if is_wide else console.width
    area = _Area(console, width, is_ascii(console))
    sections = [
        _dates(held, manifest.n_papers, area),
        _arrivals(held, area),
        _names("Organisations", held.organisations, area),
        _names("Authors", held.authors, area),
        _names("Categories", held.categories, area),
        _names("Venues", held.venues, area),
        _links(held, manifest.n_papers, area),
        _dumps(manifest, area),
        _index(index, area),
        _kinds(findings, area),
    ]
    sections = [section for section in sections if section]
    lines = [Text(counted(manifest.n_papers, manifest.n_appearances, len(manifest.dumps)), style=TITLE), Text()]
    lines += _side_by_side(sections, width) if is_wide else _stacked(sections)
    write(console, Text("\n").join(lines))
    if findings:
        console.print()
        list_findings(console, findings)


def _dates(held: PaperCounts, n_papers: int, area: _Area) -> list[Text]:
    """Draw a bar for each year, and the latest months as one line."""
    n_inferred = sum(one.n_papers for one in held.years_inferred)
    remark = f"{amount(n_papers - held.n_undated, 'paper')}, {held.n_undated:,} undated"
    remark += f", {amount(n_inferred, 'year')} inferred" if n_inferred else ""
    return [_heading("Dated", remark, area), *_bars(_year_rows(held), area), *_month_line(held.months, area)]


def _year_rows(held: PaperCounts) -> list[_Row]:
    """Return a row for each of the latest years, and one for all earlier years.

    Years without papers have a row if all years fit.
    """
    years, inferred_years = (
        Counter({int(one.value): one.n_papers for one in counted}) for counted in (held.years, held.years_inferred)
    )
    shown: Sequence[int] = sorted(years)[-_SHOWN_YEARS:]
    if not shown:
        return []
    first, last = shown[0], shown[-1]
    if last - first < _SHOWN_YEARS:
        shown = range(first, last + 1)
    rows = []
    earlier = sum(count for year, count in years.items() if year < first)
    if earlier:
        inferred = sum(count for year, count in inferred_years.items() if year < first)
        rows.append(_year_row(f"before {first}", earlier, inferred))
    return rows + [_year_row(str(year), years[year], inferred_years[year]) for year in shown]


def _year_row(label: str, count: int, inferred: int) -> _Row:
    return _Row(label, count, f"{count:,}", inferred, f"  {inferred:,} inferred" if inferred else "")


def _arrivals(held: PaperCounts, area: _Area) -> list[Text]:
    """Draw the months in which papers came into the collection; return no lines if it was one."""
    line = _month_line(held.added, area)
    remark = f"{amount(sum(one.n_papers for one in held.added), 'paper')} in {amount(len(held.added), 'month')}"
    return [_heading("Added", remark, area), *line] if line else []


def _month_line(months: Sequence[Counted], area: _Area) -> list[Text]:
    """Draw the latest months, a character each, in height proportional to the number of papers."""
    if len(months) < 2:
        return []
    numbered = {int(one.value[:4]) * 12 + int(one.value[5:]) - 1: one.n_papers for one in months}
    last = max(numbered)
    shown = range(max(min(numbered), last - _SHOWN_MONTHS + 1), last + 1)
    counts = [numbered.get(month, 0) for month in shown]
    line = sparkline(counts, area.glyph("▁▂▃▄▅▆▇█", "_-=+*#"), area.glyph("·", "."))
    first_and_last = [f"{month // 12:04}-{month % 12 + 1:02}" for month in (shown[0], last)]
    text = Text.assemble(" " * _MARGIN, first_and_last[0], " ", (line, BAR), " ", first_and_last[1])
    return [text.append(f"  at most {max(counts):,}", style=FAINT)]


def _names(title: str, tally: Tally, area: _Area) -> list[Text]:
    """List the most frequent names; return no lines if no paper has any."""
    if not tally.n_distinct:
        return []
    remark = f"{tally.n_distinct:,}, of {amount(tally.n_papers, 'paper')}"
    return [_heading(title, remark, area), *_top(tally, area)]


def _links(held: PaperCounts, n_papers: int, area: _Area) -> list[Text]:
    remark = f"in {held.n_with_links:,} of {n_papers:,} papers, to source code in {held.n_with_code:,}"
    return [_heading("Links", remark, area), *_top(held.hosts, area)]


def _top(tally: Tally, area: _Area) -> list[Text]:
    rows = [_Row(one.value, one.n_papers, f"{one.n_papers:,}") for one in tally.top[:_SHOWN_NAMES]]
    return _bars(rows, area) + _and_more(tally.n_distinct - len(rows))


def _dumps(manifest: Manifest, area: _Area) -> list[Text]:
    shown = manifest.dumps[:_SHOWN_DUMPS]
    rows = [_Row(dump.name, dump.n_appearances, f"{dump.n_appearances:,}", note=_dump_note(dump)) for dump in shown]
    return [
        _heading("Dumps", "papers in each, as they appear", area),
        *_bars(rows, area),
        *_and_more(len(manifest.dumps) - len(rows)),
        *([Text(" " * _MARGIN + left_out_line(manifest.n_left_out), style=FAINT)] if manifest.n_left_out else []),
    ]


def _dump_note(dump: DumpFile) -> str:
    without = f", {dump.n_without_abstract:,} without abstract" if dump.n_without_abstract else ""
    left_out = f", {dump.n_left_out:,} without abstract left out" if dump.n_left_out else ""
    return f"  {clean_text(dump.format)}{without}{left_out}"


def _index(index: Index, area: _Area) -> list[Text]:
    """List folder, build and model of the index, and the sizes of its groups of files."""
    manifest = index.manifest
    encoder, late = manifest.encoder, manifest.late
    size = _size(sum(record.size for record in manifest.files.values()))
    pieces = f"{late.n_pieces:,} word pieces, {late.dimensions} dimensions" if late else "not kept"
    model = "none: no paper is encoded"
    if encoder is not None:
        model = f"{encoder.name}, {encoder.dimensions} dimensions, queries by {encoder.query_backend}"
    encoded = {"encoded": f"{manifest.n_encoded:,} of {manifest.n_papers:,} papers"} if manifest.is_partial else {}
    facts = {
        "folder": index.place,
        "build": f"generation {manifest.generation}, format version {manifest.format_version}",
        "model": model,
        **encoded,
        **({"collections": ", ".join(manifest.collections)} if manifest.collections else {}),
        "words": f"{manifest.n_terms:,} distinct terms, {manifest.n_postings:,} postings",
        **_languages(manifest),
        "late interaction": pieces,
    }
    if index.weights is not None:
        facts["tuned weights"] = in_words(index.weights)
    if encoder is not None and (encoder.query_prefix or encoder.paper_prefix):
        facts["prefixes"] = (
            f"queries {clean_text(repr(encoder.query_prefix))}, papers {clean_text(repr(encoder.paper_prefix))}"
        )
    parts = sorted((part for part in group_files(manifest) if part.size), key=lambda part: -part.size)
    rows = [_Row(part.name, part.size, f"{_size(part.size)} {_share(part.share):>4}") for part in parts]
    return [
        _heading("Index", f"{size} in {len(manifest.files)} files", area),
        *(line for name, value in facts.items() for line in _fact(name, value, max(map(len, facts)), area)),
        Text(),
        *_bars(rows, area),
    ]


def _languages(manifest: Manifest) -> dict[str, str]:
    """Return the languages of the papers as a fact, unless English is the only one."""
    languages = languages_of_analysis(manifest.lexical.analyzer) or ()
    if languages == (ENGLISH,):
        return {}
    return {"language" if len(languages) == 1 else "languages": ", ".join(NAMES[one].title() for one in languages)}


def _kinds(findings: Sequence[Finding], area: _Area) -> list[Text]:
    kinds = count_kinds(findings)
    if not kinds:
        return [_heading("Findings", "none: every line of the dumps was understood", area)]
    remark = "what was not understood, skipped or rewritten"
    return [_heading("Findings", remark, area), *_bars([_Row(kind, n, str(n)) for kind, n in kinds], area)]


def _heading(title: str, remark: str, area: _Area) -> Text:
    text = Text.assemble((title, TITLE), "  ", (remark, FAINT))
    _cut(text, area.width, area)
    return text


def _fact(name: str, value: str, name_width: int, area: _Area) -> list[Text]:
    """Lay out a name, and beside it its value in as many lines as needed."""
    width = max(area.width - _MARGIN - name_width - _GAP, _SHORT_BAR)
    pieces = Text(clean_text(value)).wrap(area.console, width, overflow="fold")
    names = [name] + [""] * (len(pieces) - 1)
    return [
        Text.assemble(" " * _MARGIN, (label.ljust(name_width + _GAP), FAINT), piece)
        for label, piece in zip(names, pieces, strict=True)
    ]


def _bars(rows: Sequence[_Row], area: _Area) -> list[Text]:
    """Draw labels, bars in proportion to the longest, values and notes.

    Where the area is narrow, bars are shortened first, then labels are cut, then bars are left out.
    """
    if not rows:
        return []
    value_width = max(len(row.value) for row in rows)
    beside = value_width + max(len(row.note) for row in rows)
    labels = [Text(clean_text(row.label)) for row in rows]
    left = area.width - 2 * _MARGIN - _GAP - beside
    label_width = min(max(label.cell_len for label in labels), max(left - _SHORT_BAR, _SHORT_BAR))
    cells = min(left - label_width, _LONG_BAR)
    top = max(row.length for row in rows)
    lines = []
    for row, label in zip(rows, labels, strict=True):
        _cut(label, label_width, area, pad=True)
        line = Text.assemble(" " * _MARGIN, label, " " * _GAP)
        if cells >= _SHORT_BAR:
            line.append_text(_bar(row, top, cells, area)).append(" " * _GAP)
        lines.append(line.append(row.value.rjust(value_width)).append(row.note, style=FAINT))
    return lines


def _bar(row: _Row, top: int, cells: int, area: _Area) -> Text:
    """Draw a bar; a non-zero count always gets at least one cell."""
    full = max(round(cells * row.length / top), 1) if row.length else 0
    inferred = max(round(full * row.inferred / row.length), 1) if row.inferred else 0
    if row.inferred < row.length and full > 1:
        inferred = min(inferred, full - 1)
    known = area.glyph("━", "#") * (full - inferred)
    return Text.assemble((known, BAR), (area.glyph("┅", "~") * inferred, BAR), " " * (cells - full))


def _and_more(n_left: int) -> list[Text]:
    """Return a line with the number of names that are not listed; JSON lists more."""
    return [Text(f"{' ' * _MARGIN}and {n_left} more", style=FAINT)] if n_left else []


def _cut(text: Text, width: int, area: _Area, *, pad: bool = False) -> None:
    text.truncate(width, overflow=ending_of(area.console), pad=pad)


def _size(n_bytes: int) -> str:
    """Write a size in the unit that leaves one to three digits before the point."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= scale:
            return f"{n_bytes / scale:.1f} {unit}"
    return f"{n_bytes} B"


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "<1%"


def _stacked(sections: Sequence[list[Text]]) -> list[Text]:
    """Put sections below each other, with an empty line between them."""
    return [line for number, section in enumerate(sections) for line in ([Text()] if number else []) + section]


def _side_by_side(sections: Sequence[list[Text]], width: int) -> list[Text]:
    """Put sections in two columns, divided where the longer column is shortest."""
    parted = [(_stacked(sections[:place]), _stacked(sections[place:])) for place in range(1, len(sections))]
    left, right = min(parted, key=lambda columns: max(map(len, columns)))
    lines = []
    for number in range(max(len(left), len(right))):
        line = left[number].copy() if number < len(left) else Text()
        line.truncate(width + _BETWEEN, pad=True)
        lines.append(line.append_text(right[number]) if number < len(right) else line)
    return lines
