"""The verb `mcp`: a server for other programs, by the Model Context Protocol over stdio.

This module starts and ends the server; its tools are in `mcp_tools`. The package `mcp` is optional
and takes a second to import: only a server imports it.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple, NoReturn

from papersearch.cli.errors import CommandError, complain
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_INTERRUPTED
from papersearch.cli.index_access import open_index
from papersearch.cli.options import CorpusOption, DebugOption, IndexOption
from papersearch.cli.signatures import takes


class ServeOptions(NamedTuple):
    """Options of `mcp`."""

    corpus_path: CorpusOption = None
    index_path: IndexOption = None
    debug: DebugOption = False


@takes(ServeOptions)
def serve(options: ServeOptions) -> int:
    """Serve search, show and similar by the Model Context Protocol.

    It speaks on standard input and output, until its input is closed.
    """
    import signal

    opened = open_index(options.corpus_path, options.index_path)
    try:
        from papersearch.cli.mcp_tools import make_server
    except ImportError as error:
        raise CommandError(
            f"cannot serve without the package mcp, 2.3 or newer: {error}",
            "pip install '.[mcp]' in a clone of the repository",
        ) from error
    server = make_server(opened, debug=options.debug)
    signal.signal(signal.SIGINT, _leave)
    if sys.stdin.isatty():
        complain("serving other programs on standard input; Ctrl-C ends it", "papersearch search mcp")
    try:
        server.run("stdio")
    except* BrokenPipeError:
        pass  # a client may go away
    return EXIT_HITS


def _leave(*_: object) -> NoReturn:
    """End at once: an exception would wait for the thread that reads standard input."""
    os._exit(EXIT_INTERRUPTED)
