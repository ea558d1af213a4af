"""The verb `saved`: searches under names, to be run again when the corpus has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli import completion
from papersearch.cli.errors import CommandError, complain
from papersearch.cli.exit_codes import EXIT_ERROR, EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.hints import explained
from papersearch.cli.index_access import filters_for, marked_by, open_index
from papersearch.cli.notices import warn_if_partial, warn_of_mode, warn_of_reading, warn_of_undated
from papersearch.cli.options import (
    GROUP,
    AmongGroup,
    Color,
    ColorOption,
    CorpusOption,
    DebugOption,
    Format,
    FormatOption,
    IndexOption,
    JsonlOption,
    JsonOption,
    KeyOption,
    MarkGroup,
    ModeChoice,
    ModeOption,
    NewOption,
    RecordFormat,
    RecordFormatOption,
    SavedFilterGroup,
    TopOption,
    WordsArgument,
)
from papersearch.cli.output.printer import open_hit_printer, open_printer
from papersearch.cli.output.terminal import typed_text
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersearch.api import Index
    from papersearch.cli.output.marked import Marked
    from papersearch.cli.output.printer import Printer
    from papersearch.saved import SavedSearch
    from papersearch.types import Filters, Results

_MAX_NAME = 100

saved = typer.Typer(
    no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@saved.callback()
def _saved() -> None:
    """Keep searches under names, and run them again.

    They are in searches.toml beside corpus/ and index/, or in your configuration folder.
    """


class AddOptions(NamedTuple):
    """Options of `saved add`."""

    name: Annotated[str, typer.Argument(help="Name of the search.", show_default=False)]
    query: WordsArgument = None
    mode: ModeOption = ModeChoice.hybrid
    filters: SavedFilterGroup = GROUP
    marked: MarkGroup = GROUP
    debug: DebugOption = False


@saved.command("add")
@takes(AddOptions)
def add(options: AddOptions) -> None:
    """Keep a search under a name, with its filters."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.search.filters import days
    from papersearch.search.request import names_papers
    from papersearch.text.analysis import Analyzer
    from papersearch.text.cleaning import clean_text
    from papersearch.text.query import parse_query

    name = clean_text(typed_text(options.name))
    if not name or len(name) > _MAX_NAME:
        raise typer.BadParameter(f"expected 1 to {_MAX_NAME} characters", param_hint="NAME")
    days(options.filters)  # reject a search that cannot be run
    typed_words = " ".join(map(typed_text, options.query or ()))
    may_be_empty = names_papers(options.filters) or any(options.marked)
    text = parse_query(typed_words, Analyzer(), may_be_empty=may_be_empty).text
    path = find_searches()
    saved.add(path, saved.SavedSearch(name, text, options.mode.value, options.filters, options.marked))
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


class RemoveOptions(NamedTuple):
    """Options of `saved remove`."""

    name: Annotated[
        str, typer.Argument(help="Name of the search.", show_default=False, autocompletion=completion.searches)
    ]
    debug: DebugOption = False


@saved.command("remove")
@takes(RemoveOptions)
def remove(options: RemoveOptions) -> None:
    """Forget a search."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.text.cleaning import clean_text

    saved.remove(find_searches(), clean_text(typed_text(options.name)))


class RunOptions(NamedTuple):
    """Options of `saved run`."""

    names: Annotated[
        Optional[list[str]],
        typer.Argument(
            help="Names of searches; all by default.", show_default=False, autocompletion=completion.searches
        ),
    ] = None
    new: NewOption = False
    among: AmongGroup = GROUP
    top: TopOption = 10
    format_: FormatOption = Format.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    key: KeyOption = None
    color: ColorOption = Color.auto
    corpus_path: CorpusOption = None
    index_path: IndexOption = None
    debug: DebugOption = False


@saved.command("run")
@takes(RunOptions)
def run(options: RunOptions) -> int:
    """Run searches again; papers that answer weakly are left out.

    With --new, what the last build brought on your topics.
    """
    from papersearch.errors import NothingEncoded, QueryError, UnknownTag

    printer = open_hit_printer(
        options.format_, options.color, json=options.json, jsonl=options.jsonl, key=options.key
    )
    wanted = _wanted(options.names or ())
    opened = open_index(options.corpus_path, options.index_path)
    if opened.encoded.n_encoded and any(search.mode != "keyword" for search in wanted):
        warn_if_partial(opened, opened.encoded, "hybrid")
    among = filters_for(opened, options.among)
    answers: list[tuple[str, Results, Marked | None]] = []
    has_failed = False
    for search in wanted:
        try:
            results = _run_one(opened, search, options, among, printer)
        except (QueryError, NothingEncoded, UnknownTag) as error:  # a name may be gone; the others still run
            message, hint = explained(error)
            printer.hint(f"{search.name}: {message}", hint)
            has_failed = True
        else:
            answers.append((search.name, results, marked_by(printer, results, opened, search.marked)))
    printer.named_hits(answers, len(opened))
    if has_failed:
        return EXIT_ERROR
    return EXIT_HITS if any(results.hits for _, results, _ in answers) else EXIT_NO_HITS


def _wanted(names: Sequence[str]) -> list[SavedSearch]:
    """Read the searches of these names, or all of them. Raises SavedSearchError."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.errors import UnknownSearch
    from papersearch.text.cleaning import clean_text

    path = find_searches()
    searches = saved.read(path)
    if not searches:
        raise CommandError(f"{path} has no searches", 'papersearch saved add pipelines "pipeline bubbles"')
    wanted = [clean_text(typed_text(name)) for name in names] or list(searches)
    for name in wanted:
        if name not in searches:
            raise UnknownSearch(path=path, name=name)
    return [searches[name] for name in wanted]


def _run_one(opened: Index, search: SavedSearch, options: RunOptions, among: Filters, printer: Printer) -> Results:
    """Answer one search `among` papers, with its notices on stderr. Raises QueryError and UnknownTag."""
    asked = search.filters.replace(new=options.new, within=options.among.within, without=options.among.without)
    filters = filters_for(opened, asked.replace(within=among.within, without=among.without), search.marked)
    is_table = printer.format == "table"
    results = opened.search(search.query, options.top, search.mode, strict=True, filters=filters, fold=is_table)
    results = results.replace(filters=asked)
    if results.mode_reason:
        warn_of_mode(opened, results.mode_reason, search.name)
    warn_of_reading(results)
    warn_of_undated(results)
    return results


def _typed_options(search: SavedSearch) -> str:
    """Return the options that distinguish the search from a plain one, as typed."""
    import shlex

    from papersearch import saved

    typed = []
    for key, value in saved.fields(search).items():
        if key == "query":
            continue
        values = value if isinstance(value, list) else [value]
        typed += [f"--{key}" if one is True else f"--{key} {shlex.quote(one)}" for one in values]
    return " ".join(typed)
