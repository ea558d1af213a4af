"""The verb `search`, which is also every query without a verb.

Imports that cost time are inside the function: a mistyped option should not cost numpy.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli.exit_codes import EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.index_access import filters_for, open_or_build
from papersearch.cli.notices import (
    offer_words,
    say_doubts,
    warn_if_partial,
    warn_if_stale,
    warn_of_command,
    warn_of_filters,
    warn_of_mode,
    warn_of_reading,
)
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
    LateOption,
    MapGroup,
    MarkGroup,
    ModeChoice,
    ModeOption,
    PlacesGroup,
    RerankGroup,
    SortChoice,
    StyleOption,
    TopOption,
    WordsArgument,
)
from papersearch.cli.output.printer import chosen_format, open_hit_printer, printer_of
from papersearch.cli.output.terminal import typed_text
from papersearch.cli.query_words import refuse_dash
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.cli.comparison import Comparison
    from papersearch.cli.maps import MapFiles
    from papersearch.cli.output.printer import Printer
    from papersearch.types import Filters, Results


class SearchOptions(NamedTuple):
    """Options of `search`."""

    query: WordsArgument = None
    top: TopOption = 10
    mode: ModeOption = ModeChoice.hybrid
    format_: FormatOption = Format.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    key: KeyOption = None
    style: StyleOption = None
    copy: CopyOption = False
    explain: Annotated[bool, typer.Option("--explain", help="Explain how each score is computed.")] = False
    strict: Annotated[bool, typer.Option("--strict", help="Leave out papers that answer weakly.")] = False
    filters: FilterGroup = GROUP
    marked: MarkGroup = GROUP
    sort: Annotated[
        SortChoice, typer.Option("--sort", help="Best first, or the newest of the best hundred first.")
    ] = SortChoice.relevance
    fold: Annotated[
        Optional[bool],
        typer.Option(
            "--fold/--no-fold",
            help="Fold near-duplicates under the best of them; by default only in tables.",
            show_default=False,
        ),
    ] = None
    facets: Annotated[
        bool, typer.Option("--facets", help="Count answers by date, name, organisation and dump.")
    ] = False
    against: Annotated[
        Optional[str],
        typer.Option(
            "--against",
            help="Compare with the answer to this query: counts, papers of both, and of each alone.",
            metavar="QUERY",
            show_default=False,
        ),
    ] = None
    suggest: Annotated[bool, typer.Option("--suggest", help="Offer terms that narrow the search.")] = False
    late: LateOption = True
    instruction: Annotated[
        Optional[str],
        typer.Option(
            "--instruction",
            help="What the model is told to do with the query, for models that take an instruction.",
            metavar="TEXT",
            show_default=False,
        ),
    ] = None
    rerank: RerankGroup = GROUP
    judge: Annotated[
        Optional[Path],
        typer.Option(
            "--judge",
            help="Ask which hits answer, and add that to a file of judgements (TREC's qrels).",
            metavar="FILE",
            show_default=False,
        ),
    ] = None
    maps: MapGroup = GROUP
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(SearchOptions)
def search(options: SearchOptions) -> int:
    """Search; the same as papersearch "QUERY".

    Words are ranked by; "a phrase" must be in every hit, title:word in its title;
    -word and -"a phrase" in none. author:doe, author:"Jane Doe", cat:cs.LG, venue:neurips,
    year:2024 and year:2023-2025 are conditions too. AND, OR and NOT in capitals join words,
    phrases, conditions and groups in parentheses; word* is every word with this beginning.
    Conditions or filters alone list papers, the newest first.
    """
    from papersearch.cli.locations import find_locations
    from papersearch.search.request import names_papers

    printer = printer_of(options, open_hit_printer)
    _refuse_beside(options, printer)
    if options.judge is not None:
        from papersearch.cli.judging import check

        check(options.judge)
    locations = find_locations(options.places)
    query = options.query or []
    refuse_dash(query)
    text = " ".join(map(typed_text, query))
    may_be_empty = names_papers(options.filters) or any(options.marked)
    with nullcontext() if options.rerank is None else options.rerank.opened() as rerank:
        opened, is_new = open_or_build(locations, text, may_be_empty=may_be_empty)
        filters = filters_for(opened, options.filters, options.marked)
        results = opened.search(
            text,
            options.top,
            options.mode.value,
            explain=options.explain,
            strict=options.strict,
            late=options.late,
            filters=filters,
            sort=options.sort.value,
            fold=printer.format == "table" if options.fold is None else options.fold,
            facets=options.facets or options.against is not None,
            related=options.suggest,
            instruction=options.instruction,
            rerank=rerank,
        ).replace(filters=options.filters)
    if results.mode_reason and not is_new:
        warn_of_mode(opened, results.mode_reason)
    _say_about(options, opened, results, printer)
    warn_if_stale(opened, locations)
    if options.against is not None:
        found = _compared(options, opened, results, filters)
        printer.comparison(results, found, options.top, printer.marks_of(results, opened, options.marked))
        return EXIT_NO_HITS if found.is_empty else EXIT_HITS
    print_hits = partial(printer.answer, results, opened, options.marked)
    if options.maps is None:
        print_hits()
    else:
        options.maps.beside(print_hits, partial(_draw, options.maps, options, opened, text, filters))
    if options.judge is not None:
        from papersearch.cli.judging import ask

        ask(options.judge, results)
    return EXIT_HITS if results.hits else EXIT_NO_HITS


def _say_about(options: SearchOptions, opened: Index, results: Results, printer: Printer) -> None:
    """Say on stderr what is to be known of an answer, apart from its hits."""
    query = options.query or []
    if results.is_ranked:
        warn_if_partial(opened, results.encoded, results.mode_used)
    if options.rerank is not None:
        options.rerank.say(results)
    warn_of_command(query)
    warn_of_reading(results)
    is_table_of_hits = printer.format == "table" and options.against is None
    if not is_table_of_hits:  # which says it beside its hits
        say_doubts(results, results.query if options.against is not None else "")
    offer_words(results, query)
    warn_of_filters(results, options.marked)
    _say_places(options, opened, results)
    if options.facets and printer.format not in ("table", "json"):
        printer.hint(
            f"cannot print facets as {printer.format}: only tables and JSON have them", "--format table, or --json"
        )
    if results.related and printer.format != "json" and not is_table_of_hits:
        printer.hint(f"narrow by: {', '.join(term.term for term in results.related)}")


def _say_places(options: SearchOptions, opened: Index, results: Results) -> None:
    """Say why the papers of `--within` are where they are in the whole answer, with `--explain`."""
    is_looked_up = results.reading is not None and results.reading.identifier is not None
    if options.explain and options.filters.within and results.query and not is_looked_up:
        from papersearch.cli.missing import say_places

        say_places(opened, results.query, options)


def _draw(maps: MapFiles, options: SearchOptions, opened: Index, query: str, filters: Filters) -> None:
    """Draw the map of an answer, which has more papers than are printed."""

    def ask(k: int) -> Results:
        return opened.search(
            query,
            k,
            options.mode.value,
            strict=options.strict,
            late=options.late,
            instruction=options.instruction,
            filters=filters,
        )

    maps.draw_answer(opened, query, ask, 0 if options.strict else options.top)


def _compared(options: SearchOptions, opened: Index, results: Results, filters: Filters) -> Comparison:
    """Compare an answer with that to `--against`, under the same filters; say what is doubtful of the other."""
    from papersearch.cli.comparison import compare_answers

    query = typed_text(options.against or "")
    search = partial(
        opened.search,
        mode=options.mode.value,
        late=options.late,
        filters=filters,
        instruction=options.instruction,
    )
    found, other = compare_answers(search, results.query, query)
    warn_of_reading(other)
    say_doubts(other, other.query)
    offer_words(other, [query])
    return found


def _refuse_beside(options: SearchOptions, printer: Printer) -> None:
    """Refuse options that exclude each other. Raises BadParameter or CommandError."""
    if options.maps is not None:
        options.maps.refuse(chosen_format(options.format_.value, json=options.json, jsonl=options.jsonl))
    if options.against is not None:
        from papersearch.cli.comparison import refuse_format

        refuse_format(printer.format, options.style)
        for name, given in (("--rerank", options.rerank), ("--map", options.maps), ("--judge", options.judge)):
            if given is not None:
                raise typer.BadParameter("it is for one answer, and --against compares two", param_hint=name)
    if options.rerank is not None and options.sort != SortChoice.relevance:
        raise typer.BadParameter("expected --sort relevance, which it is for", param_hint="--rerank")
    if options.rerank is not None and options.maps is not None:
        raise typer.BadParameter("cannot map an answer that is reranked", param_hint="--rerank")
    if options.instruction is not None and options.mode == ModeChoice.keyword:
        raise typer.BadParameter("expected another mode: keyword encodes no query", param_hint="--instruction")
    if options.instruction is not None and not options.instruction.strip():
        raise typer.BadParameter("expected a text, found an empty one", param_hint="--instruction")
