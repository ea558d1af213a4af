"""The verb that serves: other programs search by the Model Context Protocol, over stdio.

What is served stands in `mcp_tools`; here is how serving begins and ends. The package `mcp` is
optional and takes a second to import: only a server imports it.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from papersearch.cli.errors import EXIT_HITS, EXIT_INTERRUPTED, CommandError, complain
from papersearch.cli.options import CorpusOption, DebugOption, IndexOption, open_index


def serve(corpus: CorpusOption = None, index: IndexOption = None, debug: DebugOption = False) -> int:
    """Serve search, show and similar by the Model Context Protocol.

    It speaks on standard input and output, until its input is closed.
    """
    import gc
    import signal

    opened = open_index(corpus, index)
    try:
        from papersearch.cli.mcp_tools import make_server
    except ImportError as error:
        raise CommandError(
            f"cannot serve without the package mcp, 2.3 or newer: {error}",
            "pip install '.[mcp]' in a clone of the repository",
        ) from error
    server = make_server(opened, debug=debug)
    gc.enable()  # off for verbs that end soon
    signal.signal(signal.SIGINT, _leave)
    if sys.stdin.isatty():
        complain("serving other programs on standard input; Ctrl-C ends it", "papersearch search mcp")
    try:
        server.run("stdio")
    except* BrokenPipeError:
        pass  # a client that goes away is no error
    return EXIT_HITS


def _leave(*_: object) -> NoReturn:
    """End at once: a thread waits for standard input, and an exception would wait for that thread."""
    os._exit(EXIT_INTERRUPTED)
