"""A build that is interrupted for good: the old index answers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from papersearch.index.locking import LOCK
from tests.conftest import PATIENCE_S, command_environment, held_at
from tests.growing import add, answers

WAITING = """
import sys
from papersearch.cli import main
from papersearch.dense import models
pipe = sys.argv.pop()
models.sha256_of_file = lambda path: open(pipe).read()
sys.exit(main())
"""
"""A command that waits for a pipe where it would read the weights of its model."""


def test_ctrl_c_is_130(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """A real interrupt in the middle of a build, which waits for a pipe that says nothing: exit
    130, one line, the old index as it was."""
    before = answers(small_index)
    add(small_corpus, "new.txt", "quantum annealing")
    model = shutil.copytree(small_model, small_corpus.parent / "model")
    (model / "added.txt").touch()  # another model, whose files are read
    pipe = small_corpus.parent / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, "index", "--model", str(model), str(pipe)],
        cwd=small_corpus.parent,
        env=command_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    with held_at(pipe, process):
        assert str(process.pid) in (small_index / LOCK).read_text()
        process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, told
    assert "interrupted" in told
    assert "Traceback" not in told
    assert answers(small_index) == before
