"""The index of a command: finding, opening and building it; filters and marks as it has them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from papersearch.cli import STARTED
from papersearch.cli.errors import BuildInterrupted, CommandError, complain, typed
from papersearch.cli.notices import warn_if_stale
from papersearch.cli.rebuilding import BUILD, build_command, same_command
from papersearch.search.filter_table import NO_MARK_FILTERS, MarkFilters

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.cli.locations import Locations, Places
    from papersearch.cli.output.progress import ProgressForm
    from papersearch.index.report import BuildReport
    from papersearch.types import Filters

MOST_TEXTS = 500
"""Number of texts up to which a first query waits for their encodings: half a minute on two cores."""

_MOST_OF_START_S = 2.0
"""Greatest part of a server's time that the start of a command takes away from it."""


def open_index(places: Places) -> Index:
    """Open the index that a command reads; say on stderr if it is stale."""
    from papersearch.cli.locations import find_locations

    locations = find_locations(places)
    opened = open_at(locations.index_path)
    warn_if_stale(opened, locations)
    return opened


def open_at(place: Path) -> Index:
    """Open the index in a folder or on a server; a server's is opened without what a local one needs."""
    from papersearch.remote.addresses import address_in

    if (address := address_in(place)) is not None:
        from papersearch.remote.index import open_remote

        waited = min(time.monotonic() - STARTED, _MOST_OF_START_S)
        return cast("Index", open_remote(address, waited))  # it has the same public methods
    from papersearch import api

    return api.open(place)


def filters_for(opened: Index, filters: Filters, wanted: MarkFilters = NO_MARK_FILTERS) -> Filters:
    """Return filters as the index can apply them: papers by their ids, and marks as papers."""
    if filters.within is None and not filters.without and not any(wanted):
        return filters
    from papersearch.cli.narrowing import narrowed

    return narrowed(opened, filters, wanted)


def open_or_build(locations: Locations, query: str, *, may_be_empty: bool = False) -> tuple[Index, bool]:
    """Open the index; build it from the corpus first if there is none in the usual place.

    Also returns whether it was built. More than MOST_TEXTS texts are not encoded: the query is
    answered as soon as words can answer it, and a line says how to go on.
    Raises CommandError for an index that was named: it may be mistyped, and a build takes long.
    """
    from papersearch.remote.addresses import address_in

    if address_in(locations.index_path) is not None:
        return open_at(locations.index_path), False
    from papersearch import api
    from papersearch.errors import IndexMissing
    from papersearch.ingest.corpus_files import missing_folder
    from papersearch.text.analysis import Analyzer
    from papersearch.text.query import parse_query

    try:
        return api.open(locations.index_path), False
    except IndexMissing as missing:
        parse_query(query, Analyzer(), may_be_empty=may_be_empty)  # an invalid query should not cost a build
        if locations.index_is_named:
            build = typed(BUILD, "--index", locations.index_path)
            raise CommandError(str(missing), f"correct the path, or build an index there: {build}") from missing
        if (lost := missing_folder(locations.corpus)) is not None:
            raise CommandError(
                f"cannot find an index in {locations.index_path}, nor a corpus in {lost}", _save_dumps(lost)
            ) from missing
    complain(f"building an index of {locations.corpus_name}, once", "")
    report = _build_once(locations)
    from papersearch.cli.output.findings import ALL_OF_THEM, in_short

    if found := in_short(report.findings):
        complain(f"not everything was understood: {found}", ALL_OF_THEM)
    opened = api.open(locations.index_path)
    if opened.manifest.is_partial:
        complain(
            f"{len(opened):,} papers can be searched by words; to search them by meaning too, which takes "
            f"long to prepare: {build_command(opened.path, manifest=opened.manifest)}",
            "",
        )
    return opened, True


def run_build(
    locations: Locations, dumps: list[Path] | None = None, form: ProgressForm = "people", **options: Any
) -> BuildReport:
    """Build the index from `dumps`, or from the corpus, with progress on stderr.

    Raises BuildInterrupted for an interrupt, with the command that was typed.
    """
    from papersearch import api
    from papersearch.cli.output.progress import build_progress
    from papersearch.ingest.corpus_files import missing_folder

    if dumps is None and (lost := missing_folder(locations.corpus)) is not None:
        raise CommandError(f"cannot find a corpus in {lost}", _save_dumps(lost))
    try:
        with build_progress(form) as progress:
            return api.build(
                dumps or locations.corpus,
                locations.index_path,
                **options,
                progress=progress,
                reading=progress.reading,
                announce=progress.announce,
            )
    except KeyboardInterrupt as interrupt:
        raise BuildInterrupted(_what_is_safe(locations), same_command()) from interrupt


def _what_is_safe(locations: Locations) -> str:
    """Say what an interrupted build leaves."""
    from papersearch.errors import StoredIndexError
    from papersearch.index.generations import read_manifest

    try:
        manifest = read_manifest(locations.index_path)
    except StoredIndexError:
        return "no index is published yet, and no encoding is lost"
    if not manifest.is_partial:
        return f"the index in {locations.index_path} is untouched, and no encoding is lost"
    return (
        f"all {manifest.n_papers:,} papers can be searched by words, {manifest.n_encoded:,} of them "
        "by meaning; no encoding is lost"
    )


def _build_once(locations: Locations) -> BuildReport:
    """Build the index of a first query, encoding few texts. An interrupt names the command that builds it alone."""
    try:
        if len(locations.collections) > 1:
            from papersearch.cli.joint_index import build_joint

            return build_joint(locations, most_texts=MOST_TEXTS).joint
        return run_build(locations, most_texts=MOST_TEXTS)
    except BuildInterrupted as interrupt:
        raise BuildInterrupted(interrupt.what_is_safe, typed(BUILD, *_build_options(locations))) from interrupt


def _build_options(locations: Locations) -> list[str]:
    """Return the options by which `index` finds what a first query has found without `--index`."""
    from papersearch.cli.locations import Places, find_locations

    if locations.collections:
        return Places(collections=tuple(one.name for one in locations.collections)).as_typed()
    is_usual = locations.corpus == find_locations().corpus
    return [] if is_usual else ["--corpus", str(locations.corpus)]


def _save_dumps(folder: Path) -> str:
    """Compose the hint for a corpus that is missing."""
    return f"{typed('mkdir -p', folder)}, save dumps in it, then: {BUILD}"
