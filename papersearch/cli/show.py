"""The verb `show`: whole records of papers."""

from __future__ import annotations

from typing import NamedTuple

import typer

from papersearch.cli.errors import complain
from papersearch.cli.exit_codes import EXIT_ERROR
from papersearch.cli.index_access import open_at
from papersearch.cli.names import find_papers
from papersearch.cli.options import (
    Color,
    ColorOption,
    CopyOption,
    CorpusOption,
    DebugOption,
    Format,
    IndexOption,
    JsonlOption,
    JsonOption,
    KeyOption,
    NamesArgument,
    PaperFormatOption,
    StyleOption,
)
from papersearch.cli.output.printer import open_printer, printer_of
from papersearch.cli.signatures import takes


class ShowOptions(NamedTuple):
    """Options of `show`."""

    papers: NamesArgument
    format_: PaperFormatOption = Format.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    key: KeyOption = None
    style: StyleOption = None
    copy: CopyOption = False
    color: ColorOption = Color.auto
    corpus_path: CorpusOption = None
    index_path: IndexOption = None
    debug: DebugOption = False


@takes(ShowOptions)
def show(options: ShowOptions) -> None:
    """Print whole records: abstract, metadata, links, dumps and lines."""
    from papersearch.cli.locations import find_locations

    printer = printer_of(options, open_printer)
    opened = open_at(find_locations(options.corpus_path, options.index_path).index_path)
    papers, lost = find_papers(opened, options.papers)
    printer.papers(papers, printer.marks_of(papers, opened))
    for error in lost:
        complain(str(error), "")
    if lost:
        raise typer.Exit(EXIT_ERROR)
