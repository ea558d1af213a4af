"""Forked runs of the command give what processes of their own give."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import run_on_terminal
from tests.commands import Commands
from tests.conftest import command_environment

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


@pytest.fixture(scope="module")
def forking() -> Iterator[Commands]:
    """Return a process that forks commands, also where coverage is measured."""
    forking = Commands(command_environment())
    yield forking
    forking.close()


@pytest.mark.slow
@forks
@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["pipeline", "bubbles", "--json"], None),
        (["--format", "table", "pipeline"], None),
        (["batch", "-", "--mode", "keyword"], ("模型" + " pipeline" * 150 + "\n") * 60),
        (["pipelne", "--mode", "bogus"], None),
        (["open", "-", "--print"], "gpipe\n"),
        (["stats", "--index", "nowhere"], None),
    ],
)
def test_a_fork_equals_a_process(
    forking: Commands, env: dict[str, str], tmp_path: Path, arguments: list[str], stdin: str | None
) -> None:
    """Output, messages and exit code of a forked command are those of a process of its own."""
    environment = command_environment(env)
    assert forking.can_run(environment)
    forked = forking.run(arguments, tmp_path, environment, stdin)
    alone = subprocess.run(
        [sys.executable, "-m", "papersearch", *arguments],
        cwd=tmp_path,
        env=environment,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (alone.returncode, alone.stdout, alone.stderr)
    assert forked.stdout or forked.stderr


@pytest.mark.slow
@forks
@pytest.mark.parametrize("arguments", [["pipeline bubbles"], ["pipelne"], ["stats"], ["--help"], ["q", "--xx"]])
def test_a_fork_on_a_terminal_equals_a_process(
    forking: Commands, env: dict[str, str], tmp_path: Path, arguments: list[str]
) -> None:
    """A forked command shows on a terminal what a process of its own shows there, in the same order."""
    environment = command_environment({**env, "TERM": "xterm-256color"})
    forked, alone = (run_on_terminal(arguments, 80, tmp_path, environment, way) for way in (forking, None))
    assert forked == alone
    assert forked[1]


@forks
@pytest.mark.parametrize(
    ("name", "value"), [("LC_ALL", "C"), ("PYTHONHASHSEED", "7"), ("OPENBLAS_CORETYPE", "Prescott")]
)
def test_what_is_read_at_the_start(forking: Commands, name: str, value: str) -> None:
    """A command that changes a variable which Python or a library reads once is not forked."""
    assert not forking.can_run(command_environment({name: value + os.environ.get(name, "")}))
