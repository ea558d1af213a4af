"""The verb `index` with `--ray`: all parts and their join, on a cluster. Only such a command imports Ray."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from papersearch.cli.errors import BuildInterrupted, CommandError, typed
from papersearch.cli.serve_on_ray import check_ray
from papersearch.cli.standard_input import STANDARD_INPUT
from papersearch.cluster.connection import connected

if TYPE_CHECKING:
    from papersearch.cli.index import BuildOptions
    from papersearch.cli.locations import Locations
    from papersearch.cli.output.printer import Printer
    from papersearch.cli.output.progress import ProgressForm, Silent
    from papersearch.index.joining import JoinReport


def build_on_ray(options: BuildOptions, locations: Locations, printer: Printer) -> None:
    """Build the parts and join them on the cluster."""
    _check(options)
    if not options.dumps and not locations.corpus_path.is_dir():
        raise CommandError(
            f"cannot find a corpus in {locations.corpus_path}", "name it: papersearch index FOLDER --ray"
        )
    check_ray()
    from papersearch.cli.output.parts import join_fields, print_join
    from papersearch.cli.output.progress import build_progress

    form: ProgressForm = "none" if options.quiet else "programs" if printer.is_json else "people"
    try:
        with build_progress(form) as progress, connected(str(options.ray)):
            report = _build(options, locations, progress)
    except KeyboardInterrupt as interrupt:
        again = typed("papersearch", *sys.argv[1:])
        raise BuildInterrupted("no part that was built is lost", again) from interrupt
    printer.document(lambda: join_fields(report), lambda console: print_join(console, report, locations.index_path))


def _build(options: BuildOptions, locations: Locations, progress: Silent) -> JoinReport:
    from papersearch.cluster.building import build_on_cluster, join_on_cluster, n_nodes
    from papersearch.index.parts import PartRequest, Watch

    watch = Watch(progress, progress.reading, progress.announce)
    places = [str(place.resolve()) for place in options.dumps or [locations.corpus_path]]
    index_path = str(locations.index_path.resolve())
    n_parts = options.n_parts or _n_before(locations.index_path) or n_nodes()
    requests = [
        PartRequest(
            places=tuple(places),
            corpus=places[0] if len(places) == 1 and Path(places[0]).is_dir() else None,
            index_path=index_path,
            number=number,
            n_parts=n_parts,
            model=options.model,
            query_prefix=options.query_prefix,
            paper_prefix=options.paper_prefix,
            device=None if options.device == "auto" else options.device,
            late=options.late,
            abstracts_only=bool(options.abstracts_only),
            full=options.full,
        )
        for number in range(1, n_parts + 1)
    ]
    build_on_cluster(requests, str(options.ray), watch)
    return join_on_cluster(index_path, str(options.ray), watch, full=options.full)


def _n_before(index_path: Path) -> int | None:
    """Return the number of shards that are published."""
    from papersearch.index.shards import has_shards, read_shards

    return len(read_shards(index_path).shards) if has_shards(index_path) else None


def _check(options: BuildOptions) -> None:
    """Raise BadParameter for an option that a build on a cluster cannot have."""
    if options.part or options.join or options.words_only or options.dry_run or options.rollback or options.name:
        raise typer.BadParameter(
            "--ray cannot be used with --part, --join, --words-only, --dry-run, --rollback or --as"
        )
    if STANDARD_INPUT in (options.dumps or ()):
        raise typer.BadParameter("--ray cannot read standard input: every node reads the same files")
