"""The verbs. Each resolves its options, calls the library, and hands the answer to a printer.

Imports that cost time stand inside the commands, so that help and completion stay quick.
"""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from papersearch.cli.boundary import EXIT_HITS, EXIT_NO_HITS, QueryGroup, complain
from papersearch.cli.terminal import ColorChoice, open_console, speak_utf8, typed_text

if TYPE_CHECKING:
    from papersearch.builder import BuildReport
    from papersearch.cli.locations import Locations
    from papersearch.searcher import Index

app = typer.Typer(
    name="papersearch",
    cls=QueryGroup,
    add_completion=True,
    no_args_is_help=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


class ModeChoice(str, Enum):
    """`types.Mode` for Typer."""

    hybrid = "hybrid"
    keyword = "keyword"
    semantic = "semantic"


class Format(str, Enum):
    """Formats of a search."""

    auto = "auto"
    table = "table"
    plain = "plain"
    tsv = "tsv"
    json = "json"
    jsonl = "jsonl"


class RecordFormat(str, Enum):
    """Formats of whole records and of figures."""

    auto = "auto"
    table = "table"
    json = "json"
    jsonl = "jsonl"


class Color(str, Enum):
    """When stdout carries escapes."""

    auto = "auto"
    always = "always"
    never = "never"


CorpusOption = Annotated[
    Optional[Path], typer.Option("--corpus", help="Folder of the dumps.", metavar="FOLDER", show_default=False)
]
IndexOption = Annotated[
    Optional[Path], typer.Option("--index", help="Folder of the index.", metavar="FOLDER", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
JsonlOption = Annotated[bool, typer.Option("--jsonl", help="Short for --format jsonl.")]
ColorOption = Annotated[Color, typer.Option("--color", help="Colours: on a terminal, always, never.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
RecordFormatOption = Annotated[
    RecordFormat, typer.Option("--format", help="How to print; auto is the same as table.")
]


@app.callback()
def papersearch(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Search research papers: papersearch "pipeline bubbles".

    A first word that is none of the commands below begins a query.
    """
    if version:
        from papersearch.version import __version__

        print(f"papersearch {__version__}")
    elif context.invoked_subcommand is None:
        from papersearch.errors import QueryError

        raise QueryError("nothing to search for", 'papersearch "pipeline bubbles", or papersearch --help')


@app.command()
def search(
    query: Annotated[list[str], typer.Argument(help="What to look for.", show_default=False)],
    top: Annotated[int, typer.Option("--top", "-k", min=1, help="How many papers.", metavar="K")] = 10,
    mode: Annotated[ModeChoice, typer.Option("--mode", help="Which ranking.")] = ModeChoice.hybrid,
    format_: Annotated[
        Format, typer.Option("--format", help="How to print; auto is a table on a terminal, else plain.")
    ] = Format.auto,
    json: JsonOption = False,
    jsonl: JsonlOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Search; the same as papersearch "QUERY"."""
    from papersearch.cli.locations import find_locations

    chosen = _format(format_.value, json, jsonl)
    locations = find_locations(corpus, index)
    speak_utf8()
    text = " ".join(map(typed_text, query))
    opened = _open_or_build(locations, text)
    results = opened.search(text, top, mode.value)
    if results.mode_reason:
        complain(f"answering by keywords alone: {results.mode_reason}", "papersearch index")
    _warn_if_stale(opened, locations)
    if chosen == "auto":
        chosen = "table" if sys.stdout.isatty() else "plain"
    if chosen == "table":
        from papersearch.cli.table import print_results

        print_results(open_console(_color(color)), results, len(opened))
    else:
        from papersearch.cli import records

        if chosen == "json":
            _write(records.envelope(results))
        elif chosen == "jsonl":
            _write(records.hit_lines(results))
        else:
            _write(records.hit_rows(results).encode("utf-8", "replace"))
    return EXIT_HITS if results.hits else EXIT_NO_HITS


@app.command(name="index")
def build_index(
    dumps: Annotated[
        Optional[list[Path]],
        typer.Argument(help="Index these files or folders in place of the corpus.", show_default=False),
    ] = None,
    model: Annotated[
        Optional[str],
        typer.Option("--model", help="Another sentence-transformers model, by folder or name.", show_default=False),
    ] = None,
    device: Annotated[
        Optional[str], typer.Option("--device", help="cpu, cuda, ...; chosen if not given.", show_default=False)
    ] = None,
    format_: RecordFormatOption = RecordFormat.auto,
    json: JsonOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> None:
    """Build the index from the corpus."""
    from papersearch.cli import reports
    from papersearch.cli.locations import find_locations

    chosen = _format(format_.value, json, False)
    locations = find_locations(corpus, index)
    speak_utf8()
    report = _build(locations, dumps or None, model, device)
    if chosen in ("json", "jsonl"):
        _write(reports.build_document(report, indent=chosen == "json"))
    else:
        reports.print_build(open_console(_color(color)), report, locations.index_path)


@app.command()
def show(
    papers: Annotated[list[str], typer.Argument(help="Ids, beginnings of ids, or titles.", show_default=False)],
    format_: RecordFormatOption = RecordFormat.auto,
    json: JsonOption = False,
    jsonl: JsonlOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> None:
    """Print whole records: abstract, metadata, links, dumps and lines."""
    from papersearch import searcher
    from papersearch.cli.locations import find_locations

    chosen = _format(format_.value, json, jsonl)
    speak_utf8()
    opened = searcher.open(find_locations(corpus, index).index_path)
    found = [opened.paper(typed_text(name)) for name in papers]
    if chosen in ("json", "jsonl"):
        from papersearch.cli import records

        if chosen == "json":
            fields = [records.paper_fields(paper) for paper in found]
            _write(records.dump({"schema_version": records.SCHEMA_VERSION, "papers": fields}))
        else:
            _write(b"".join(records.dump(records.paper_fields(paper), indent=False) for paper in found))
    else:
        from papersearch.cli.table import print_papers

        print_papers(open_console(_color(color)), found)


@app.command()
def stats(
    format_: RecordFormatOption = RecordFormat.auto,
    json: JsonOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> None:
    """Say what is in the index, and what could not be parsed."""
    from papersearch import searcher
    from papersearch.cli import reports
    from papersearch.cli.locations import find_locations

    chosen = _format(format_.value, json, False)
    locations = find_locations(corpus, index)
    speak_utf8()
    opened = searcher.open(locations.index_path)
    _warn_if_stale(opened, locations)
    if chosen in ("json", "jsonl"):
        _write(reports.stats_document(opened, indent=chosen == "json"))
    else:
        reports.print_stats(open_console(_color(color)), opened)


def _format(chosen: str, json: bool, jsonl: bool) -> str:
    """One format out of the option and its two short forms, which must not contradict it."""
    wanted = {name for name, on in (("json", json), ("jsonl", jsonl)) if on}
    if chosen != "auto":
        wanted.add(chosen)
    if len(wanted) > 1:
        raise typer.BadParameter(f"choose one format, not {' and '.join(sorted(wanted))}")
    return wanted.pop() if wanted else "auto"


def _color(color: Color) -> ColorChoice:
    return color.value


def _open_or_build(locations: Locations, query: str) -> Index:
    """The index; built first, from the corpus, where there is none yet."""
    from papersearch import searcher
    from papersearch.analysis import Analyzer
    from papersearch.errors import CorpusError, IndexMissing
    from papersearch.query import parse_query

    parse_query(query, Analyzer())  # a query that cannot be read should not cost a build
    try:
        return searcher.open(locations.index_path)
    except IndexMissing as missing:
        if not locations.corpus_path.is_dir():
            raise CorpusError(
                f"there is neither an index in {locations.index_path} nor a corpus in {locations.corpus_path}",
                f"mkdir -p {locations.corpus_path}, save dumps in it, then: papersearch index",
            ) from missing
    complain(f"no index yet: building it from {locations.corpus_path}, once", "")
    _build(locations, None, None, None)
    return searcher.open(locations.index_path)


def _build(locations: Locations, dumps: list[Path] | None, model: str | None, device: str | None) -> BuildReport:
    from papersearch.builder import build
    from papersearch.cli.progress import build_progress
    from papersearch.errors import CorpusError

    if dumps is None and not locations.corpus_path.is_dir():
        raise CorpusError(
            f"there is no corpus in {locations.corpus_path}",
            f"mkdir -p {locations.corpus_path}, save dumps in it, then: papersearch index",
        )
    with build_progress() as progress:
        return build(
            dumps or locations.corpus_path,
            locations.index_path,
            model=model,
            device=device,
            progress=progress,
            announce=lambda message: complain(message, ""),
        )


def _warn_if_stale(opened: Index, locations: Locations) -> None:
    from papersearch.staleness import is_stale

    if is_stale(opened.manifest, opened.path, locations.corpus_path):
        complain(f"{locations.corpus_path} has changed since the index was built", "papersearch index")


def _write(content: bytes) -> None:
    """Bytes to stdout, past any encoding: JSON and TSV are UTF-8 everywhere."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
