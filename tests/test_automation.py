"""The recipes of docs/automation.md, run by the programs that they are written for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT

RECIPES = (PROJECT / "docs" / "automation.md").read_text(encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home folder with papers, and a command that writes down its folder and its arguments."""
    (tmp_path / "papers" / "corpus").mkdir(parents=True)
    command = tmp_path / ".local" / "bin" / "papersearch"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\necho "$PWD: $*"\n')
    command.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock")
def test_the_line_for_cron(home: Path) -> None:
    """cron's line has five fields, and its command brings the index of the folder up to date."""
    [line] = re.findall(r"^(\*/10 .*)$", RECIPES, re.MULTILINE)
    *_, command = line.split(" ", 5)
    assert "%" not in command  # cron would end the line there
    subprocess.run(["/bin/sh", "-c", command], env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, check=True)
    said = (home / "papers" / "index.log").read_text()
    assert said == f"{home / 'papers'}: index --quiet\n"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_units_for_systemd(home: Path) -> None:
    """systemd accepts the units without a remark."""
    units = re.findall(r"user/(papersearch\.\w+)`:\n\n```ini\n(.*?)```", RECIPES, re.DOTALL)
    assert [name for name, _ in units] == ["papersearch.path", "papersearch.service"]
    for name, content in units:
        (home / name).write_text(content)
    (home / "run").mkdir(mode=0o700)
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")}
    names = [str(home / name) for name, _ in units]
    verify = ["systemd-analyze", "--user", "verify", *names]
    done = subprocess.run(verify, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
