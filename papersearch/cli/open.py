"""The verb that leaves the terminal: papers in the browser.

A browser gets addresses of `pages`, and nothing else: those begin with https and are
percent-encoded, whatever a title holds. No shell is involved.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from papersearch.cli.errors import CommandError, typed
from papersearch.cli.options import CorpusOption, DebugOption, IndexOption, NamesArgument, open_index, read_ids
from papersearch.cli.output.terminal import speak_utf8, typed_text
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.types import Paper

_AT_ONCE = 10
"""Tabs: more are a slip, such as a whole result piped in."""


def open_papers(
    papers: NamesArgument,
    print_: Annotated[bool, typer.Option("--print", help="Only print the addresses.")] = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> None:
    """Open papers in the browser.

    The page is arXiv's or the DOI's; where neither is known, a search of arXiv for the title.
    Prints one line a paper: its id, a tab, the address.
    """
    from papersearch.cli.browsers import address_of

    speak_utf8()
    found = _named(open_index(corpus, index), papers)
    if len(found) > _AT_ONCE and not print_:
        raise typer.BadParameter(f"cannot open {len(found)} papers at once: the limit is {_AT_ONCE}; see --print")
    for paper in found:
        address = address_of(paper)
        if not print_:
            _browse(address, paper.paper_id)
        print(f"{clean_text(paper.paper_id)}\t{address}", flush=True)


def _named(opened: Index, names: Sequence[str]) -> list[Paper]:
    """The papers of these names, each once; all of them, before any is opened."""
    from papersearch.errors import AmbiguousPaper, PaperNotFound

    try:
        return list({paper.paper_id: paper for paper in map(opened.paper, read_ids(opened, names))}.values())
    except AmbiguousPaper as error:
        hint = f"{typed('papersearch open', error.candidates[0])}, or: {_search_instead(names)}"
        raise CommandError(error.message, hint) from error
    except PaperNotFound as error:
        raise CommandError(error.message, _search_instead(names)) from error


def _search_instead(names: Sequence[str]) -> str:
    """The search that a query beginning with this verb's name was meant to be."""
    dashes = ["--"] if any(name.startswith("-") for name in names) else []
    return shlex.join(["papersearch", "search", *dashes, "open", *map(typed_text, names)])


def _browse(address: str, paper_id: str) -> None:
    """Raises CommandError where no browser takes the address."""
    import webbrowser

    with _unheard():
        is_open = webbrowser.open(address)
    if not is_open:
        raise CommandError(
            f"cannot open {address}: no browser was found", typed("papersearch open --print", paper_id)
        )


@contextmanager
def _unheard() -> Iterator[None]:
    """Programs started here print nowhere, unless stdout is a terminal, which a text browser needs.

    What a browser prints is no result, and one that stays open would keep the pipe open.
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
