"""The recipe for fzf in docs/recipes.md, run as it is printed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.recipes import blocks
from tests.terminal import Terminal, terminal_environment

pytestmark = pytest.mark.typed


def recipe() -> str:
    """Return the page's block with fzf."""
    [found] = [block for block in blocks("sh") if "fzf" in block]
    return found


def noting_environment(folder: Path, index_path: Path) -> dict[str, str]:
    """Return a terminal's environment in which fzf writes down each query whose list is complete."""
    noting = f"load:execute-silent(echo {{q}} >> '{folder}/loaded')"
    return {**terminal_environment(folder, index_path), "FZF_DEFAULT_OPTS": f'--bind "{noting}"'}


def wait_until_loaded(folder: Path, query: str) -> None:
    loaded = folder / "loaded"
    wait_until(lambda: loaded.exists() and query in loaded.read_text().splitlines(), f"{query} is not answered")


def printed(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=True
    ).stdout


@pytest.mark.skipif(shutil.which("fzf") is None, reason="there is no fzf")
@pytest.mark.parametrize("query", ["pipeline bubbles", "it's -survey"])
def test_recipe(tmp_path: Path, real_index_path: Path, query: str) -> None:
    """Hits follow the typed query, the preview shows the paper, and picked papers are exported."""
    environment = noting_environment(tmp_path, real_index_path)
    lines = printed(["papersearch", "-k", "50", "--", query], tmp_path, environment).splitlines()
    hits = [line.split("\t") for line in lines]
    (tmp_path / "recipe").write_text(recipe())
    terminal = Terminal(["sh", "-c", "sh recipe > picked.bib"], tmp_path, environment)
    try:
        terminal.wait_for("0/0")
        terminal.type(query)
        terminal.wait_for(hits[0][4][:40])
        terminal.wait_for("-".join(hits[0][2].split("-")[:3]))  # its id, of which the list shows nothing
        wait_until_loaded(tmp_path, query)
        terminal.type("\t\t\r")  # TAB picks, and goes to the next
        assert terminal.wait_for_end() == 0
    finally:
        terminal.close()
    ids = [hit[2] for hit in hits[:2]]
    expected = printed(["papersearch", "show", *ids, "--format", "bibtex"], tmp_path, environment)
    assert (tmp_path / "picked.bib").read_text(encoding="utf-8") == expected


@pytest.mark.skipif(shutil.which("fzf") is None, reason="there is no fzf")
@pytest.mark.parametrize("query", ['"pipeline', "-"])
def test_half_a_query_shows_nothing(tmp_path: Path, real_index_path: Path, query: str) -> None:
    """A query that cannot be parsed yet shows no error on the screen; leaving without a pick exports nothing."""
    environment = terminal_environment(tmp_path, real_index_path)
    shim = tmp_path / "bin" / "papersearch"
    shim.write_text(shim.read_text().replace("exec ", "") + f'echo "$4" >> "{tmp_path}/loaded"\n')
    (tmp_path / "recipe").write_text(recipe())
    terminal = Terminal(["sh", "-c", "sh recipe > picked.bib 2> told"], tmp_path, environment)
    try:
        terminal.type(query)
        wait_until_loaded(tmp_path, query)
        terminal.type("\x1b")
        assert terminal.wait_for_end() == 0
    finally:
        terminal.close()
    assert (tmp_path / "picked.bib").read_text() == ""
