"""The verb `doctor`: a proof that an index is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersearch.cli.exit_codes import EXIT_ERROR, EXIT_HITS
from papersearch.cli.notices import say_stale
from papersearch.cli.options import ReportOptions
from papersearch.cli.output.printer import open_printer
from papersearch.cli.signatures import takes
from papersearch.remote.addresses import refuse_address

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from papersearch.api import Index
    from papersearch.cli.locations import Locations


def _corpus_of(opened: Index, locations: Locations) -> Path | None:
    """Return the folder that the index was built from, as it is named if it is; None for single dumps."""
    if opened.manifest.corpus is None:
        return None
    own = (opened.path / opened.manifest.corpus).resolve()
    return locations.corpus_path if locations.corpus_path.resolve() == own else own


@takes(ReportOptions)
def doctor(options: ReportOptions) -> int:
    """Prove that the index is whole, and say whether it is stale.

    Versions, sizes, checksums, invariants and the model are checked, and the corpus is compared.
    """
    from papersearch import api
    from papersearch.cli.locations import find_locations
    from papersearch.cli.output.doctor import fault_fields

    printer = open_printer(options.format_, options.color, json=options.json)
    locations = find_locations(options.corpus_path, options.index_path)
    refuse_address(locations.index_path, "verify files")
    opened = api.open(locations.index_path)
    faults = opened.verify()

    def show(console: Console) -> None:
        from papersearch.cli.output.doctor import print_faults

        print_faults(console, opened, faults)

    corpus = _corpus_of(opened, locations)
    is_stale = opened.is_stale(corpus) if corpus is not None and corpus.is_dir() else None
    printer.document(lambda: {**fault_fields(opened, faults), "stale": is_stale}, show)
    if corpus is not None and is_stale is None:
        printer.hint(f"cannot tell whether the corpus has changed: {corpus} is missing")
    elif corpus is not None and is_stale:
        say_stale(opened, corpus)
    return EXIT_ERROR if faults else EXIT_HITS
