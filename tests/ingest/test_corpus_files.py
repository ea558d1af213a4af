"""The listing of a corpus: every file under a name of its own, and every folder left out by name."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.errors import CorpusMissing
from papersearch.ingest.corpus_files import corpus_files, is_readme
from papersearch.ingest.reading import ingest
from tests.conftest import page
from tests.growing import A, B


def made(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def names(places: Sequence[Path]) -> list[str]:
    return [file.name for file in corpus_files(places).files]


def test_a_folder_gives_its_files_by_their_paths(tmp_path: Path) -> None:
    """Files are called by their paths from the folder, and hidden ones are left out in silence."""
    made(tmp_path, "b.txt", "a/b.txt", ".git/x", "a/.hidden", "a/c/d.txt")
    listing = corpus_files([tmp_path])
    assert [file.name for file in listing.files] == ["a/b.txt", "a/c/d.txt", "b.txt"]
    assert [file.path for file in listing.files] == [tmp_path / file.name for file in listing.files]
    assert listing.skipped == []


def test_a_linked_folder_is_named(tmp_path: Path) -> None:
    """A link to a folder elsewhere is not followed; the finding says so, and what to do."""
    made(tmp_path, "elsewhere/page.txt")
    (tmp_path / "corpus/deep").mkdir(parents=True)
    (tmp_path / "corpus/page.txt").write_text(page([A]))
    (tmp_path / "corpus/deep/linked").symlink_to(tmp_path / "elsewhere")
    found = ingest([tmp_path / "corpus"])
    (finding,) = found.findings
    assert (finding.kind, finding.file, finding.line) == ("folder skipped", "deep/linked", None)
    assert "not followed" in finding.detail
    assert "name the folder itself" in finding.detail
    assert [file.name for file in found.skipped] == ["deep/linked"]


def test_a_link_into_the_corpus_loses_nothing(tmp_path: Path) -> None:
    """A link to a folder above it, a cycle, is named as one that is read in its own place."""
    made(tmp_path, "a/b.txt", ".hidden/c.txt")
    (tmp_path / "a/again").symlink_to(tmp_path)
    (tmp_path / "a/hidden").symlink_to(tmp_path / ".hidden")
    listing = corpus_files([tmp_path])
    assert [file.name for file in listing.files] == ["a/b.txt"]
    why = dict(listing.skipped)
    assert "read in its own place" in why["a/again"]
    assert "not followed" in why["a/hidden"]


@pytest.mark.parametrize("inner", ["", "locked", "open/locked"])
def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inner: str) -> None:
    """A folder without permission to list it is named with the reason, and the others are read."""
    corpus = tmp_path / "corpus"
    (corpus / "open").mkdir(parents=True)
    (corpus / "locked").mkdir()
    (corpus / "open/locked").mkdir()
    (corpus / "open/page.txt").write_text(page([A]))
    really_list = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path) == corpus / inner:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really_list(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = ingest([corpus])
    (finding,) = found.findings
    assert (finding.kind, finding.file) == ("folder skipped", inner or "corpus")
    assert "Permission denied" in finding.detail
    assert len(found.papers) == (1 if inner else 0)


def test_a_place_that_does_not_exist(tmp_path: Path) -> None:
    """A place that is missing, a link that leads nowhere included, is an error."""
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    for place in ("nowhere", "gone"):
        with pytest.raises(CorpusMissing):
            corpus_files([tmp_path / place])


@pytest.mark.parametrize(
    ("made_files", "places", "expected"),
    [
        (["a/x", "b/x"], ["a/x", "b/x"], ["a/x", "b/x"]),
        (["a/x", "b/x", "c/y"], ["a/x", "b/x", "c/y"], ["a/x", "b/x", "y"]),
        (["a/d/x", "b/d/x"], ["a/d/x", "b/d/x"], ["a/d/x", "b/d/x"]),
        (["a/d/x", "b/d/x", "c/x"], ["a/d/x", "b/d/x", "c/x"], ["a/d/x", "b/d/x", "c/x"]),
        (["a/x", "b/x", "b/y"], ["a", "b"], ["a/x", "b/x", "y"]),
        (["a/d/x", "b/d/x"], ["a/d", "b/d"], ["a/d/x", "b/d/x"]),
        (["a/x", "b/x", "c/a/x"], ["a/x", "b/x", "c"], ["a/x", "b/x", "c/a/x"]),
        (["a/x"], ["a", "a/x"], ["x"]),
        (["a/x"], ["a/x", "a/x"], ["x"]),
    ],
)
def test_equal_names_are_told_apart(
    tmp_path: Path, made_files: list[str], places: list[str], expected: list[str]
) -> None:
    """Files of one name take as many folders as tell them apart; others keep their names."""
    made(tmp_path, *made_files)
    listed = names([tmp_path / place for place in places])
    assert sorted(name.removeprefix(f"{tmp_path.name}/") for name in listed) == expected
    assert names([tmp_path / place for place in reversed(places)]) == listed


def test_names_do_not_depend_on_how_a_place_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path, or one with dots, gives the names of the whole path."""
    made(tmp_path, "a/x", "b/x")
    monkeypatch.chdir(tmp_path / "a")
    assert names([Path("x"), Path("../b/x")]) == ["a/x", "b/x"]
    assert names([Path(), Path("../b/.")]) == ["a/x", "b/x"]


def test_names_that_cleaning_makes_equal(tmp_path: Path) -> None:
    """Two files whose names differ in blanks alone are still two dumps, and a third one keeps its name apart."""
    for name in ("a b", "a  b", "a b (2)"):
        (tmp_path / name).write_text(page([A, B]))
    assert len({dump.name for dump in ingest([tmp_path]).dumps}) == 3


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), unique=True, max_size=8))
def test_names_are_distinct(tmp_path_factory: pytest.TempPathFactory, folders: list[str]) -> None:
    """However files are named together, no two have one name, and each name ends its file's path."""
    root = tmp_path_factory.mktemp("places")
    made(root, *(f"{folder}/x" for folder in folders))
    files = corpus_files([root / folder / "x" for folder in folders]).files
    assert len({file.name for file in files}) == len(files) == len(folders)
    assert all(file.path.as_posix().endswith(f"/{file.name}") for file in files)


@pytest.mark.parametrize(
    "name", ["README", "README.md", "readme.txt", "ReadMe.rst", "README.zh-CN.md", "README_de.md"]
)
def test_a_readme_is_no_finding(tmp_path: Path, name: str) -> None:
    """A file that describes its folder is left out in silence, unless somebody names it."""
    (tmp_path / name).write_text("# About these papers\n")
    assert ingest([tmp_path]).findings == ()
    assert [finding.kind for finding in ingest([tmp_path / name]).findings] == ["file skipped"]


@pytest.mark.parametrize("name", ["LICENSE", "CHANGELOG.md", "readme.pdf", "reading.md", "README-papers.md"])
def test_other_files_are_findings(name: str) -> None:
    """Only READMEs of text are left out in silence."""
    assert not is_readme(Path(name))


def test_a_readme_that_is_a_dump_is_read(tmp_path: Path) -> None:
    """A page is read whatever its name."""
    (tmp_path / "README.txt").write_text(page([A]))
    assert [paper.title for paper in ingest([tmp_path]).papers] == [A[0]]
