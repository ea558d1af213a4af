"""The verb `open`: papers in the browser.

A browser only gets addresses made in `output.addresses`: they begin with https and are
percent-encoded, whatever a title holds. No shell is involved.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from papersearch.cli.errors import CommandError, complain, typed
from papersearch.cli.index_access import open_index
from papersearch.cli.names import read_ids
from papersearch.cli.options import GROUP, DebugOption, NamesArgument, PlacesGroup
from papersearch.cli.output.printer import Printer
from papersearch.cli.output.terminal import typed_text
from papersearch.cli.signatures import takes

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.types import Paper

_AT_ONCE = 10
"""Greatest number of tabs that one command opens: more are a mistake, such as a piped result."""


class OpenOptions(NamedTuple):
    """Options of `open`."""

    papers: NamesArgument
    print_: Annotated[bool, typer.Option("--print", help="Only print the addresses.")] = False
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(OpenOptions)
def open_papers(options: OpenOptions) -> None:
    """Open papers in the browser.

    The page is arXiv's, the DOI's or the source's; where none is known, a search of arXiv for the title.
    Prints one line a paper: its id, a tab, the address. Without a browser that is all.
    """
    from papersearch.cli.output.addresses import address_of

    printer = Printer()
    found = _named(open_index(options.places), options.papers)
    if len(found) > _AT_ONCE and not options.print_:
        raise typer.BadParameter(f"cannot open {len(found)} papers at once: the limit is {_AT_ONCE}; see --print")
    has_browser = not options.print_
    for paper in found:
        address = address_of(paper)
        if has_browser and not _browse(address):
            complain("cannot open a page: no browser was found; the address follows", "")
            has_browser = False
        printer.lines([(paper.paper_id, address)])


def open_page(url: str) -> None:
    """Open an address in the browser from a process of its own, without the streams of this one.

    A browser that shared them would keep a pipe open, and write on a screen that is being drawn.
    """
    import subprocess

    if not url.startswith(("https://", "http://")):
        return
    # Without TERM, no text browser is chosen, which would draw on the terminal.
    environment = {name: value for name, value in os.environ.items() if name != "TERM"}
    subprocess.run(  # noqa: S603  # this Python, and an address from `output.addresses`
        [sys.executable, "-m", "webbrowser", url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
        check=False,
    )


def _named(opened: Index, names: Sequence[str]) -> list[Paper]:
    """Look up every paper before any is opened; each is returned once. Typed words may be meant for a search."""
    from papersearch.errors import AmbiguousPaper, PaperNotFound

    try:
        return list({paper.paper_id: paper for paper in map(opened.paper, read_ids(opened, names))}.values())
    except AmbiguousPaper as error:
        if "-" in names:
            raise
        hint = f"{typed('papersearch open', error.candidates[0])}, or: {_search_instead(names)}"
        raise CommandError(error.message, hint) from error
    except PaperNotFound as error:
        if "-" in names or error.identifier is not None:  # no words of a query
            raise
        raise CommandError(error.message, _search_instead(names)) from error


def _search_instead(names: Sequence[str]) -> str:
    """Return the command for a query that begins with the name of this verb."""
    dashes = ["--"] if any(name.startswith("-") for name in names) else []
    return shlex.join(["papersearch", "search", *dashes, "open", *map(typed_text, names)])


def _browse(address: str) -> bool:
    """Open an address in the browser; return whether one took it."""
    import webbrowser

    with _silenced():
        return webbrowser.open(address)


@contextmanager
def _silenced() -> Iterator[None]:
    """Discard the output of programs started here, unless stdout is a terminal: a text browser needs it.

    A browser's messages are not results, and a browser that stays open would keep a pipe open.
    """
    if sys.stdout.isatty():
        yield
        return
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
