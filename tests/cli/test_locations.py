"""The search for the corpus and the index of a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from papersearch.cli.locations import FolderKind, find_locations, user_folder
from tests.conftest import Run, command_environment


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


def test_a_closed_folder_above(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder above the current one that may not be looked into holds no project, and is not an error."""
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("PAPERSEARCH_INDEX", "PAPERSEARCH_CORPUS", "PAPERSEARCH_COLLECTION"):
        monkeypatch.delenv(name, raising=False)
    asked: list[Path] = []

    def is_dir(path: Path) -> bool:
        asked.append(path)
        if path == tmp_path / "corpus":
            raise PermissionError
        return False

    monkeypatch.setattr(Path, "is_dir", is_dir)
    assert find_locations().index_path == user_folder("data") / "index"
    assert tmp_path / "corpus" in asked


@pytest.mark.parametrize("kind", ["config", "data", "state"])
def test_folders_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: FolderKind) -> None:
    """A folder of the user is the one that platformdirs names."""
    named = getattr(platformdirs, f"user_{kind}_path")
    for home in (str(tmp_path / "home"), "", None):
        for value in (str(tmp_path), "", None):
            for name, each in (("HOME", home), (f"XDG_{kind.upper()}_HOME", value)):
                if each is None:
                    monkeypatch.delenv(name, raising=False)
                else:
                    monkeypatch.setenv(name, each)
            assert user_folder(kind) == named("papersearch", appauthor=False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="platformdirs names the folders elsewhere")
def test_a_query_outside_of_a_project_imports_no_platformdirs(small_index: Path) -> None:
    """A query that shows marks finds their file without the import of platformdirs."""
    program = (
        "import sys; from papersearch.cli.app import app; "
        f"app(['bubbles', '--json', '--index', {str(small_index)!r}], standalone_mode=False); "
        "sys.exit('platformdirs' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", env=command_environment({}), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"{")
