"""The verb `doctor`: a proof that an index is whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.cli.exit_codes import EXIT_ERROR, EXIT_HITS
from papersearch.cli.notices import say_stale
from papersearch.cli.options import ReportOptions
from papersearch.cli.output.printer import open_printer
from papersearch.cli.signatures import takes
from papersearch.remote.addresses import refuse_address

if TYPE_CHECKING:
    from rich.console import Console

    from papersearch.api import Index
    from papersearch.cli.locations import Locations


@takes(ReportOptions)
def doctor(options: ReportOptions) -> int:
    """Prove that the index is whole, and say whether it is stale.

    Versions, sizes, checksums, invariants and the model are checked, and the corpus is compared.
    """
    from papersearch import api
    from papersearch.cli.locations import find_locations
    from papersearch.cli.output.doctor import fault_fields
    from papersearch.ingest.corpus_files import missing_folder

    printer = open_printer(options.format_, options.color, json=options.json)
    locations = find_locations(options.places)
    refuse_address(locations.index_path, "verify files")
    opened = api.open(locations.index_path)
    faults = opened.verify()

    def show(console: Console) -> None:
        from papersearch.cli.output.doctor import print_faults

        print_faults(console, opened, faults)

    own = _with_own_corpus(locations, opened)
    lost = missing_folder(own.corpus) if own is not None else None
    is_stale = opened.is_stale(own.corpus) if own is not None and lost is None else None
    printer.document(lambda: {**fault_fields(opened, faults), "stale": is_stale}, show)
    if lost is not None:
        printer.hint(f"cannot tell whether the corpus has changed: {lost} is missing")
    elif own is not None and is_stale:
        say_stale(opened, own.corpus_name)
    return EXIT_ERROR if faults else EXIT_HITS


def _with_own_corpus(locations: Locations, opened: Index) -> Locations | None:
    """Return the locations with the corpus of the index; None for an index of single dumps.

    A corpus that the locations have already is kept as it was typed.
    """
    from papersearch.index.staleness import corpus_of
    from papersearch.ingest.corpus_files import resolved

    own = corpus_of(opened.manifest, opened.path)
    if own is None:
        return None
    if resolved(own) == resolved(locations.corpus):
        return locations
    return locations._replace(corpus=own.resolve() if isinstance(own, Path) else resolved(own))
