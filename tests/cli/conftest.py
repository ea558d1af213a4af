"""Fixtures that run the command in this process or on a terminal, and the command that a hint names."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from papersearch.cli.app import app
from tests.commands import Commands
from tests.conftest import command_environment
from tests.terminal import open_terminal, read_to_end

OnTerminal = Callable[[Sequence[str], int, dict[str, str]], tuple[int, str]]


@pytest.fixture
def invoke(real_index_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run the command in this process, on the real index, in a folder without a corpus."""
    monkeypatch.setenv("PAPERSEARCH_INDEX", str(real_index_path))
    monkeypatch.setenv("PAPERSEARCH_CORPUS", str(tmp_path / "nowhere"))
    monkeypatch.delenv("COLUMNS", raising=False)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture
def on_terminal(commands: Commands | None, tmp_path: Path) -> OnTerminal:
    """Return a function that runs the command on a terminal of a width: its exit code, and what it shows."""

    def start(arguments: Sequence[str], columns: int, env: dict[str, str]) -> tuple[int, str]:
        return run_on_terminal(
            arguments, columns, tmp_path, command_environment({"TERM": "xterm-256color", **env}), commands
        )

    return start


def run_on_terminal(
    arguments: Sequence[str], columns: int, cwd: Path, environment: dict[str, str], commands: Commands | None
) -> tuple[int, str]:
    """Run the command on a terminal, forked where that makes no difference."""
    ours, theirs = open_terminal(columns)
    if commands and commands.can_run(environment):
        commands.start(arguments, cwd, environment, (theirs, theirs, theirs))
        wait = commands.wait
    else:
        command = [sys.executable, "-m", "papersearch", *arguments]
        wait = subprocess.Popen(command, cwd=cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs).wait
    os.close(theirs)
    shown = read_to_end(ours)
    return wait(), shown


@pytest.fixture
def copied_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the clipboard of `browse`: the texts copied to it, in their order."""
    texts: list[str] = []

    def copy(text: str, send: Callable[[str], None]) -> str:
        texts.append(text)
        return "xclip"

    monkeypatch.setattr("papersearch.cli.tui.acting.copy", copy)
    return texts


def hinted(stderr: str) -> list[str]:
    """Return the words of the command that the only hint names, without the program."""
    (hint,) = [line for line in stderr.splitlines() if line.startswith("hint: ")]
    [program, *words] = shlex.split(hint.removeprefix("hint: "))
    assert program == "papersearch"
    return words
