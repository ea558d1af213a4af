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


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        (r"30 7 \* \* 1-5", ["saved digest"]),
        (r"0 \* \* \* \*", ["saved digest --format atom --output {home}/public/papers.atom"]),
    ],
)
def test_the_lines_of_digests(home: Path, begins: str, expected: list[str]) -> None:
    """cron's lines for digests have five fields, and print what the digest alone prints."""
    [line] = re.findall(rf"^({begins} .*)$", RECIPES, re.MULTILINE)
    *_, command = line.split(" ", 5)
    assert "%" not in command
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )
    said = [f"{home / 'papers'}: {one.format(home=home)}" for one in expected]
    assert (done.stdout.splitlines(), done.stderr) == (said, "")


def test_a_mail_is_sent_if_something_is_new(home: Path) -> None:
    """The recipe for a mail sends what is new, also if a search failed, and keeps what could not be sent."""
    [recipe] = re.findall(r"^(papersearch saved digest .*mail .*)$", RECIPES, re.MULTILINE)
    commands = home / ".local" / "bin"

    def sent(papers: str, code: int, mail_code: int) -> str:
        (commands / "papersearch").write_text(f"#!/bin/sh\nprintf '{papers}'\nexit {code}\n")
        (commands / "mail").write_text(
            f'#!/bin/sh\n[ {mail_code} = 0 ] && (echo "$*"; cat) > sent\nexit {mail_code}\n'
        )
        (commands / "mail").chmod(0o755)
        (home / "sent").write_text("")
        environment = {"HOME": str(home), "PATH": f"{commands}:/usr/bin:/bin"}
        subprocess.run(["/bin/sh", "-c", recipe], cwd=home, env=environment, check=False)
        return (home / "sent").read_text()

    assert sent("one\\n", 0, 0) == "-s New papers you\none\n"
    assert sent("", 1, 0) == ""
    assert sent("two\\n", 2, 0) == "-s New papers you\ntwo\n"
    assert sent("three\\n", 0, 1) == ""
    assert sent("", 1, 0) == "-s New papers you\nthree\n"


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
