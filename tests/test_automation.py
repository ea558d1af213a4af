"""The recipes for cron and systemd of docs/recipes.md, run by the programs that they are written for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.recipes import PAGE, block

CRONTAB = block("crontab")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home folder with papers, and a command that writes down its folder and its arguments."""
    (tmp_path / "papers" / "corpus").mkdir(parents=True)
    command = tmp_path / ".local" / "bin" / "papersearch"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\necho "$PWD: $*"\n')
    command.chmod(0o755)
    return tmp_path


def run_line(begins: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the command of the one line of cron that begins with these five fields."""
    [line] = re.findall(rf"^({begins} .*)$", CRONTAB, re.MULTILINE)
    *_, command = line.split(" ", 5)
    assert "%" not in command  # cron would end the line there
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    return subprocess.run(["/bin/sh", "-c", command], env=environment, check=True, capture_output=True, text=True)


@pytest.mark.skipif(shutil.which("crontab") is None, reason="needs cron")
def test_cron_accepts_the_lines(tmp_path: Path) -> None:
    """cron's own parser takes the lines; it refuses them with a field too few."""

    def check(content: str) -> int:
        (tmp_path / "crontab").write_text(content)
        command = ["crontab", "-n", str(tmp_path / "crontab")]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert check(CRONTAB) == 0
    assert check(CRONTAB.replace("* * 1-5 ", "* ")) != 0


@pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock")
def test_the_line_for_cron(home: Path) -> None:
    """cron's line brings the index of the folder up to date, and mails nothing."""
    done = run_line(r"\*/10 \* \* \* \*", home)
    said = (home / "papers" / "index.log").read_text()
    assert (said, done.stdout, done.stderr) == (f"{home / 'papers'}: index --quiet\n", "", "")


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        (r"30 7 \* \* 1-5", "saved digest"),
        (r"0 \* \* \* \*", "saved digest --format atom --output {home}/public/papers.atom"),
    ],
)
def test_the_lines_of_digests(home: Path, begins: str, expected: str) -> None:
    """cron's lines for digests print what the digest alone prints."""
    done = run_line(begins, home)
    assert (done.stdout, done.stderr) == (f"{home / 'papers'}: {expected.format(home=home)}\n", "")


def test_a_mail_is_sent_if_something_is_new(home: Path) -> None:
    """The recipe for a mail sends what is new, also if a search failed, and keeps what could not be sent."""
    recipe = block("sh mail")
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
    """systemd accepts the units without a remark, and refuses them with a word that it does not know."""
    units = dict(re.findall(r"^`(papersearch[\w.-]+)`:\n\n```ini\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))
    kinds = ["papersearch.path", "papersearch.service", "papersearch-digest.timer", "papersearch-digest.service"]
    assert list(units) == kinds
    (home / "run").mkdir(mode=0o700)
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")}

    def verify(change: tuple[str, str]) -> tuple[int, str]:
        for name, content in units.items():
            (home / name).write_text(content.replace(*change))
        command = ["systemd-analyze", "--user", "verify", *(str(home / name) for name in units)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    assert verify(("", "")) == (0, "")
    for written in ("Mon..Fri 07:30", "OnCalendar=", "ExecStart=", "WorkingDirectory="):
        assert verify((written, "Nonsense=")) != (0, "")
