"""The table of verbs, with their traits. Only the called verb is imported, so that help and completion are fast."""

from __future__ import annotations

from typing import Annotated

import typer

from papersearch.cli.group import SEARCH, QueryGroup, Verb

VERBS = {
    SEARCH: Verb("search:search", 'Search; the same as papersearch "QUERY".'),
    "show": Verb("show:show", "Print whole records: abstract, metadata, links, dumps and lines."),
    "similar": Verb("similar:similar", "Papers like these, and not like those."),
    "mark": Verb("mark:mark", "Tag papers, note something about them, and mark them as read."),
    "open": Verb("open:open_papers", "Open papers in the browser."),
    "browse": Verb("browse:browse", "Search as you type, in the whole terminal.", runs_long=True),
    "mcp": Verb("mcp:serve", "Serve agents by the Model Context Protocol.", runs_long=True),
    "serve": Verb("serve:serve", "Serve the index over HTTP, for --index http://HOST:PORT.", runs_long=True),
    "saved": Verb("saved:saved", "Keep searches under names, and run them again."),
    "collections": Verb("collections:collections", "Keep corpora under names, and search several as one."),
    "index": Verb(
        "index:build_index",
        "Build the index from the corpus, or bring it up to date.",
        takes_files=True,
        encodes_many=True,
        runs_long=True,
    ),
    "convert": Verb(
        "convert:convert",
        "Print the papers of files in another format, without an index.",
        takes_files=True,
    ),
    "stats": Verb("stats:stats", "Say what is in the index, and what could not be parsed."),
    "doctor": Verb("doctor:doctor", "Prove that the index is whole, and say whether it is stale."),
    "batch": Verb("batch:batch", "Answer many queries at once, on every core.", takes_files=True, runs_long=True),
    "eval": Verb(
        "eval:evaluate", "Measure rankings against judgements, side by side.", takes_files=True, runs_long=True
    ),
    "tune": Verb(
        "tune:tune", "Tune the weights of hybrid mode to your judgements.", takes_files=True, runs_long=True
    ),
}


class Papersearch(QueryGroup):
    """Group of the verbs above."""

    verbs = VERBS


app = typer.Typer(
    name="papersearch",
    cls=Papersearch,
    add_completion=True,
    no_args_is_help=False,
    invoke_without_command=True,
    subcommand_metavar="QUERY | COMMAND [ARGS]...",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Typer's coloured help imports as much as a query does
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


@app.callback()
def papersearch(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Search research papers: papersearch "pipeline bubbles".

    A first word that names no command below begins a query.
    """
    if version:
        from papersearch.version import __version__

        print(f"papersearch {__version__}")
    elif context.invoked_subcommand is None:
        from papersearch.cli.errors import EXAMPLE, CommandError

        raise CommandError("expected a query or a command", f"{EXAMPLE}, or papersearch --help")
