"""The verb `doctor`: a proof that an index is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersearch.cli.exit_codes import EXIT_ERROR, EXIT_HITS
from papersearch.cli.notices import warn_if_stale
from papersearch.cli.options import ReportOptions
from papersearch.cli.output.printer import open_printer
from papersearch.cli.signatures import takes
from papersearch.remote.addresses import refuse_address

if TYPE_CHECKING:
    from rich.console import Console


@takes(ReportOptions)
def doctor(options: ReportOptions) -> int:
    """Prove the index: versions, sizes, checksums, invariants, model, staleness."""
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

    printer.document(lambda: fault_fields(opened, faults), show)
    warn_if_stale(opened, locations)
    return EXIT_ERROR if faults else EXIT_HITS
