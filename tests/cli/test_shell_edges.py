"""Edges of the shell: closed streams, terminals without a width, tildes, and folders that are gone."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, command_environment

COMMAND = shlex.join([sys.executable, "-m", "papersearch"])


def in_a_shell(line: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `papersearch` is this project's command."""
    line = line.replace("papersearch", COMMAND, 1)
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=command_environment(env), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", ["gpipe --json", "stats", "show gpipe", "--help", "index"])
def test_a_closed_stdout(env: dict[str, str], tmp_path: Path, arguments: str) -> None:
    """Without a standard output, every verb ends with 2 and one line."""
    done = in_a_shell(f"papersearch {arguments} >&-", tmp_path, env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "papersearch: cannot write: standard output is closed\n"


def test_a_closed_stderr(env: dict[str, str], tmp_path: Path) -> None:
    """Without a standard error, answers and exit codes are the same, and no message is among the answers."""
    whole = in_a_shell("papersearch 'pipelne bubbles' --mode keyword --json", tmp_path, env)
    closed = in_a_shell("papersearch 'pipelne bubbles' --mode keyword --json 2>&-", tmp_path, env)
    assert "did you mean" in whole.stderr
    assert (closed.returncode, closed.stdout, closed.stderr) == (whole.returncode, whole.stdout, "")
    refused = in_a_shell("papersearch gpipe --mode bogus 2>&-", tmp_path, env)
    assert (refused.returncode, refused.stdout) == (2, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", ["show -", "batch -", "index - --index new", "gpipe --judge judged.qrels", "mcp"]
)
def test_a_closed_stdin(env: dict[str, str], tmp_path: Path, arguments: str) -> None:
    """A closed standard input is read as an empty one, by every verb that reads it."""
    empty, closed = (
        in_a_shell(f"papersearch {arguments} {stdin}", tmp_path, env) for stdin in ("</dev/null", "<&-")
    )
    assert (closed.returncode, closed.stdout, closed.stderr) == (empty.returncode, empty.stdout, empty.stderr)
    assert "unexpected" not in closed.stderr


@pytest.mark.parametrize("arguments", [["gpipe", "--format", "table"], ["show", "gpipe"], ["stats"]])
@pytest.mark.parametrize("columns", ["0", "00", "abc", ""])
def test_a_terminal_of_no_width(run: Run, env: dict[str, str], arguments: list[str], columns: str) -> None:
    """Where COLUMNS has no number above zero, a table is as wide as with 80 columns."""
    at_80 = run(*arguments, env={**env, "COLUMNS": "80"}).stdout
    assert len(at_80) > 100
    assert run(*arguments, env={**env, "COLUMNS": columns}).stdout == at_80


def test_a_tilde_that_the_shell_left(run: Run, real_index_path: Path, tmp_path: Path) -> None:
    """A tilde at the start of a path means the home folder, in options, arguments and the environment."""
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    (home / "papers").symlink_to(real_index_path)
    (home / "topics.txt").write_text("gpipe\n")
    for arguments, env in (
        (["stats", "--index=~/papers"], {}),
        (["stats"], {"PAPERSEARCH_INDEX": "~/papers"}),
        (["batch", "~/topics.txt", "--index", "~/papers"], {}),
    ):
        assert run(*arguments, cwd=here, env={"HOME": str(home), **env}).returncode == 0
    missing = run("index", "--corpus=~/nowhere", "--index=~/new", cwd=here, env={"HOME": str(home)})
    assert f"cannot find a corpus in {home / 'nowhere'}" in missing.stderr
    assert list(here.iterdir()) == []


def test_a_folder_named_like_a_tilde(run: Run, real_index_path: Path, tmp_path: Path) -> None:
    """A tilde before a name that belongs to no user, and a tilde within a path, are kept."""
    for name in ("~no-such-user", "a~"):
        (tmp_path / name).symlink_to(real_index_path)
        assert run("stats", "--index", name).returncode == 0
    (tmp_path / "~").symlink_to(real_index_path)
    assert run("stats", "--index", str(tmp_path / "~"), env={"HOME": str(tmp_path / "nowhere")}).returncode == 0


def test_a_folder_that_was_deleted(env: dict[str, str], tmp_path: Path) -> None:
    """From a deleted folder, an index named by its whole path answers; else one line says what is wrong."""
    gone = tmp_path / "gone"
    gone.mkdir()
    named = shlex.quote(env["PAPERSEARCH_INDEX"])
    done = in_a_shell(f"rmdir ../gone; papersearch gpipe -k 1 --index {named}", gone, {})
    assert (done.returncode, done.stderr) == (0, "")
    assert "GPipe" in done.stdout
    gone.mkdir()
    done = in_a_shell("rmdir ../gone; papersearch gpipe", gone, {})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("papersearch: cannot find the current folder: it was deleted\nhint: ")
    assert len(done.stderr.splitlines()) == 2


def test_browse_without_a_terminal(run: Run, env: dict[str, str]) -> None:
    """Without a terminal, browse exits with 2 and a hint."""
    done = run("browse", "two", "words", env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "papersearch: cannot browse: standard input is not a terminal\nhint: papersearch search 'two words'\n"
    )
