"""Readers, builds, rollbacks, copies and a server at once, as `benchmarks/crowd.py` runs them for an hour."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, command_environment


@pytest.mark.slow
@pytest.mark.parametrize(("locks", "n_readers", "acts"), [("working", 16, 3), ("refused", 7, 5), ("silent", 7, 5)])
def test_a_crowd(small_model: Path, locks: str, n_readers: int, acts: int) -> None:
    """No answer is wrong or mixed; without locks an operation may be refused, and the next one succeeds."""
    counts = ["--readers", str(n_readers), "--writers", "2", "--acts", str(acts), "--pause", "0"]
    command = [sys.executable, "benchmarks/crowd.py", *counts, "--locks", locks, "--model", str(small_model)]
    done = subprocess.run(
        command, cwd=PROJECT, env=command_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "answers" in done.stdout
    assert "none wrong or mixed" in done.stdout
