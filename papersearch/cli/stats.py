"""The verb `stats`: counts of an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from papersearch.cli.index_access import open_index
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    DebugOption,
    JsonOption,
    MapGroup,
    PlacesGroup,
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
    maps: MapGroup = GROUP
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(StatsOptions)
def stats(options: StatsOptions) -> None:
    """Say what is in the index, and what could not be parsed."""
    printer = open_printer(options.format_, options.color, json=options.json)
    if options.maps is not None:
        options.maps.refuse(chosen_format(options.format_.value, json=options.json))
    opened = open_index(options.places)

    def fields() -> dict[str, Any]:
        from papersearch.cli.counts import stats_fields

        return stats_fields(opened)

    def show(console: Console) -> None:
        from papersearch.cli.output.stats_table import print_stats

        print_stats(console, opened)

    if (maps := options.maps) is None:
        printer.document(fields, show)
    else:
        maps.beside(lambda: printer.document(fields, show), lambda: maps.draw_collection(opened))
