"""The README, executed: its commands print its output, and its table of verbs is complete.

A block marked `console` shows a command in a pipe; one marked `console terminal` shows a plain
terminal of 80 columns.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from papersearch.cli.app import VERBS
from tests.conftest import CORPUS, PROJECT, command_environment
from tests.programs import path_with_programs
from tests.terminal import open_terminal, read_to_end

README = (PROJECT / "README.md").read_text(encoding="utf-8")
COLUMNS = 80


def fences(language: str) -> list[str]:
    """Return the contents of the README's code blocks with this language and marking."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def dialogues(kind: str) -> list[tuple[str, str]]:
    """Return each command of the console blocks of a kind, with its output."""
    found = []
    for block in fences(kind):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.fixture
def shell_environment(tmp_path: Path, real_index_path: Path) -> dict[str, str]:
    """Return an environment with the tested `papersearch` and `python` on PATH, and the real index."""
    places = {"PAPERSEARCH_INDEX": str(real_index_path), "PAPERSEARCH_CORPUS": str(CORPUS)}
    return command_environment({**places, "PATH": path_with_programs(tmp_path / "bin")})


@pytest.mark.parametrize(("command", "output"), dialogues("console"))
def test_commands_print_what_the_readme_says(
    command: str, output: str, tmp_path: Path, shell_environment: dict[str, str]
) -> None:
    """Each command of a console block prints exactly the lines below it, and nothing on stderr."""
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=shell_environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (output, "")


@pytest.mark.parametrize(("command", "output"), dialogues("console terminal"))
def test_commands_show_what_the_readme_says(
    command: str, output: str, tmp_path: Path, shell_environment: dict[str, str]
) -> None:
    """Each command of a terminal block shows exactly the lines below it."""
    assert shown(command, tmp_path, {**shell_environment, "TERM": "xterm", "NO_COLOR": "1"}) == output


def shown(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Run `command` with stdout and stderr on a terminal of 80 columns; return what it shows."""
    ours, theirs = open_terminal(COLUMNS)
    with subprocess.Popen(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        return read_to_end(ours)


def test_there_are_dialogues() -> None:
    """The tests above have commands to run, and no console block has another marking."""
    assert len(dialogues("console terminal")) >= 2
    assert dialogues("console")
    assert set(re.findall(r"^```(console.*)$", README, flags=re.MULTILINE)) == {"console", "console terminal"}


def test_python_example_runs(tmp_path: Path, real_index_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python block prints three hits."""
    (block,) = fences("python")
    script = block.replace('"index"', repr(str(real_index_path)))
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=command_environment(), capture_output=True, text=True, check=True)
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == ["1", "2", "3"]


def test_the_build_of_torch_is_the_tested_one() -> None:
    """The version of torch to install first is that of constraints.txt, so that it is not replaced."""
    constraints = (PROJECT / "constraints.txt").read_text(encoding="utf-8")
    told = re.findall(r"\btorch==[\d.]+", README)
    assert told
    assert told == re.findall(r"^torch==[\d.]+", constraints, flags=re.MULTILINE)


def test_make_targets_exist() -> None:
    """Every `make` command that the README names is in the Makefile."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert {"demo", "test"} <= targets
    assert targets <= set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))


def test_verbs_are_documented() -> None:
    """Every verb has a row in the README's table."""
    assert set(VERBS) == set(re.findall(r"^\| `papersearch ([a-z]+)", README, flags=re.MULTILINE))
