"""The command line: a skin over the library, and the only place that knows Typer and Rich."""

from __future__ import annotations

import os
import sys

_EXIT_INTERRUPTED = 130


def main() -> None:
    """The `papersearch` command."""
    # One query multiplies small matrices: more threads only wait for each other. Many of
    # them, and a build, want every core. Both must be set before numpy and tokenizers are
    # imported.
    if not {"index", "batch", "eval"} & set(sys.argv[1:]):
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from papersearch.cli.app import app

    try:
        app()
    except SystemExit as end:
        if end.code == _EXIT_INTERRUPTED:
            # CPython remembers an interrupt that passed through an extension module's import,
            # and would end by the signal in place of the exit code, however it was handled.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_EXIT_INTERRUPTED)
        raise
