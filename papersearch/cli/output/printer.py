"""The only sink of every verb: results on stdout in the chosen format, hints on stderr.

A verb opens a `Printer` with its format and colours, and hands it values. Rich is imported for
tables only, orjson for JSON only. How each format looks is told in the other modules of this folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from papersearch.cli.errors import complain
from papersearch.cli.output.terminal import ColorChoice, open_console, speak_utf8
from papersearch.search.filter_table import NO_MARK_FILTERS

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.api import Index
    from papersearch.cli.comparison import Comparison
    from papersearch.cli.output.marked import Marked
    from papersearch.cli.output.marks_table import ListedMark
    from papersearch.cli.registry import NamedCollection
    from papersearch.cli.search import SearchOptions
    from papersearch.cli.show import ShowOptions
    from papersearch.cli.similar import SimilarOptions
    from papersearch.saved import SavedSearch
    from papersearch.search.filter_table import MarkFilters
    from papersearch.types import Paper, Results

_Listed = TypeVar("_Listed")

SESSION_VARIABLE = "PAPERSEARCH_SESSION"
"""The variable that names a session, in place of the terminal's own."""

_EXPORTS = frozenset({"bibtex", "ris", "csl-json", "csv", "markdown"})
_UNMARKED = frozenset({"plain", "tsv", "markdown"})
_WITH_KEYS = frozenset({"bibtex", "csl-json"})
_IN_A_STYLE = {"auto": "plain", "table": "plain", "plain": "plain", "markdown": "markdown"}
"""Formats that can be asked for together with a citation style, and the writer of references for each."""

_CALLED = dict.fromkeys(("auto", "table", "plain", "tsv"), "text")
"""Formats whose names say little to people, and what they are called."""


