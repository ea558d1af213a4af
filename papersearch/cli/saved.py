"""The verb `saved`: searches under names, to be run again when the corpus has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli import completion
from papersearch.cli.errors import complain
from papersearch.cli.exit_codes import EXIT_ERROR, EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.group import Verbs
from papersearch.cli.index_access import filters_for, open_index
from papersearch.cli.options import (
    GROUP,
    AmongGroup,
    Color,
    ColorOption,
    DebugOption,
    Format,
    FormatOption,
    JsonlOption,
    JsonOption,
    KeyOption,
    MarkGroup,
    ModeChoice,
    ModeOption,
    PlacesGroup,
    RecordFormat,
    RecordFormatOption,
    SavedFilterGroup,
    SearchNamesArgument,
    WordsArgument,
)
from papersearch.cli.output.printer import open_hit_printer, open_printer
from papersearch.cli.output.terminal import typed_text
from papersearch.cli.saved_answers import (
    answers_of,
    filters_among,
    narrowed,
    new_papers,
    wanted_searches,
    warn_of_answer,
    warn_of_encoding,
)
from papersearch.cli.saved_digest import digest
from papersearch.cli.signatures import takes
from papersearch.search.request import DEFAULT_K

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.cli.output.marked import Marked
    from papersearch.cli.output.printer import Printer
    from papersearch.saved import SavedSearch
    from papersearch.types import Results

_MAX_NAME = 100

saved = Verbs(no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@saved.callback()
def _saved() -> None:
    """Keep searches under names, and run them again.

    They are in searches.toml beside corpus/ and index/, or in your configuration folder.
    """


class AddOptions(NamedTuple):
    """Options of `saved add`."""

    name: Annotated[str, typer.Argument(help="Name of the search.", show_default=False)]
    query: WordsArgument = None
    replace: Annotated[bool, typer.Option("--replace", help="Replace the search that has the name.")] = False
    mode: ModeOption = ModeChoice.hybrid
    filters: SavedFilterGroup = GROUP
    marked: MarkGroup = GROUP
    debug: DebugOption = False


@saved.command("add")
@takes(AddOptions)
def add(options: AddOptions) -> None:
    """Keep a search under a name, with its filters.

    Dates that move with today, such as 7d, are kept as they are typed.
    """
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.search.days import with_dates
    from papersearch.search.filters import days
    from papersearch.search.request import names_papers
    from papersearch.text.analysis import Analyzer
    from papersearch.text.cleaning import clean_text
    from papersearch.text.query import parse_query

    name = clean_text(typed_text(options.name))
    if not name or len(name) > _MAX_NAME:
        raise typer.BadParameter(f"expected 1 to {_MAX_NAME} characters", param_hint="NAME")
    days(with_dates(options.filters))  # reject a search that cannot be run
    typed_words = " ".join(map(typed_text, options.query or ()))
    may_be_empty = names_papers(options.filters) or any(options.marked)
    text = parse_query(typed_words, Analyzer(), may_be_empty=may_be_empty).text
    path = find_searches()
    search = saved.SavedSearch(name, text, options.mode.value, options.filters, options.marked)
    saved.add(path, search, replace=options.replace)
    complain(f"kept {name} in {path}", "papersearch saved run")


class ListOptions(NamedTuple):
    """Options of `saved list`."""

    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    debug: DebugOption = False


@saved.command("list")
@takes(ListOptions)
def list_searches(options: ListOptions) -> int:
    """Print the searches that are kept: name, query, mode, filters."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches

    printer = open_printer(options.format_, json=options.json)
    searches = saved.read(find_searches()).values()
    printer.searches(searches, ((one.name, one.query, _typed_options(one)) for one in searches))
    return EXIT_HITS if searches else EXIT_NO_HITS


class ShowOptions(NamedTuple):
    """Options of `saved show`."""

    names: Annotated[
        list[str],
        typer.Argument(help="Names of searches.", show_default=False, autocompletion=completion.searches),
    ]
    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    debug: DebugOption = False


@saved.command("show")
@takes(ShowOptions)
def show(options: ShowOptions) -> None:
    """Print searches as commands to type."""
    printer = open_printer(options.format_, json=options.json)
    searches = wanted_searches(options.names)
    printer.searches(searches, ((_command(one),) for one in searches))


