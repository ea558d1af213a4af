"""The verbs. Each resolves its options, calls the library, and hands the answer to a printer.

Imports that cost time stand inside the commands, so that help and completion stay quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from papersearch.cli.boundary import EXIT_ERROR, EXIT_HITS, EXIT_NO_HITS, QueryGroup, complain
from papersearch.cli.options import (
    Color,
    ColorOption,
    CorpusOption,
    DebugOption,
    Format,
    IndexOption,
    JsonlOption,
    JsonOption,
    LateOption,
    ModeChoice,
    RecordFormat,
    RecordFormatOption,
    chosen_color,
    chosen_format,
    open_index,
    warn_if_stale,
    write_bytes,
)
from papersearch.cli.terminal import open_console, speak_utf8, typed_text
from papersearch.cli.trials import batch, evaluate

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
    explain: Annotated[bool, typer.Option("--explain", help="Say how each score came about.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Leave out papers that answer weakly.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Only papers that the last build added.")] = False,
    late: LateOption = True,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Search; the same as papersearch "QUERY".

    Words are ranked by; "a phrase" must stand in every hit, title:word in its title;
    -word and -"a phrase" in none.
    """
    from papersearch.cli.locations import find_locations

    chosen = chosen_format(format_.value, json, jsonl)
    locations = find_locations(corpus, index)
    speak_utf8()
    text = " ".join(map(typed_text, query))
    opened = _open_or_build(locations, text)
    results = opened.search(text, top, mode.value, explain=explain, strict=strict, late=late, new=new)
    if results.mode_reason:
        complain(f"answering by keywords alone: {results.mode_reason}", "papersearch index")
    if results.verdict == "weak":
        complain(f"none of the {len(opened)} papers matches this well", "")
    warn_if_stale(opened, locations)
    if chosen == "auto":
        chosen = "table" if sys.stdout.isatty() else "plain"
    if chosen == "table":
        from papersearch.cli.table import print_results

        print_results(open_console(chosen_color(color)), results, len(opened))
    else:
        from papersearch.cli import records

        if chosen == "json":
            write_bytes(records.envelope(results))
        elif chosen == "jsonl":
            write_bytes(records.hit_lines(results))
        else:
            write_bytes(records.hit_rows(results).encode("utf-8", "replace"))
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
    late: Annotated[
        Optional[bool],
        typer.Option(
            "--late/--no-late",
            help="Keep what late interaction needs, about 13 kB a paper; by default up to 20,000 papers.",
            show_default=False,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Start over, as if there were no index.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the build before the last.")] = False,
    format_: RecordFormatOption = RecordFormat.auto,
    json: JsonOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> None:
    """Build the index from the corpus, or bring it up to date."""
    from papersearch.cli import reports
    from papersearch.cli.locations import find_locations

    chosen = chosen_format(format_.value, json, False)
    locations = find_locations(corpus, index)
    speak_utf8()
    if rollback:
        if dumps or full or dry_run:
            raise typer.BadParameter("--rollback builds nothing: it goes alone")
        _roll_back(locations)
        return
    report = _build(locations, dumps or None, model=model, device=device, late=late, full=full, dry_run=dry_run)
    if chosen in ("json", "jsonl"):
        write_bytes(reports.build_document(report, indent=chosen == "json"))
    else:
        reports.print_build(open_console(chosen_color(color)), report, locations.index_path)


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

    chosen = chosen_format(format_.value, json, jsonl)
    speak_utf8()
    opened = searcher.open(find_locations(corpus, index).index_path)
    found = [opened.paper(typed_text(name)) for name in papers]
    if chosen in ("json", "jsonl"):
        from papersearch.cli import records

        if chosen == "json":
            fields = [records.paper_fields(paper) for paper in found]
            write_bytes(records.dump({"schema_version": records.SCHEMA_VERSION, "papers": fields}))
        else:
            write_bytes(b"".join(records.dump(records.paper_fields(paper), indent=False) for paper in found))
    else:
        from papersearch.cli.table import print_papers

        print_papers(open_console(chosen_color(color)), found)


app.command()(batch)
app.command(name="eval")(evaluate)


@app.command()
def doctor(
    format_: RecordFormatOption = RecordFormat.auto,
    json: JsonOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Prove the index: versions, sizes, checksums, invariants, model, staleness."""
    from papersearch import searcher
    from papersearch.cli import reports
    from papersearch.cli.locations import find_locations

    chosen = chosen_format(format_.value, json, False)
    locations = find_locations(corpus, index)
    speak_utf8()
    opened = searcher.open(locations.index_path)
    faults = opened.verify()
    if chosen in ("json", "jsonl"):
        write_bytes(reports.faults_document(opened, faults, indent=chosen == "json"))
    else:
        reports.print_faults(open_console(chosen_color(color)), opened, faults)
    warn_if_stale(opened, locations)
    return EXIT_ERROR if faults else EXIT_HITS


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
    from papersearch.cli import reports

    chosen = chosen_format(format_.value, json, False)
    speak_utf8()
    opened = open_index(corpus, index)
    if chosen in ("json", "jsonl"):
        write_bytes(reports.stats_document(opened, indent=chosen == "json"))
    else:
        reports.print_stats(open_console(chosen_color(color)), opened)


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
    _build(locations)
    return searcher.open(locations.index_path)


def _roll_back(locations: Locations) -> None:
    from papersearch.errors import IndexMissing
    from papersearch.storage.generations import rollback
    from papersearch.storage.locking import writing

    if not locations.index_path.is_dir():
        raise IndexMissing(f"there is no index in {locations.index_path}", "papersearch index")
    with writing(locations.index_path, lambda message: complain(message, "")):
        manifest = rollback(locations.index_path)
    complain(f"{locations.index_path} is back at generation {manifest.generation}", "")


def _build(locations: Locations, dumps: list[Path] | None = None, **options: Any) -> BuildReport:
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
            **options,
            progress=progress,
            announce=lambda message: complain(message, ""),
        )