class Printer:
    """The sink of a verb's output.

    format: one of the verb's formats, except auto
    key: pattern of citation keys, for the formats that have them
    style: citation style of references, in place of the format's own form of papers
    copying: copy hits and papers to the clipboard, as they would be printed into a pipe
    """

    def __init__(
        self,
        format: str = "plain",
        color: ColorChoice = "auto",
        key: str | None = None,
        style: str | None = None,
        *,
        copying: bool = False,
    ) -> None:
        self.format = format
        self._color = color
        self._style = None if style is None else (style, _writer_of(format))
        self._copying = copying
        self._key = None if key is None else _key_pattern(key, format)
        speak_utf8()

    @property
    def is_json(self) -> bool:
        """True if the format is JSON: one document, or JSON lines."""
        return self.format in ("json", "jsonl")

    @property
    def shows_marks(self) -> bool:
        """True if the format has a place for marks of papers."""
        return self.format not in _UNMARKED and self._style is None

    def hits(self, results: Results, n_papers: int, marked: Marked | None = None) -> None:
        """Print an answer with the marks of its papers; `n_papers` are those of the index."""
        with self._destination(len(results)):
            self._hits(results, n_papers, marked)

    def _hits(self, results: Results, n_papers: int, marked: Marked | None) -> None:
        from papersearch.cli.output import json_documents

        if self._style is not None:
            self._references([hit.paper for hit in results], *self._style)
        elif self.format == "table":
            from papersearch.cli.output.table import print_results

            print_results(open_console(self._color), results, n_papers, marked=marked)
        elif self.format in _EXPORTS:
            self._export([hit.paper for hit in results], marked)
        elif self.format == "json":
            self.write(json_documents.envelope(results, marked))
        elif self.format == "jsonl":
            self.write(json_documents.hit_lines(results, marked))
        else:
            self._text(json_documents.hit_rows(results))

    def named_hits(self, answers: Sequence[tuple[str, Results, Marked | None]], n_papers: int) -> None:
        """Print the answers of saved searches, each under its name, with the marks of its papers."""
        from papersearch.cli.output import json_documents

        if self.format == "table":
            from papersearch.cli.output.table import print_results

            console = open_console(self._color)
            for number, (name, results, marked) in enumerate(answers):
                if number:
                    console.print()
                print_results(console, results, n_papers, name=name, marked=marked)
        elif self.format in _EXPORTS:
            papers = {hit.paper.paper_id: hit.paper for _, results, _ in answers for hit in results}
            self._export(list(papers.values()), *(marked for _, _, marked in answers))
        elif self.format == "json":
            self.write(json_documents.named_answers(answers))
        elif self.format == "jsonl":
            lines = (json_documents.hit_lines(results, marked, search=name) for name, results, marked in answers)
            self.write(b"".join(lines))
        else:
            self._text("".join(json_documents.hit_rows(results, name) for name, results, _ in answers))

    def answer(self, results: Results, opened: Index, wanted: MarkFilters) -> None:
        """Print an answer with the marks of its papers, and keep it for numbers of results."""
        self.hits(results, len(opened), self.marks_of(results, opened, wanted))
        self.keep([results], opened)

    def comparison(self, results: Results, found: Comparison, k: int, marked: Marked | None) -> None:
        """Print how an answer compares with another one; `k`: papers of each part that a table lists."""
        from papersearch.cli.output import json_documents

        with self._destination(len(found.both) + len(found.first) + len(found.second)):
            if self.format == "table":
                from papersearch.cli.output.comparison import print_comparison
                from papersearch.search.filter_table import described

                filters = described(results.filters, marked.wanted if marked else NO_MARK_FILTERS)
                queries = (results.query or filters, found.other or filters)
                print_comparison(open_console(self._color), queries, found, k)
            elif self.format == "json":
                self.write(json_documents.envelope(results, marked, found))
            else:
                self._text(json_documents.comparison_rows(found))

    def marks_of(
        self, found: Results | Sequence[Paper], opened: Index, wanted: MarkFilters = NO_MARK_FILTERS
    ) -> Marked | None:
        """Return the marks of what is found, if the format shows them."""
        if not self.shows_marks:
            return None
        from papersearch.cli.output.marked import find_marked
        from papersearch.types import Paper

        papers = [one if isinstance(one, Paper) else one.paper for one in found]
        return find_marked(papers, opened, wanted)

    def keep(self, answers: Sequence[Results], opened: Index) -> None:
        """Keep what was printed for numbers of results, if a terminal shows it, or the session has a name."""
        if os.environ.get(SESSION_VARIABLE) or (self.format == "table" and sys.stdout.isatty()):
            from papersearch.cli.last_results import keep

            keep(opened, answers)

    def papers(self, papers: Sequence[Paper], marked: Marked | None = None) -> None:
        """Print whole records, with the marks of the papers."""
        with self._destination(len(papers)):
            self._papers(papers, marked)

    def _papers(self, papers: Sequence[Paper], marked: Marked | None) -> None:
        if self._style is not None:
            self._references(papers, *self._style)
        elif self.format in ("plain", "tsv"):
            from papersearch.cli.output.json_documents import paper_rows

            self._text(paper_rows(papers))
        elif self.is_json:
            from papersearch.cli.output.json_documents import paper_fields

            self._records("papers", (paper_fields(paper, marked.of(paper) if marked else None) for paper in papers))
        elif self.format in _EXPORTS:
            self._export(papers, marked)
        else:
            from papersearch.cli.output.records import print_papers

            print_papers(open_console(self._color), papers, marked)

    def searches(self, searches: Iterable[SavedSearch], rows: Iterable[Sequence[str]]) -> None:
        """Print saved searches: their fields as JSON, otherwise `rows`."""
        if self.is_json:
            from papersearch.cli.output.json_documents import search_fields

            self._records("searches", map(search_fields, searches))
        elif sys.stdout.isatty():
            self._text("".join(f"{line}\n" for line in _in_columns(rows)))
        else:
            self.lines(rows)

    def marks(self, listed: Sequence[ListedMark]) -> None:
        """Print marks."""
        from papersearch.cli.output.marks_table import fields, print_marks, row

        self._listing("marks", listed, fields, row, print_marks)

    def collections(self, known: Sequence[NamedCollection]) -> None:
        """Print collections."""
        from papersearch.cli.output.collections_table import fields, held, print_collections, row

        self._listing("collections", list(map(held, known)), fields, row, print_collections)

    def _listing(
        self,
        name: str,
        listed: Sequence[_Listed],
        fields: Callable[[_Listed], dict[str, Any]],
        row: Callable[[_Listed], Sequence[str]],
        show: Callable[[Console, Sequence[_Listed]], None],
    ) -> None:
        """Print a list called `name`: its records as JSON, with `show` as a table, otherwise its rows."""
        if self.is_json:
            self._records(name, map(fields, listed))
        elif self.format == "table":
            show(open_console(self._color), listed)
        else:
            self.lines(map(row, listed))

    def document(self, fields: Callable[[], dict[str, Any]], show: Callable[[Console], None]) -> None:
        """Print a report: `fields` as JSON, otherwise the output of `show` on a console."""
        if self.is_json:
            from papersearch.cli.output.json_documents import dump

            self.write(dump(fields(), indent=self.format == "json"))
        else:
            show(open_console(self._color))

    def lines(self, rows: Iterable[Sequence[str]]) -> None:
        """Print rows, their cells separated by tabs."""
        from papersearch.text.cleaning import clean_text

        self._text("".join("\t".join(map(clean_text, row)) + "\n" for row in rows))

    def write(self, content: bytes) -> None:
        """Print bytes past any encoding: JSON and TSV are UTF-8 everywhere."""
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()

    def flush(self) -> None:
        """Hand over to the system all that was printed. Raises OSError."""
        sys.stdout.flush()

    def hint(self, message: str, command: str = "") -> None:
        """Say something on stderr, with the command to type next."""
        complain(message, command)

    def _text(self, text: str) -> None:
        self.write(text.encode("utf-8", "replace"))

    @contextmanager
    def _destination(self, n_papers: int) -> Iterator[None]:
        """Print what is printed in this block, or copy it and say so."""
        if not self._copying:
            yield
            return
        from papersearch.cli.output.clipboard import captured, copy, told
        from papersearch.text.amounts import amount

        with captured() as output:
            yield
        if text := output.getvalue().decode("utf-8", "replace"):
            form = (
                f"in the style {self._style[0]}" if self._style else f"as {_CALLED.get(self.format, self.format)}"
            )
            self.hint(told(f"{amount(n_papers, 'paper')} {form}", copy(text)))

    def _references(self, papers: Sequence[Paper], style: str, writer: str) -> None:
        """Print references: on a terminal wrapped and apart, in a pipe one a line, in Markdown as paragraphs."""
        from papersearch.cli.output.exports.references import references

        lines = references(papers, style, writer)
        if writer == "plain" and sys.stdout.isatty():
            from papersearch.cli.output.records import print_paragraphs

            print_paragraphs(open_console(self._color), lines)
        else:
            self._text(("\n" if writer == "plain" else "\n\n").join(lines) + "\n" if lines else "")

    def _export(self, papers: Sequence[Paper], *marked: Marked | None) -> None:
        from papersearch.cli.output.exports import export

        marks = {paper_id: mark for each in marked if each for paper_id, mark in each.by_id.items()}
        self.write(export(papers, self.format, self._key, marks))

    def _records(self, name: str, records: Iterable[dict[str, Any]]) -> None:
        """Print records as one JSON document, in a list called `name`, or as JSON lines."""
        from papersearch.cli.output.json_documents import SCHEMA_VERSION, dump

        if self.format == "json":
            self.write(dump({"schema_version": SCHEMA_VERSION, name: list(records)}))
        else:
            self.write(b"".join(dump(record, indent=False) for record in records))


