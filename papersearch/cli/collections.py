"""The verb `collections`: corpora under names, each with an index, to be searched alone or as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from papersearch.cli import completion
from papersearch.cli.errors import CommandError, complain, typed
from papersearch.cli.group import Verbs
from papersearch.cli.options import (
    DebugOption,
    IndexOption,
    JsonlOption,
    JsonOption,
    RecordFormat,
    RecordFormatOption,
)
from papersearch.cli.output.printer import open_printer
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from papersearch.cli.registry import NamedCollection

collections = Verbs(
    no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


class ListOptions(NamedTuple):
    """Options of `collections list`."""

    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    jsonl: JsonlOption = False
    debug: DebugOption = False


@collections.callback(invoke_without_command=True)
def collections_group(context: typer.Context) -> None:
    """Keep corpora under names, and search several as one.

    papersearch "QUERY" -c NAME searches one from any folder; -c NAME -c OTHER several, and -c all every
    one, with the ranking of one index.
    """
    if context.invoked_subcommand is None:
        _list(ListOptions())


@collections.command("list")
@takes(ListOptions)
def list_collections(options: ListOptions) -> None:
    """List the collections with their papers and places."""
    _list(options)


def _list(options: ListOptions) -> None:
    from papersearch.cli.registry import find_registry, read_collections

    printer = open_printer(options.format_, json=options.json, jsonl=options.jsonl)
    path = find_registry()
    known = list(read_collections(path).values())
    printer.collections(known)
    if not known:
        printer.hint("no collection has a name yet", "papersearch collections add NAME FOLDER")


class AddOptions(NamedTuple):
    """Options of `collections add`."""

    name: Annotated[str, typer.Argument(help="Name of the collection.", show_default=False)]
    corpus: Annotated[
        Optional[Path], typer.Argument(help="Folder of its dumps.", metavar="[FOLDER]", show_default=False)
    ] = None
    index_path: IndexOption = None
    debug: DebugOption = False


@collections.command("add")
@takes(AddOptions)
def add(options: AddOptions) -> None:
    """Give a corpus a name.

    Its index is kept in your data folder, or where --index says. With --index and no folder of
    dumps, an index that is there gets the name, or one on a server.
    """
    from papersearch.cli.registry import add_collection, find_registry
    from papersearch.remote.addresses import address_in, parse_address

    index = options.index_path
    if options.corpus is None and index is None:
        raise typer.BadParameter("expected a folder of dumps, or an index with --index")
    if options.corpus is not None and not options.corpus.is_dir():
        raise CommandError(
            f"cannot find a corpus in {options.corpus}",
            f"{typed('mkdir -p', options.corpus)}, save dumps in it, and try again",
        )
    address = address_in(index) if index is not None else None
    if address is not None:
        parse_address(address)
        if options.corpus is not None:
            raise CommandError(
                "cannot build an index on a server: it has its own corpus",
                typed("papersearch collections add", options.name, "--index", address),
            )
    added = add_collection(find_registry(), options.name, options.corpus, index)
    complain(f"{added.name} is {_place_of(added)}", _next_step(added))


def _place_of(added: NamedCollection) -> str:
    return f"the corpus in {added.corpus}" if added.corpus is not None else f"the index in {added.index_path}"


def _next_step(added: NamedCollection) -> str:
    from papersearch.index.layout import is_index

    if added.corpus is None or is_index(added.index_path):
        return typed("papersearch QUERY -c", added.name)
    return typed("papersearch index -c", added.name)


class RemoveOptions(NamedTuple):
    """Options of `collections remove`."""

    name: Annotated[
        str,
        typer.Argument(help="Name of the collection.", show_default=False, autocompletion=completion.collections),
    ]
    debug: DebugOption = False


@collections.command("remove")
@takes(RemoveOptions)
def remove(options: RemoveOptions) -> None:
    """Forget a name; dumps and indexes stay."""
    from papersearch.cli.registry import find_registry, joint_indexes_with, remove_collection
    from papersearch.index.layout import is_index

    removed = remove_collection(find_registry(), options.name)
    if not removed.has_own_place and is_index(removed.index_path):
        complain(f"the index of {removed.name} stays in {removed.index_path}", typed("rm -r", removed.index_path))
    for folder, names in joint_indexes_with(removed.name).items():
        complain(f"the index of {', '.join(names)} together stays in {folder}", typed("rm -r", folder))
