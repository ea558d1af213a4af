"""The verb `stats`: counts of an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from papersearch.cli.index_access import open_index
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    CorpusOption,
    DebugOption,
    IndexOption,
    JsonOption,
    MapGroup,
    RecordFormat,
    RecordFormatOption,
)
from papersearch.cli.output.printer import chosen_format, open_printer
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from rich.console import Console


class StatsOptions(NamedTuple):
    """Options of `stats`."""

    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="List the near-duplicates among all papers too.")
    ] = False
    maps: MapGroup = GROUP
    color: ColorOption = Color.auto
    corpus_path: CorpusOption = None
    index_path: IndexOption = None
    debug: DebugOption = False


@takes(StatsOptions)
def stats(options: StatsOptions) -> None:
    """Say what is in the index, and what could not be parsed."""
    printer = open_printer(options.format_, options.color, json=options.json)
    if options.maps is not None:
        options.maps.refuse(chosen_format(options.format_.value, json=options.json))
    opened = open_index(options.corpus_path, options.index_path)
    found = opened.near_duplicates() if options.duplicates else None

    def fields() -> dict[str, Any]:
        from papersearch.cli.counts import stats_fields

        return stats_fields(opened, found)

    def show(console: Console) -> None:
        from papersearch.cli.output.stats_table import print_stats

        print_stats(console, opened)
        if found is not None:
            from papersearch.cli.output.near_duplicates import print_near_duplicates

            console.print()
            print_near_duplicates(console, found, len(opened))

    if (maps := options.maps) is None:
        printer.document(fields, show)
    else:
        maps.beside(lambda: printer.document(fields, show), lambda: maps.draw_collection(opened))
