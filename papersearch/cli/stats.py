"""The verb `stats`: counts of an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from papersearch.cli.index_access import open_index
from papersearch.cli.options import ReportOptions
from papersearch.cli.output.printer import open_printer
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from rich.console import Console


@takes(ReportOptions)
def stats(options: ReportOptions) -> None:
    """Say what is in the index, and what could not be parsed."""
    printer = open_printer(options.format_, options.color, json=options.json)
    opened = open_index(options.corpus_path, options.index_path)

    def fields() -> dict[str, Any]:
        from papersearch.cli.counts import stats_fields

        return stats_fields(opened)

    def show(console: Console) -> None:
        from papersearch.cli.output.stats_table import print_stats

        print_stats(console, opened)

    printer.document(fields, show)
