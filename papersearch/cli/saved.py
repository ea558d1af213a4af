"""The verb `saved`: searches under names, to be run again whenever the corpus has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from papersearch.cli import completion
from papersearch.cli.errors import EXIT_ERROR, EXIT_HITS, EXIT_NO_HITS, CommandError, complain, explained
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
    ModeChoice,
    ModeOption,
    NewOption,
    OrganisationOption,
    RecordFormat,
    RecordFormatOption,
    SinceOption,
    TopOption,
    UntilOption,
    chosen_color,
    chosen_filters,
    chosen_format,
    chosen_hit_format,
    open_index,
    warn_of_undated,
    write_bytes,
)
from papersearch.cli.output.terminal import open_console, speak_utf8, typed_text

if TYPE_CHECKING:
    from papersearch.saved import SavedSearch
    from papersearch.types import Results

_MAX_NAME = 100

saved = typer.Typer(
    no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@saved.callback()
def _saved() -> None:
    """Keep searches under names, and run them again.

    They stand in searches.toml beside corpus/ and index/, or in your configuration folder.
    """


@saved.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What to call it.", show_default=False)],
    query: Annotated[list[str], typer.Argument(help="What to look for.", show_default=False)],
    mode: ModeOption = ModeChoice.hybrid,
    since: SinceOption = None,
    until: UntilOption = None,
    organisations: OrganisationOption = None,
    dumps: DumpOption = None,
    has_code: HasCodeOption = False,
    include_undated: IncludeUndatedOption = False,
    debug: DebugOption = False,
) -> None:
    """Keep a search under a name, with its filters."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.search.filters import days
    from papersearch.text.analysis import Analyzer
    from papersearch.text.cleaning import clean_text
    from papersearch.text.query import parse_query

    name = clean_text(typed_text(name))
    if not name or len(name) > _MAX_NAME:
        raise typer.BadParameter(f"expected 1 to {_MAX_NAME} characters", param_hint="NAME")
    filters = chosen_filters(since, until, organisations, dumps, has_code, False, include_undated)
    days(filters)  # what cannot be run is not kept
    text = parse_query(" ".join(map(typed_text, query)), Analyzer()).text
    path = find_searches()
    saved.add(path, saved.SavedSearch(name, text, mode.value, filters))
    complain(f"kept {name} in {path}", "papersearch saved run")


@saved.command("list")
def list_searches(
    format_: RecordFormatOption = RecordFormat.auto, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Print the searches that are kept: name, query, mode, filters."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.cli.output import json_documents
    from papersearch.text.cleaning import clean_text

    chosen = chosen_format(format_.value, json, False)
    speak_utf8()
    searches = saved.read(find_searches())
    fields = [{**search._asdict(), "filters": search.filters.asdict()} for search in searches.values()]
    if chosen == "json":
        write_bytes(json_documents.dump({"schema_version": json_documents.SCHEMA_VERSION, "searches": fields}))
    elif chosen == "jsonl":
        write_bytes(b"".join(json_documents.dump(one, indent=False) for one in fields))
    else:
        rows = ((search.name, search.query, _options(search)) for search in searches.values())
        lines = ("\t".join(map(clean_text, row)) for row in rows)
        write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    return EXIT_HITS if searches else EXIT_NO_HITS


@saved.command("remove")
def remove(
    name: Annotated[
        str, typer.Argument(help="Which search.", show_default=False, autocompletion=completion.searches)
    ],
    debug: DebugOption = False,
) -> None:
    """Forget a search."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.text.cleaning import clean_text

    saved.remove(find_searches(), clean_text(typed_text(name)))


@saved.command("run")
def run(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(
            help="Which searches; all when none is named.", show_default=False, autocompletion=completion.searches
        ),
    ] = None,
    new: NewOption = False,
    top: TopOption = 10,
    format_: FormatOption = Format.auto,
    json: JsonOption = False,
    jsonl: JsonlOption = False,
    color: ColorOption = Color.auto,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Run searches again; papers that answer weakly are left out.

    With --new, what the last build brought on your topics.
    """
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.errors import QueryError, UnknownSearch
    from papersearch.text.cleaning import clean_text

    chosen = chosen_hit_format(format_.value, json, jsonl)
    speak_utf8()
    path = find_searches()
    searches = saved.read(path)
    if not searches:
        raise CommandError(f"{path} has no searches", 'papersearch saved add pipelines "pipeline bubbles"')
    wanted = [clean_text(typed_text(name)) for name in names or ()] or list(searches)
    for name in wanted:
        if name not in searches:
            raise UnknownSearch(path=path, name=name)
    opened = open_index(corpus, index)
    answers: list[tuple[str, Results]] = []
    has_failed = False
    for search in (searches[name] for name in wanted):
        filters = search.filters.replace(new=new)
        try:
            results = opened.search(
                search.query, top, search.mode, strict=True, filters=filters, fold=chosen == "table"
            )
        except QueryError as error:  # an organisation that is gone, say: the other searches are run all the same
            message, hint = explained(error)
            complain(f"{search.name}: {message}", hint)
            has_failed = True
            continue
        if results.mode_reason:
            complain(f"{search.name}: answering by keywords alone: {results.mode_reason}", "papersearch index")
        warn_of_undated(results)
        answers.append((search.name, results))
    _print(answers, chosen, color, len(opened))
    if has_failed:
        return EXIT_ERROR
    return EXIT_HITS if any(results.hits for _, results in answers) else EXIT_NO_HITS


def _print(answers: list[tuple[str, Results]], chosen: str, color: Color, n_papers: int) -> None:
    if chosen == "table":
        from papersearch.cli.output.table import print_results

        console = open_console(chosen_color(color))
        for number, (name, results) in enumerate(answers):
            if number:
                console.print()
            print_results(console, results, n_papers, name=name)
    elif chosen in EXPORTS:
        from papersearch.cli.output.exports import export

        papers = {hit.paper.paper_id: hit.paper for _, results in answers for hit in results}
        write_bytes(export(list(papers.values()), chosen))
    else:
        from papersearch.cli.output import json_documents

        if chosen == "json":
            fields = [{"name": name, **json_documents.envelope_fields(results)} for name, results in answers]
            write_bytes(json_documents.dump({"schema_version": json_documents.SCHEMA_VERSION, "searches": fields}))
        elif chosen == "jsonl":
            lines = (
                {"search": name, **json_documents.hit_fields(hit)} for name, results in answers for hit in results
            )
            write_bytes(b"".join(json_documents.dump(line, indent=False) for line in lines))
        else:
            rows = (json_documents.hit_rows(results, name) for name, results in answers)
            write_bytes("".join(rows).encode("utf-8", "replace"))


def _options(search: SavedSearch) -> str:
    """What distinguishes the search from a plain one, as it is typed."""
    import shlex

    from papersearch import saved

    typed = []
    for key, value in saved.fields(search).items():
        if key == "query":
            continue
        values = value if isinstance(value, list) else [value]
        typed += [f"--{key}" if one is True else f"--{key} {shlex.quote(one)}" for one in values]
    return " ".join(typed)
