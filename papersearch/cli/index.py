"""The verbs that make an index, and those that look into it: index, doctor, stats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from papersearch.cli.errors import EXIT_ERROR, EXIT_HITS, CommandError, complain
from papersearch.cli.options import (
    Color,
    ColorOption,
    CorpusOption,
    DebugOption,
    IndexOption,
    JsonOption,
    RecordFormat,
    RecordFormatOption,
    chosen_color,
    chosen_format,
    open_index,
    warn_if_stale,
    write_bytes,
)
from papersearch.cli.output.terminal import open_console, speak_utf8

if TYPE_CHECKING:
    from papersearch.cli.locations import Locations
    from papersearch.index.report import BuildReport


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
        str, typer.Option("--device", help="auto takes a GPU where there is one; cpu, cuda, ... as torch names it.")
    ] = "auto",
    late: Annotated[
        Optional[bool],
        typer.Option(
            "--late/--no-late",
            help="Keep what late interaction needs, about 10 kB a paper; by default up to 50,000 papers.",
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
    from papersearch.cli.locations import find_locations
    from papersearch.cli.output import reports

    chosen = chosen_format(format_.value, json, False)
    locations = find_locations(corpus, index)
    speak_utf8()
    if rollback:
        if dumps or full or dry_run:
            raise typer.BadParameter("--rollback cannot be used with dumps, --full or --dry-run")
        _roll_back(locations)
        if chosen in ("json", "jsonl"):
            from papersearch import api

            opened = api.open(locations.index_path)
            write_bytes(reports.rollback_document(opened, indent=chosen == "json"))
        return
    report = run_build(
        locations,
        dumps or None,
        model=model,
        device=None if device == "auto" else device,
        late=late,
        full=full,
        dry_run=dry_run,
    )
    if chosen in ("json", "jsonl"):
        write_bytes(reports.build_document(report, indent=chosen == "json"))
    else:
        reports.print_build(open_console(chosen_color(color)), report, locations.index_path)


def doctor(
    format_: RecordFormatOption = RecordFormat.auto,
    json: JsonOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Prove the index: versions, sizes, checksums, invariants, model, staleness."""
    from papersearch import api
    from papersearch.cli.locations import find_locations
    from papersearch.cli.output import reports

    chosen = chosen_format(format_.value, json, False)
    locations = find_locations(corpus, index)
    speak_utf8()
    opened = api.open(locations.index_path)
    faults = opened.verify()
    if chosen in ("json", "jsonl"):
        write_bytes(reports.faults_document(opened, faults, indent=chosen == "json"))
    else:
        reports.print_faults(open_console(chosen_color(color)), opened, faults)
    warn_if_stale(opened, locations)
    return EXIT_ERROR if faults else EXIT_HITS


def stats(
    format_: RecordFormatOption = RecordFormat.auto,
    json: JsonOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> None:
    """Say what is in the index, and what could not be parsed."""
    chosen = chosen_format(format_.value, json, False)
    speak_utf8()
    opened = open_index(corpus, index)
    if chosen in ("json", "jsonl"):
        from papersearch.cli.stats import stats_document

        write_bytes(stats_document(opened, indent=chosen == "json"))
    else:
        from papersearch.cli.output.stats_table import print_stats

        print_stats(open_console(chosen_color(color)), opened)


def _roll_back(locations: Locations) -> None:
    from papersearch import api

    manifest = api.rollback(locations.index_path, announce=lambda message: complain(message, ""))
    complain(f"{locations.index_path} is back at generation {manifest.generation}", "")


def run_build(locations: Locations, dumps: list[Path] | None = None, **options: Any) -> BuildReport:
    from papersearch import api
    from papersearch.cli.output.progress import build_progress

    if dumps is None and not locations.corpus_path.is_dir():
        raise CommandError(
            f"cannot find a corpus in {locations.corpus_path}",
            f"mkdir -p {locations.corpus_path}, save dumps in it, then: papersearch index",
        )
    with build_progress() as progress:
        return api.build(
            dumps or locations.corpus_path,
            locations.index_path,
            **options,
            progress=progress,
            announce=lambda message: complain(message, ""),
        )
