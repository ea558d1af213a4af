"""The verb `similar`: papers similar to given ones or to an abstract, and dissimilar to others."""

from __future__ import annotations

from functools import partial
from typing import Annotated, NamedTuple, Optional

import typer

from papersearch.cli.completion import paper_ids
from papersearch.cli.errors import CommandError
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.index_access import filters_for, open_index
from papersearch.cli.libraries import read_library
from papersearch.cli.names import read_ids, read_names
from papersearch.cli.notices import say_doubts, warn_if_partial, warn_of_filters
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    CopyOption,
    DebugOption,
    FilterGroup,
    Format,
    FormatOption,
    JsonlOption,
    JsonOption,
    KeyOption,
    MapGroup,
    MarkGroup,
    PlacesGroup,
    StyleOption,
    TopOption,
)
from papersearch.cli.output.printer import chosen_format, open_hit_printer, printer_of
from papersearch.cli.signatures import takes


class SimilarOptions(NamedTuple):
    """Options of `similar`."""

    papers: Annotated[
        Optional[list[str]],
        typer.Argument(
            help="Ids, addresses, keys, titles, numbers of the last results; - reads ids or an abstract.",
            show_default=False,
            autocompletion=paper_ids,
        ),
    ] = None
    unlike: Annotated[
        Optional[list[str]],
        typer.Option(
            "--unlike",
            help="Avoid papers like this one; may be given again.",
            metavar="ID",
            show_default=False,
            autocompletion=paper_ids,
        ),
    ] = None
    library: Annotated[
        Optional[str],
        typer.Option(
            "--library",
            help="Rank by all papers of a file such as library.bib, of tag:NAME, or of ids on - (standard input).",
            metavar="FILE",
            show_default=False,
        ),
    ] = None
    top: TopOption = 10
    filters: FilterGroup = GROUP
    marked: MarkGroup = GROUP
    format_: FormatOption = Format.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    key: KeyOption = None
    style: StyleOption = None
    copy: CopyOption = False
    maps: MapGroup = GROUP
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(SimilarOptions)
def similar(options: SimilarOptions) -> int:
    """Papers like these, and not like those.

    An abstract on standard input asks whether the like of it is in the corpus. With
    --library, papers are ranked by a whole library of yours; those that it has are left out.
    """
    printer = printer_of(options, open_hit_printer)
    _check(options)
    if options.maps is not None:
        options.maps.refuse(chosen_format(options.format_.value, json=options.json, jsonl=options.jsonl))
    opened = open_index(options.places)
    filters = filters_for(opened, options.filters, options.marked)
    names, text = read_names(opened, options.papers or ())
    if options.library is not None:
        library = read_library(opened, options.library)
        ranked = partial(opened.recommend, library, filters=filters)
    else:
        unlike = read_ids(opened, options.unlike or (), "--unlike -")
        ranked = partial(opened.similar, names, unlike, text=text, filters=filters)
    results = ranked(k=options.top).replace(filters=options.filters)
    warn_if_partial(opened, results.encoded, results.mode_used)
    warn_of_filters(results, options.marked)
    if printer.format != "table":  # which says it beside its hits
        say_doubts(results)

    print_hits = partial(printer.answer, results, opened, options.marked)
    if (maps := options.maps) is None:
        print_hits()
    else:
        title = "" if options.library is None else results.query
        maps.beside(
            print_hits,
            lambda: maps.draw_similar(
                opened, list(map(opened.paper, names)), lambda k: ranked(k=k), options.top, title
            ),
        )
    return EXIT_HITS if results.hits else EXIT_NO_HITS


def _check(options: SimilarOptions) -> None:
    """Refuse a command without examples, and one with examples of two kinds."""
    if options.library is None and not options.papers:
        raise CommandError("expected a paper to be similar to", "name a paper, or a library: --library library.bib")
    if options.library is not None and (options.papers or options.unlike):
        raise CommandError(
            "cannot compare with papers and with a library at once", "leave out --library, or the papers"
        )