class RemoveOptions(NamedTuple):
    """Options of `saved remove`."""

    name: Annotated[
        str, typer.Argument(help="Name of the search.", show_default=False, autocompletion=completion.searches)
    ]
    debug: DebugOption = False


@saved.command("remove")
@takes(RemoveOptions)
def remove(options: RemoveOptions) -> None:
    """Forget a search, and which papers it has shown."""
    from papersearch import saved, seen
    from papersearch.cli.locations import find_searches
    from papersearch.text.cleaning import clean_text

    path, name = find_searches(), clean_text(typed_text(options.name))
    saved.remove(path, name)
    seen.forget(path, name)


class RunOptions(NamedTuple):
    """Options of `saved run`."""

    names: SearchNamesArgument = None
    new: Annotated[bool, typer.Option("--new", help="Only papers that are new since the last run with --new.")] = (
        False
    )
    top: Annotated[
        Optional[int],
        typer.Option(
            "--top",
            "-k",
            min=1,
            help="Number of papers; by default 10, and with --new all.",
            metavar="K",
            show_default=False,
        ),
    ] = None
    among: AmongGroup = GROUP
    format_: FormatOption = Format.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    key: KeyOption = None
    color: ColorOption = Color.auto
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@saved.command("run")
@takes(RunOptions)
def run(options: RunOptions) -> int:
    """Run searches again; papers that answer weakly are left out.

    With --new, each paper is shown once: the first run shows what the last build added, later
    ones what came since. What -k leaves out comes the next time.
    """
    from papersearch.cli.locations import find_locations

    printer = open_hit_printer(
        options.format_, options.color, json=options.json, jsonl=options.jsonl, key=options.key
    )
    if not options.new:
        return _run_again(options, printer)
    locations = find_locations(options.places)
    with new_papers(options.names or (), locations, "run", options.top, options.among) as found:
        named = [_named(search, news.results, found.opened, printer) for search, news in found.answers]
        printer.named_hits(named, len(found.opened))
        printer.flush()
        printer.keep([news.results for _, news in found.answers], found.opened)
    return found.exit_code


def _run_again(options: RunOptions, printer: Printer) -> int:
    """Print the papers that answer, shown before or not."""
    wanted = wanted_searches(options.names or ())
    opened = open_index(options.places)
    warn_of_encoding(opened, wanted)
    k, is_table = options.top or DEFAULT_K, printer.format == "table"
    among_ids = filters_for(opened, options.among)

    def answer(search: SavedSearch) -> Results:
        asked = narrowed(opened, search, among_ids)
        results = opened.search(asked.query, k, asked.mode, strict=True, filters=asked.filters, fold=is_table)
        results = results.replace(filters=filters_among(search, options.among))
        warn_of_answer(opened, search, results)
        return results

    answers, has_failed = answers_of(wanted, answer)
    printer.named_hits([_named(search, results, opened, printer) for search, results in answers], len(opened))
    printer.keep([results for _, results in answers], opened)
    if has_failed:
        return EXIT_ERROR
    return EXIT_HITS if any(results.hits for _, results in answers) else EXIT_NO_HITS


def _named(
    search: SavedSearch, results: Results, opened: Index, printer: Printer
) -> tuple[str, Results, Marked | None]:
    """Return an answer under the name of its search, with the marks of its papers."""
    return search.name, results, printer.marks_of(results, opened, search.marked)


saved.command("digest")(digest)


def _command(search: SavedSearch) -> str:
    """Return the command that searches the same without the name."""
    import shlex

    words = [
        "papersearch search",
        _typed_options(search),
        f"-- {shlex.quote(search.query)}" if search.query else "",
    ]
    return " ".join(filter(None, words))


def _typed_options(search: SavedSearch) -> str:
    """Return the options that distinguish the search from a plain one, as typed."""
    from papersearch.cli.output.reasons import typed_filters

    mode = "" if search.mode == "hybrid" else f"--mode {search.mode}"
    return " ".join(filter(None, (mode, typed_filters(search.filters, search.marked))))
