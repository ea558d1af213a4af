"""The command line: a skin over the library, and the only place that knows Typer and Rich."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from typing import NoReturn

STARTED = time.monotonic()
"""Instant at which the process was started, nearly."""


def main() -> NoReturn:
    """Run the `papersearch` command."""
    if "_PAPERSEARCH_COMPLETE" in os.environ:  # an interrupt ends what a shell waits for, without a word
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _open_closed_streams()
    gc.disable()  # in a short command, collecting garbage costs more than its memory
    from papersearch.cli.app import VERBS, app
    from papersearch.cli.group import with_verb

    called = with_verb(sys.argv[1:], VERBS)[:1]
    verb = VERBS.get(called[0]) if called else None
    if verb is not None and verb.runs_long:
        gc.enable()
    # A build encodes many texts and benefits from every core. A query multiplies small matrices,
    # where more threads only wait for each other; `batch` and `eval` use processes instead. numpy and
    # tokenizers read these variables on import, and no verb has imported them yet.
    encodes_many = verb is not None and verb.encodes_many
    if not encodes_many:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true" if encodes_many else "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # for messages of its import
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

    code: object = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    # Everything has been written and closed by now. Without taking down every module, a query
    # ends a tenth sooner. And CPython remembers an interrupt that passed through an extension
    # module's import: here it cannot end the process by that signal in place of the exit code.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


def _open_closed_streams() -> None:
    """End with an error if stdout is closed; replace a closed stdin or stderr by the null device.

    Python has None for a stream that was closed before it started, and the next file that is opened
    would take the stream's number.
    """
    if sys.stdin is None:
        sys.stdin = open(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")  # noqa: SIM115  # open until the end
    if sys.stderr is None:
        sys.stderr = open(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8", newline="\n")  # noqa: SIM115  # open until the end
    if sys.stdout is None:
        print("papersearch: cannot write: standard output is closed", file=sys.stderr, flush=True)
        os._exit(2)
