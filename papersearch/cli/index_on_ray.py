"""The verb `index` with `--ray`: all parts and their join, on a cluster. Only such a command imports Ray."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from papersearch.cli.errors import BuildInterrupted
from papersearch.cli.index_parts import check_alone, corpus_of
from papersearch.cli.rebuilding import same_command
from papersearch.cli.serve_on_ray import check_ray
from papersearch.cli.standard_input import STANDARD_INPUT
from papersearch.cluster.connection import connected

if TYPE_CHECKING:
    from papersearch.cli.index import BuildOptions
    from papersearch.cli.locations import Locations
    from papersearch.cli.output.printer import Printer
    from papersearch.cli.output.progress import Silent
    from papersearch.index.joining import JoinReport


def build_on_ray(options: BuildOptions, locations: Locations, printer: Printer) -> None:
    """Build the parts and join them on the cluster."""
    _check(options)
    corpus = corpus_of(options, locations, "--ray")
    check_ray()
    from papersearch.cli.output.parts import join_fields, print_join
    from papersearch.cli.output.progress import build_progress

    try:
        with build_progress(options.progress_form(printer)) as progress, connected(str(options.ray)):
            report = _build(options, corpus, locations.index_path, progress)
    except KeyboardInterrupt as interrupt:
        raise BuildInterrupted("no part that was built is lost", same_command()) from interrupt
    printer.document(lambda: join_fields(report), lambda console: print_join(console, report, locations.index_path))


def _build(options: BuildOptions, corpus: list[Path] | Path, index_path: Path, progress: Silent) -> JoinReport:
    from papersearch.cluster.building import build_on_cluster, join_on_cluster
    from papersearch.cluster.opening import alive_nodes
    from papersearch.index.parts import PartRequest, Watch

    watch = Watch(progress, progress.reading, progress.announce)
    n_parts = options.n_parts or _n_before(index_path) or len(alive_nodes())
    # Other nodes have other current folders.
    place = str(index_path.resolve())
    whole = corpus.resolve() if isinstance(corpus, Path) else [dump.resolve() for dump in corpus]
    requests = [
        PartRequest.of(
            whole,
            index_path=place,
            number=number,
            n_parts=n_parts,
            **options.choices,
            abstracts_only=bool(options.abstracts_only),
            language=options.checked_language or "en",
        )
        for number in range(1, n_parts + 1)
    ]
    build_on_cluster(requests, str(options.ray), watch)
    return join_on_cluster(place, str(options.ray), watch, full=options.full)


def _n_before(index_path: Path) -> int | None:
    """Return the number of shards that are published."""
    from papersearch.index.generations import has_shards
    from papersearch.index.shards import read_shards

    return len(read_shards(index_path).shards) if has_shards(index_path) else None


def _check(options: BuildOptions) -> None:
    """Raise BadParameter for an option that a build on a cluster cannot have."""
    check_alone(options, "--ray", part=options.part, join=options.join)
    if STANDARD_INPUT in (options.dumps or ()):
        raise typer.BadParameter("--ray cannot read standard input: every node reads the same files")
