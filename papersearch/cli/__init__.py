"""The command line: a skin over the library, and the only place that knows Typer and Rich."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The `papersearch` command."""
    # One query multiplies small matrices: more threads only wait for each other. Many of
    # them, and a build, want every core. Both must be set before numpy and tokenizers are
    # imported.
    if not {"index", "batch", "eval"} & set(sys.argv[1:]):
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from papersearch.cli.app import app

    app()
