"""The verb `convert`: the papers of files, merged, in another format, without an index or a model."""

from __future__ import annotations

import sys
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli.errors import CommandError, complain, remark
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.options import CopyOption, DebugOption, JsonOption, KeyOption, StyleOption
from papersearch.cli.output.printer import Printer, chosen_format
from papersearch.cli.signatures import takes
from papersearch.cli.standard_input import with_standard_input

if TYPE_CHECKING:
    from papersearch.ingest.reading import Ingest


class ConvertedFormat(str, Enum):
    """Formats of converted papers."""

    jsonl = "jsonl"
    json = "json"
    bibtex = "bibtex"
    ris = "ris"
    csl_json = "csl-json"
    csv = "csv"
    markdown = "markdown"


class FindingsChoice(str, Enum):
    """Values of `--findings`."""

    summary = "summary"
    list = "list"
    json = "json"


class ConvertOptions(NamedTuple):
    """Options of `convert`."""

    files: Annotated[
        list[Path], typer.Argument(help="Files or folders; - reads standard input.", show_default=False)
    ]
    format_: Annotated[
        Optional[ConvertedFormat],
        typer.Option("--format", help="Output format; jsonl if none is given.", show_default=False),
    ] = None
    json: JsonOption = False
    key: KeyOption = None
    style: StyleOption = None
    copy: CopyOption = False
    abstracts_only: Annotated[bool, typer.Option("--abstracts-only", help="Leave out papers without abstract.")] = (
        False
    )
    findings: Annotated[
        FindingsChoice,
        typer.Option("--findings", help="Findings on stderr: summed up, one a line, or as a JSON document."),
    ] = FindingsChoice.summary
    debug: DebugOption = False


@takes(ConvertOptions)
def convert(options: ConvertOptions) -> int:
    """Print the papers of files in another format, without an index.

    Exit codes: 0 papers, 1 no paper, 2 error.
    """
    from papersearch.cli.output.progress import reading_progress
    from papersearch.errors import CorpusMissing
    from papersearch.ingest.reading import ingest

    chosen = chosen_format(options.format_.value if options.format_ else "auto", json=options.json)
    if chosen == "auto" and options.style is None:
        chosen = "jsonl"
    printer = Printer(chosen, key=options.key, style=options.style, copying=options.copy)
    with with_standard_input(options.files) as places:
        try:
            with reading_progress() as reading:
                read = ingest(places, abstracts_only=options.abstracts_only, reading=reading)
        except CorpusMissing as error:
            raise CommandError(str(error), "correct the path; - reads standard input") from error
    printer.papers(read.papers)
    _tell_findings(read, options.findings.value)
    return EXIT_HITS if read.papers else EXIT_NO_HITS


def _tell_findings(read: Ingest, choice: str) -> None:
    """Print the findings on stderr; on a terminal, the dumps too."""
    if choice == "json":
        from papersearch.cli.output.json_documents import reading

        sys.stderr.flush()
        sys.stderr.buffer.write(reading(read.dumps, read.findings, read.n_left_out))
        sys.stderr.buffer.flush()
        return
    from papersearch.cli.output.dumps import dump_lines, left_out_line
    from papersearch.cli.output.findings import listed, summed_up

    if choice == "list":
        lines = listed(read.findings)
    else:
        lines = summed_up(read.findings, "--findings list", is_terminal=sys.stderr.isatty())
    if sys.stderr.isatty():  # in a pipe, what needs no attention is not said
        lines = chain(dump_lines(read.dumps), lines)
    for line in lines:
        remark(line)
    if read.n_left_out:
        remark(left_out_line(read.n_left_out))
    if not read.papers:
        complain("cannot find a paper in these files", "")
