"""The verb `similar`: papers similar to given ones or to an abstract, and dissimilar to others."""

from __future__ import annotations

from typing import Annotated, NamedTuple, Optional

import typer

from papersearch.cli.completion import paper_ids
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.index_access import filters_for, marked_by, open_index
from papersearch.cli.names import read_ids, read_names
from papersearch.cli.notices import warn_if_partial, warn_of_filters
from papersearch.cli.options import (
    GROUP,
    Color,
    ColorOption,
    CopyOption,
    CorpusOption,
    DebugOption,
    FilterGroup,
    Format,
    FormatOption,
    IndexOption,
    JsonlOption,
    JsonOption,
    KeyOption,
    MarkGroup,
    StyleOption,
    TopOption,
)
from papersearch.cli.output.printer import open_hit_printer
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
    marked: MarkGroup = GROUP
    format_: FormatOption = Format.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    key: KeyOption = None
    style: StyleOption = None
    copy: CopyOption = False
    color: ColorOption = Color.auto
    corpus_path: CorpusOption = None
    index_path: IndexOption = None
    debug: DebugOption = False


@takes(SimilarOptions)
def similar(options: SimilarOptions) -> int:
    """Papers like these, and not like those.

    An abstract on standard input asks whether the like of it is in the corpus.
    """
    from papersearch.cli.output.reasons import doubts

    printer = open_hit_printer(
        options.format_,
        options.color,
        json=options.json,
        jsonl=options.jsonl,
        key=options.key,
        style=options.style,
        copy=options.copy,
    )
    opened = open_index(options.corpus_path, options.index_path)
    names, text = read_names(opened, options.papers)
    unlike = read_ids(opened, options.unlike or (), "--unlike -")
    filters = filters_for(opened, options.filters, options.marked)
    results = opened.similar(names, unlike, options.top, text=text, filters=filters)
    results = results.replace(filters=options.filters)
    warn_if_partial(opened, results.encoded, results.mode_used)
    warn_of_filters(results, options.marked)
    if printer.format != "table":  # which says it beside its hits
        for doubt in doubts(results):
            printer.hint(doubt)
    printer.hits(results, len(opened), marked_by(printer, results, opened, options.marked))
    return EXIT_HITS if results.hits else EXIT_NO_HITS
