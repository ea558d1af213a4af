"""The search for the corpus and the index of a command."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Run


def test_locations(run: Run, small_corpus: Path, small_index: Path, tmp_path: Path) -> None:
    """The option takes precedence, then the environment, the nearest folder above, the data folder."""
    project = small_corpus.parent
    below = project / "a" / "b"
    below.mkdir(parents=True)
    nowhere = {"PAPERSEARCH_INDEX": str(tmp_path / "nowhere"), "PAPERSEARCH_CORPUS": str(tmp_path / "none")}
    elsewhere = tmp_path / "elsewhere" / "papersearch"
    assert run("bubbles", cwd=below).returncode == 0
    assert run("bubbles", cwd=below, env=nowhere).returncode == 2
    assert run("bubbles", "--index", str(small_index), cwd=below, env=nowhere).returncode == 0
    away = Path("/")
    assert run("bubbles", cwd=away, env={"XDG_DATA_HOME": str(elsewhere.parent)}).returncode == 2
    elsewhere.mkdir(parents=True)
    (elsewhere / "index").symlink_to(small_index, target_is_directory=True)
    assert run("bubbles", cwd=away, env={"XDG_DATA_HOME": str(elsewhere.parent)}).returncode == 0
