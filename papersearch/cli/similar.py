"""The verb `similar`: papers similar to given ones or to an abstract, and dissimilar to others."""

from __future__ import annotations

from functools import partial
from typing import Annotated, NamedTuple, Optional

import typer

from papersearch.cli.completion import paper_ids
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.index_access import open_index
from papersearch.cli.names import read_ids, read_names
from papersearch.cli.notices import warn_if_partial, warn_of_filters
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    CorpusOption,
    DebugOption,
    FilterGroup,
    Format,
    FormatOption,
    IndexOption,
    JsonlOption,
    JsonOption,
    KeyOption,
    MapGroup,
    TopOption,
)
from papersearch.cli.output.printer import chosen_format, open_hit_printer
from papersearch.cli.signatures import takes


class SimilarOptions(NamedTuple):
    """Options of `similar`."""

    papers: Annotated[
        list[str],
        typer.Argument(
            help="Ids, beginnings, titles or citation keys; - reads ids, or an abstract, from standard input.",
            show_default=False,
            autocompletion=paper_ids,
        ),
    ]
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
    top: TopOption = 10
    filters: FilterGroup = GROUP
    format_: FormatOption = Format.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    key: KeyOption = None
    maps: MapGroup = GROUP
    color: ColorOption = Color.auto
    corpus_path: CorpusOption = None
    index_path: IndexOption = None
    debug: DebugOption = False


@takes(SimilarOptions)
def similar(options: SimilarOptions) -> int:
    """Papers like these, and not like those.

    An abstract on standard input asks whether the like of it is in the corpus.
    """
    printer = open_hit_printer(
        options.format_, options.color, json=options.json, jsonl=options.jsonl, key=options.key
    )
    if options.maps is not None:
        options.maps.refuse(chosen_format(options.format_.value, json=options.json, jsonl=options.jsonl))
    opened = open_index(options.corpus_path, options.index_path)
    names, text = read_names(opened, options.papers)
    unlike = read_ids(opened, options.unlike or (), "--unlike -")
    results = opened.similar(names, unlike, options.top, text=text, filters=options.filters)
    warn_if_partial(opened, results.encoded, results.mode_used)
    warn_of_filters(results)
    if results.verdict == "weak":
        printer.hint("no paper is very similar to this text")
    if (maps := options.maps) is None:
        printer.hits(results, len(opened))
    else:
        narrowed = partial(opened.similar, names, unlike, text=text, filters=options.filters)
        maps.beside(
            lambda: printer.hits(results, len(opened)),
            lambda: maps.draw_similar(opened, list(map(opened.paper, names)), lambda k: narrowed(k=k), options.top),
        )
    return EXIT_HITS if results.hits else EXIT_NO_HITS
