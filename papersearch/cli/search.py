"""The verbs that ask: search the papers, show them.

Imports that cost time stand inside the commands: a word too many should not cost numpy.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from papersearch.cli.completion import paper_ids
from papersearch.cli.errors import EXIT_HITS, EXIT_NO_HITS, CommandError, complain
from papersearch.cli.options import (
    EXPORTS,
    Color,
    ColorOption,
    CorpusOption,
    DebugOption,
    DumpOption,
    Format,
    FormatOption,
    HasCodeOption,
    IncludeUndatedOption,
    IndexOption,
    JsonlOption,
    JsonOption,
    LateOption,
    ModeChoice,
    ModeOption,
    NamesArgument,
    NewOption,
    OrganisationOption,
    PaperFormat,
    SinceOption,
    SortChoice,
    TopOption,
    UntilOption,
    chosen_color,
    chosen_filters,
    chosen_format,
    chosen_hit_format,
    open_index,
    read_ids,
    read_names,
    warn_if_stale,
    warn_of_filters,
    write_bytes,
)
from papersearch.cli.output.terminal import open_console, speak_utf8, typed_text

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.cli.locations import Locations
    from papersearch.types import Results


def search(
    query: Annotated[list[str], typer.Argument(help="What to look for.", show_default=False)],
    top: TopOption = 10,
    mode: ModeOption = ModeChoice.hybrid,
    format_: FormatOption = Format.auto,
    json: JsonOption = False,
    jsonl: JsonlOption = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say how each score came about.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Leave out papers that answer weakly.")] = False,
    since: SinceOption = None,
    until: UntilOption = None,
    organisations: OrganisationOption = None,
    dumps: DumpOption = None,
    has_code: HasCodeOption = False,
    new: NewOption = False,
    include_undated: IncludeUndatedOption = False,
    sort: Annotated[
        SortChoice, typer.Option("--sort", help="Best first, or the newest of the best hundred first.")
    ] = SortChoice.relevance,
    fold: Annotated[
        Optional[bool],
        typer.Option(
            "--fold/--no-fold",
            help="Put near-duplicates under the best of them; by default in tables alone.",
            show_default=False,
        ),
    ] = None,
    facets: Annotated[
        bool, typer.Option("--facets", help="Count what answers: by date, organisation, dump.")
    ] = False,
    suggest: Annotated[bool, typer.Option("--suggest", help="Offer terms that narrow the search.")] = False,
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

    chosen = chosen_hit_format(format_.value, json, jsonl)
    locations = find_locations(corpus, index)
    speak_utf8()
    text = " ".join(map(typed_text, query))
    opened = _open_or_build(locations, text)
    results = opened.search(
        text,
        top,
        mode.value,
        explain=explain,
        strict=strict,
        late=late,
        filters=chosen_filters(since, until, organisations, dumps, has_code, new, include_undated),
        sort=sort.value,
        fold=chosen == "table" if fold is None else fold,
        facets=facets,
        related=suggest,
    )
    if results.mode_reason:
        complain(f"answering by keywords alone: {results.mode_reason}", "papersearch index")
    if results.verdict == "weak":
        complain(f"none of the {results.total} papers matches this well", "")
    _offer_words(results, query)
    warn_of_filters(results)
    warn_if_stale(opened, locations)
    if facets and chosen not in ("table", "json"):
        complain(f"cannot print facets as {chosen}: only tables and JSON have them", "--format table, or --json")
    if results.related and chosen not in ("table", "json"):
        complain(f"narrow by: {', '.join(term.term for term in results.related)}", "")
    return _print(results, chosen, color, len(opened))


def _offer_words(results: Results, query: Sequence[str]) -> None:
    """A line for the words that no paper has where others are spelt like them, and the query
    to type in its place."""
    offered = [unknown for unknown in results.unknown_words if unknown.instead]
    if offered:
        import shlex

        said = "; ".join(
            f"no paper has the word {unknown.word}: did you mean {' or '.join(unknown.instead)}?"
            for unknown in offered
        )
        # As it was typed, options and all, where that can be told.
        typed = sys.argv[1:] if set(query) <= set(sys.argv[1:]) else [results.query]
        for unknown in offered:
            typed = [word.replace(unknown.word, unknown.instead[0]) for word in typed]
        complain(said, f"papersearch {shlex.join(typed)}")


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
    since: SinceOption = None,
    until: UntilOption = None,
    organisations: OrganisationOption = None,
    dumps: DumpOption = None,
    has_code: HasCodeOption = False,
    new: NewOption = False,
    include_undated: IncludeUndatedOption = False,
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
    chosen = chosen_hit_format(format_.value, json, jsonl)
    speak_utf8()
    opened = open_index(corpus, index)
    filters = chosen_filters(since, until, organisations, dumps, has_code, new, include_undated)
    names, text = read_names(opened, papers)
    results = opened.similar(names, read_ids(opened, unlike or (), "--unlike -"), top, text=text, filters=filters)
    warn_of_filters(results)
    if results.verdict == "weak":
        complain("no paper is very similar to this text", "")
    return _print(results, chosen, color, len(opened))


def _print(results: Results, chosen: str, color: Color, n_papers: int) -> int:
    """Hits in the format chosen; the exit code."""
    if chosen == "table":
        from papersearch.cli.output.table import print_results

        print_results(open_console(chosen_color(color)), results, n_papers)
    elif chosen in EXPORTS:
        from papersearch.cli.output.exports import export

        write_bytes(export([hit.paper for hit in results], chosen))
    else:
        from papersearch.cli.output import json_documents

        if chosen == "json":
            write_bytes(json_documents.envelope(results))
        elif chosen == "jsonl":
            write_bytes(json_documents.hit_lines(results))
        else:
            write_bytes(json_documents.hit_rows(results).encode("utf-8", "replace"))
    return EXIT_HITS if results.hits else EXIT_NO_HITS


def show(
    papers: NamesArgument,
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
    from papersearch import api
    from papersearch.cli.locations import find_locations

    chosen = chosen_format(format_.value, json, jsonl)
    speak_utf8()
    opened = api.open(find_locations(corpus, index).index_path)
    found = [opened.paper(name) for name in read_ids(opened, papers)]
    if chosen in ("json", "jsonl"):
        from papersearch.cli.output import json_documents

        if chosen == "json":
            write_bytes(json_documents.papers(found))
        else:
            write_bytes(
                b"".join(json_documents.dump(json_documents.paper_fields(paper), indent=False) for paper in found)
            )
    elif chosen in EXPORTS:
        from papersearch.cli.output.exports import export

        write_bytes(export(found, chosen))
    else:
        from papersearch.cli.output.table import print_papers

        print_papers(open_console(chosen_color(color)), found)


def _open_or_build(locations: Locations, query: str) -> Index:
    """The index; built first, from the corpus, where there is none yet."""
    from papersearch import api
    from papersearch.errors import IndexMissing
    from papersearch.text.analysis import Analyzer
    from papersearch.text.query import parse_query

    parse_query(query, Analyzer())  # a query that cannot be read should not cost a build
    try:
        return api.open(locations.index_path)
    except IndexMissing as missing:
        if not locations.corpus_path.is_dir():
            raise CommandError(
                f"cannot find an index in {locations.index_path}, nor a corpus in {locations.corpus_path}",
                f"mkdir -p {locations.corpus_path}, save dumps in it, then: papersearch index",
            ) from missing
    from papersearch.cli.index import run_build

    complain(f"building an index of {locations.corpus_path}, once", "")
    run_build(locations)
    return api.open(locations.index_path)
