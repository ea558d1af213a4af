"""The command line: a skin over the library, and the only place that knows Typer and Rich."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

_MANY_TEXTS = frozenset({"index", "batch", "eval"})


def main() -> NoReturn:
    """The `papersearch` command."""
    is_build = "index" in sys.argv[1:]
    # A build wants every core. A query multiplies small matrices: more threads only wait for each
    # other; many queries are shared between processes. To be set before numpy and tokenizers are
    # imported.
    if not is_build:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true" if is_build else "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # what it says while it is imported
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if _MANY_TEXTS.isdisjoint(sys.argv[1:]):
        import gc

        gc.disable()  # what a query leaves to be collected is less than what looking for it costs
    from papersearch.cli.app import app

    code: object = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    # Everything has been written and closed by now. Without taking down every module, a query
    # ends a tenth sooner; and CPython, which remembers an interrupt that passed through an
    # extension module's import, cannot end by that signal in place of the exit code.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)
