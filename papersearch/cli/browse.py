"""The verb `browse`: search as you type, in the whole terminal.

This module starts and ends the application, which is in `tui/browser.py`. The package `textual`
is optional and slow to import: only browsing imports it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NamedTuple, Optional

import typer

from papersearch.cli.errors import EXAMPLE, CommandError, typed
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_INTERRUPTED, EXIT_NO_HITS
from papersearch.cli.index_access import open_index
from papersearch.cli.locations import find_marks
from papersearch.cli.options import GROUP, DebugOption, ModeChoice, ModeOption, PlacesGroup, TopOption
from papersearch.cli.output.printer import Printer
from papersearch.cli.output.terminal import typed_text
from papersearch.cli.signatures import takes

FRAMES_PER_SECOND = "120"
"""Hits appear with the next frame: at textual's default of 60, the wait is a third of the time to see them."""


class BrowseOptions(NamedTuple):
    """Options of `browse`."""

    query: Annotated[Optional[list[str]], typer.Argument(help="Initial query.", show_default=False)] = None
    top: TopOption = 50
    mode: ModeOption = ModeChoice.hybrid
    judge: Annotated[
        Optional[Path],
        typer.Option(
            "--judge",
            help="File of judgements (TREC's qrels) to which F5 adds that a paper answers.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(BrowseOptions)
def browse(options: BrowseOptions) -> int:
    """Search as you type, in the whole terminal.

    Prints the ids of the papers you take, one a line:
    papersearch browse | papersearch show - --format bibtex
    """
    text = " ".join(map(typed_text, options.query or ()))
    _check_terminal(text)
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_PER_SECOND)  # textual reads it once, when imported
    try:
        from papersearch.cli.tui.browser import Browser
    except ImportError as error:
        raise CommandError(
            f"cannot browse without the package textual, 8.2 or newer: {error}",
            "pip install '.[tui]' in a clone of the repository",
        ) from error
    if not os.environ.get("NO_COLOR"):
        os.environ.pop("NO_COLOR", None)  # textual does not tell an empty value from a set one
    opened = open_index(options.places)
    if options.judge is not None:
        from papersearch.evaluation.judging import check_judgements

        check_judgements(options.judge)
    app = Browser(opened, text, options.mode.value, options.top, find_marks())
    app.judged = options.judge
    chosen = app.run()
    if app.failure is not None:
        raise app.failure
    if app.return_code == EXIT_INTERRUPTED:
        raise KeyboardInterrupt
    if app.return_code:
        raise RuntimeError("the application ended by the error above")
    if app.results is not None:  # the numbers on its rows stay true: show 3
        from papersearch.cli.last_results import keep

        keep(opened, [app.results])
    Printer().lines([paper_id] for paper_id in chosen or ())
    return EXIT_HITS if chosen else EXIT_NO_HITS


def _check_terminal(query: str) -> None:
    """Raise CommandError unless standard input and standard error are a terminal that can be drawn on.

    Keys are read from the one and the screen is drawn on the other, so that stdout can be a pipe.
    """
    hint = typed("papersearch search", query) if query else EXAMPLE
    for stream, name in ((sys.__stdin__, "input"), (sys.__stderr__, "error")):
        if stream is None or not stream.isatty():
            raise CommandError(f"cannot browse: standard {name} is not a terminal", hint)
    if os.environ.get("TERM") == "dumb":
        raise CommandError("cannot browse on a terminal of type dumb (TERM)", hint)
