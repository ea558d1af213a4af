"""Threads and garbage collection, which depend on the called verb and are set before it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import command_environment

SCRIPT = """
import gc, os, sys
import papersearch.cli.app as module
from papersearch.cli import main
module.app = lambda: print(
    os.environ.get("OPENBLAS_NUM_THREADS"),
    os.environ["TOKENIZERS_PARALLELISM"],
    gc.isenabled(),
    sorted({"numpy", "tokenizers", "rich"} & set(sys.modules)),
)
main()
"""

QUERY = "1 false False []\n"
LONG = "1 false True []\n"
BUILD = "None true True []\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pipeline bubbles"], QUERY),
        (["search", "index"], QUERY),
        (["inverted", "index"], QUERY),
        (["--index", "index", "show", "gpipe"], QUERY),
        (["show", "index"], QUERY),
        (["--help"], QUERY),
        ([], QUERY),
        (["index"], BUILD),
        (["--index", "folder", "index"], BUILD),
        (["--json", "index"], BUILD),
        (["batch", "topics"], LONG),
        (["eval", "topics", "qrels"], LONG),
        (["browse"], LONG),
        (["mcp"], LONG),
    ],
)
def test_threads_and_garbage_are_the_called_verb_s(arguments: list[str], said: str) -> None:
    """A build uses every core, and long verbs collect garbage; both are set before numpy is imported."""
    environment = command_environment()
    for name in ("OPENBLAS_NUM_THREADS", "TOKENIZERS_PARALLELISM"):
        environment.pop(name, None)
    command = [sys.executable, "-c", SCRIPT, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == said
