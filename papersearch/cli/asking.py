"""The verbs that ask: search the papers, show them.

Imports that cost time stand inside the commands: a word too many should not cost numpy.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from papersearch.cli.boundary import EXIT_HITS, EXIT_NO_HITS, complain
from papersearch.cli.completion import paper_ids
from papersearch.cli.options import (
    EXPORTS,
    Color,
    ColorOption,
    CorpusOption,
    DebugOption,
    Format,
    FormatOption,
    IndexOption,
    JsonlOption,
    JsonOption,
    LateOption,
    ModeChoice,
    PaperFormat,
    TopOption,
    chosen_color,
    chosen_format,
    open_index,
    read_names,
    warn_if_stale,
    write_bytes,
)
from papersearch.cli.terminal import open_console, speak_utf8, typed_text

if TYPE_CHECKING:
    from papersearch.cli.locations import Locations
    from papersearch.searcher import Index
    from papersearch.types import Results

_NAMES_HELP = "Ids, beginnings of ids, or titles; - reads them from standard input, one a line."


def search(
    query: Annotated[list[str], typer.Argument(help="What to look for.", show_default=False)],
    top: TopOption = 10,
    mode: Annotated[ModeChoice, typer.Option("--mode", help="Which ranking.")] = ModeChoice.hybrid,
    format_: FormatOption = Format.auto,
    json: JsonOption = False,
    jsonl: JsonlOption = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say how each score came about.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Leave out papers that answer weakly.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Only papers that the last build added.")] = False,
    late: LateOption = True,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Search; the same as papersearch "QUERY".

    Words are ranked by; "a phrase" must stand in every hit, title:word in its title;
    -word and -"a phrase" in none.
    """
    from papersearch.cli.locations import find_locations

    chosen = chosen_format(format_.value, json, jsonl)
    locations = find_locations(corpus, index)
    speak_utf8()
    text = " ".join(map(typed_text, query))
    opened = _open_or_build(locations, text)
    results = opened.search(text, top, mode.value, explain=explain, strict=strict, late=late, new=new)
    if results.mode_reason:
        complain(f"answering by keywords alone: {results.mode_reason}", "papersearch index")
    if results.verdict == "weak":
        complain(f"none of the {len(opened)} papers matches this well", "")
    warn_if_stale(opened, locations)
    return _print(results, chosen, color, len(opened))


def similar(
    papers: Annotated[
        list[str],
        typer.Argument(
            help="Ids, beginnings of ids, or titles; - reads ids, or an abstract, from standard input.",
            show_default=False,
            autocompletion=paper_ids,
        ),
    ],
    unlike: Annotated[
        Optional[list[str]],
        typer.Option(
            "--unlike",
            help="And not like this one; may be given again.",
            metavar="ID",
            show_default=False,
            autocompletion=paper_ids,
        ),
    ] = None,
    top: TopOption = 10,
    format_: FormatOption = Format.auto,
    json: JsonOption = False,
    jsonl: JsonlOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Papers like these, and not like those.

    An abstract on standard input asks whether the like of it is in the corpus.
    """
    chosen = chosen_format(format_.value, json, jsonl)
    speak_utf8()
    opened = open_index(corpus, index)
    names, text = read_names(opened, papers)
    results = opened.similar(names, list(map(typed_text, unlike or ())), top, text=text)
    return _print(results, chosen, color, len(opened))


def _print(results: Results, chosen: str, color: Color, n_papers: int) -> int:
    """Hits in the format chosen; the exit code."""
    if chosen == "auto":
        chosen = "table" if sys.stdout.isatty() else "plain"
    if chosen == "table":
        from papersearch.cli.table import print_results

        print_results(open_console(chosen_color(color)), results, n_papers)
    elif chosen in EXPORTS:
        from papersearch.cli.exports import export

        write_bytes(export([hit.paper for hit in results], chosen))
    else:
        from papersearch.cli import records

        if chosen == "json":
            write_bytes(records.envelope(results))
        elif chosen == "jsonl":
            write_bytes(records.hit_lines(results))
        else:
            write_bytes(records.hit_rows(results).encode("utf-8", "replace"))
    return EXIT_HITS if results.hits else EXIT_NO_HITS


def show(
    papers: Annotated[list[str], typer.Argument(help=_NAMES_HELP, show_default=False, autocompletion=paper_ids)],
    format_: Annotated[
        PaperFormat, typer.Option("--format", help="How to print; auto is the same as table.")
    ] = PaperFormat.auto,
    json: JsonOption = False,
    jsonl: JsonlOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> None:
    """Print whole records: abstract, metadata, links, dumps and lines."""
    from papersearch import searcher
    from papersearch.cli.locations import find_locations

    chosen = chosen_format(format_.value, json, jsonl)
    speak_utf8()
    opened = searcher.open(find_locations(corpus, index).index_path)
    names, text = read_names(opened, papers)
    if text is not None:
        raise typer.BadParameter("what stands on standard input is no id", param_hint="-")
    found = [opened.paper(name) for name in names]
    if chosen in ("json", "jsonl"):
        from papersearch.cli import records

        if chosen == "json":
            fields = [records.paper_fields(paper) for paper in found]
            write_bytes(records.dump({"schema_version": records.SCHEMA_VERSION, "papers": fields}))
        else:
            write_bytes(b"".join(records.dump(records.paper_fields(paper), indent=False) for paper in found))
    elif chosen in EXPORTS:
        from papersearch.cli.exports import export

        write_bytes(export(found, chosen))
    else:
        from papersearch.cli.table import print_papers

        print_papers(open_console(chosen_color(color)), found)


def _open_or_build(locations: Locations, query: str) -> Index:
    """The index; built first, from the corpus, where there is none yet."""
    from papersearch import searcher
    from papersearch.analysis import Analyzer
    from papersearch.errors import CorpusError, IndexMissing
    from papersearch.query import parse_query

    parse_query(query, Analyzer())  # a query that cannot be read should not cost a build
    try:
        return searcher.open(locations.index_path)
    except IndexMissing as missing:
        if not locations.corpus_path.is_dir():
            raise CorpusError(
                f"there is neither an index in {locations.index_path} nor a corpus in {locations.corpus_path}",
                f"mkdir -p {locations.corpus_path}, save dumps in it, then: papersearch index",
            ) from missing
    from papersearch.cli.building import run_build

    complain(f"no index yet: building it from {locations.corpus_path}, once", "")
    run_build(locations)
    return searcher.open(locations.index_path)
