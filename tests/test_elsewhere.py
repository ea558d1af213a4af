"""An index in other hands: without a network, and without the right to write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT, command_environment

CAUGHT = 99

WATCHER = f"""
import os, sys

def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto") or (
        event == "socket.connect" and not isinstance(arguments[1], (str, bytes))
    ):
        os._exit({CAUGHT})

sys.addaudithook(watch)
"""
"""A module that Python imports at its start: it ends a process that asks for a host or connects to one."""

READING = (
    ["pipeline bubbles"],
    ["similar", "on-pipeline-bubbles"],
    ["show", "on-pipeline-bubbles", "--format", "bibtex"],
    ["stats"],
    ["doctor"],
    ["saved", "list"],
    ["mark", "--list"],
    ["open", "--print", "on-pipeline-bubbles"],
)

WRITING = (
    ["index", "--full", "--model", "MODEL"],
    ["mark", "on-pipeline-bubbles", "--read"],
    ["saved", "add", "bubbles", "pipeline bubbles"],
)


@pytest.fixture
def project(tmp_path: Path, small_project: Path) -> Iterator[Path]:
    """Copy a folder with a corpus and its index, to be made read-only."""
    folder = shutil.copytree(small_project, tmp_path / "project")
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def start(arguments: list[str], folder: Path, *, before: tuple[str, ...] = (), python_path: str = "") -> int:
    """Run the command; return its exit code. No traceback may be shown."""
    environment = command_environment({"PYTHONPATH": f"{python_path}{os.pathsep}{PROJECT}"})
    command = [*before, sys.executable, "-m", "papersearch", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [*READING, *WRITING], ids=lambda arguments: arguments[0])
def test_no_command_asks_the_network(
    arguments: list[str], project: Path, tmp_path: Path, small_model: Path
) -> None:
    """Neither a build nor a query asks for a host or connects to one."""
    (tmp_path / "sitecustomize.py").write_text(WATCHER)
    given = [str(small_model) if part == "MODEL" else part for part in arguments]
    assert start(given, project, python_path=str(tmp_path)) in (0, 1)


@pytest.mark.slow
def test_the_watcher_sees_a_connection(tmp_path: Path) -> None:
    """A process that asks a server is ended, so that the test above would fail."""
    (tmp_path / "sitecustomize.py").write_text(WATCHER)
    arguments = ["moe", "--index", "http://127.0.0.1:9"]
    assert start(arguments, tmp_path, python_path=str(tmp_path)) == CAUGHT


def without_rights() -> tuple[str, ...]:
    """Return what takes the right to write everywhere from the superuser; nothing for others."""
    if os.geteuid():
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("the superuser may write everywhere")
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")


@pytest.mark.slow
def test_an_index_of_another_user(project: Path, small_model: Path) -> None:
    """Somebody who may only read a collection can ask it everything; a command that writes is an error."""
    for path in (*project.rglob("*"), project):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    read = [start(arguments, project, before=without_rights()) for arguments in READING]
    assert set(read) <= {0, 1}
    given = [[str(small_model) if part == "MODEL" else part for part in arguments] for arguments in WRITING]
    assert [start(arguments, project, before=without_rights()) for arguments in given] == [2] * len(WRITING)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_others_may_read_what_a_build_makes(project: Path) -> None:
    """Each file and folder of an index has the rights that the umask leaves, none fewer."""
    shutil.rmtree(project / "index")
    previous = os.umask(0o022)
    try:
        assert start(["index", "--words-only"], project) == 0
    finally:
        os.umask(previous)
    made = [project / "index", *(project / "index").rglob("*")]
    assert len(made) > 20
    assert {path.stat().st_mode & 0o777 for path in made} == {0o755, 0o644}