def _in_columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Join the cells of each row so that columns begin below each other, which tabs do not reach."""
    from rich.cells import cell_len, set_cell_size

    from papersearch.text.cleaning import clean_text

    cleaned = [[clean_text(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cleaned, strict=True)]
    return ["  ".join(map(set_cell_size, row, widths)).rstrip() for row in cleaned]


def open_printer(
    format: Enum,
    color: Enum | None = None,
    *,
    json: bool = False,
    jsonl: bool = False,
    key: str | None = None,
    style: str | None = None,
    copy: bool = False,
) -> Printer:
    """Open the sink of a verb that prints figures or whole papers, by its options."""
    chosen = chosen_format(format.value, json=json, jsonl=jsonl)
    return Printer(chosen, color.value if color else "auto", key, style, copying=copy)


def open_hit_printer(
    format: Enum,
    color: Enum,
    *,
    json: bool,
    jsonl: bool,
    key: str | None = None,
    style: str | None = None,
    copy: bool = False,
) -> Printer:
    """Open the sink of a verb that prints hits: auto is a table on a terminal, plain lines in a pipe."""
    chosen = chosen_format(format.value, json=json, jsonl=jsonl)
    if chosen == "auto":
        chosen = "table" if sys.stdout.isatty() and not copy else "plain"
    return Printer(chosen, color.value, key, style, copying=copy)


def printer_of(options: SearchOptions | SimilarOptions | ShowOptions, open_by: Callable[..., Printer]) -> Printer:
    """Open the sink of a verb by its options: `open_by` is `open_printer` or `open_hit_printer`."""
    return open_by(
        options.format_,
        options.color,
        json=options.json,
        jsonl=options.jsonl,
        key=options.key,
        style=options.style,
        copy=options.copy,
    )


def _writer_of(format: str) -> str:
    """Return the writer of references for a format."""
    if format not in _IN_A_STYLE:
        raise typer.BadParameter(
            f"cannot write {format} in a citation style: expected --format markdown, or no format",
            param_hint="--style",
        )
    return _IN_A_STYLE[format]


def _key_pattern(pattern: str, format: str) -> str:
    """Return the pattern of --key if it can be read, and the format has citation keys."""
    from papersearch.cli.output.exports.citation_keys import KeyPatternError, checked_pattern

    if format not in _WITH_KEYS:
        formats = " or ".join(sorted(_WITH_KEYS))
        raise typer.BadParameter(f"expected --format {formats}, which have citation keys", param_hint="--key")
    try:
        return checked_pattern(pattern)
    except KeyPatternError as error:
        raise typer.BadParameter(str(error), param_hint="--key") from None


def chosen_format(format: str, *, json: bool = False, jsonl: bool = False) -> str:
    """Return the format chosen by --format or one of its two short forms; they must not contradict."""
    wanted = {name for name, on in (("json", json), ("jsonl", jsonl)) if on}
    if format != "auto":
        wanted.add(format)
    if len(wanted) > 1:
        raise typer.BadParameter(f"expected one format, found {' and '.join(sorted(wanted))}")
    return wanted.pop() if wanted else "auto"
