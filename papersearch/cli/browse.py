"""The verb that browses: search as you type, in the whole terminal.

The application stands in `browser`; here is how it begins and ends. The package `textual` is
optional and takes long to import: only browsing imports it.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Optional

import typer

from papersearch.cli.errors import EXAMPLE, EXIT_HITS, EXIT_INTERRUPTED, EXIT_NO_HITS, CommandError, typed
from papersearch.cli.options import (
    CorpusOption,
    DebugOption,
    IndexOption,
    ModeChoice,
    ModeOption,
    TopOption,
    open_index,
    write_bytes,
)
from papersearch.cli.output.terminal import typed_text
from papersearch.text.cleaning import clean_text

FRAMES_PER_SECOND = "120"
"""A letter's hits wait for the next frame: at textual's own 60 a second, a third of their time."""


def browse(
    query: Annotated[Optional[list[str]], typer.Argument(help="What to begin with.", show_default=False)] = None,
    top: TopOption = 50,
    mode: ModeOption = ModeChoice.hybrid,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    debug: DebugOption = False,
) -> int:
    """Search as you type, in the whole terminal.

    Prints the ids of the papers you choose, one a line:
    papersearch browse | papersearch show - --format bibtex
    """
    import gc

    text = " ".join(map(typed_text, query or ()))
    _check_terminal(text)
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_PER_SECOND)  # read when it is imported
    try:
        from papersearch.cli.tui.browser import Browser
    except ImportError as error:
        raise CommandError(
            f"cannot browse without the package textual, 8.2 or newer: {error}",
            "pip install '.[tui]' in a clone of the repository",
        ) from error
    if not os.environ.get("NO_COLOR"):
        os.environ.pop("NO_COLOR", None)  # set but empty: textual would take it for set
    app = Browser(open_index(corpus, index), text, mode.value, top)
    gc.enable()  # off for verbs that end soon
    chosen = app.run()
    if app.failure is not None:
        raise app.failure
    if app.return_code == EXIT_INTERRUPTED:
        raise KeyboardInterrupt
    if app.return_code:
        raise RuntimeError("the application ended by the error above")
    write_bytes("".join(f"{clean_text(paper_id)}\n" for paper_id in chosen or ()).encode("utf-8", "replace"))
    return EXIT_HITS if chosen else EXIT_NO_HITS


def _check_terminal(query: str) -> None:
    """Keys come from standard input and the picture goes to standard error, so that standard
    output can be a pipe: both must be a terminal, and one that can be drawn on."""
    hint = typed("papersearch search", query) if query else EXAMPLE
    for stream, name in ((sys.__stdin__, "input"), (sys.__stderr__, "error")):
        if stream is None or not stream.isatty():
            raise CommandError(f"cannot browse: standard {name} is not a terminal", hint)
    if os.environ.get("TERM") == "dumb":
        raise CommandError("cannot browse on a terminal of type dumb (TERM)", hint)
