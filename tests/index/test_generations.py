"""Generations of an index: published, kept for readers, rolled back."""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.errors import IndexDamaged, IndexForeign, IndexNotWritable
from papersearch.index import generations
from papersearch.index.layout import generation_folder
from tests.conftest import Run, page
from tests.growing import B, add, answers, answers_in_every_mode, leftovers, tree


def test_rollback(small_corpus: Path, small_index: Path, build: Any, run: Run) -> None:
    """--rollback makes the previous generation current, and the next build reads the dumps again.

    Without a previous generation it is an error.
    """
    before = answers(small_index)
    add(small_corpus, "new.txt", "quantum annealing")
    build()
    assert answers(small_index) != before
    done = run("index", "--rollback", cwd=small_corpus.parent)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "papersearch: index is back at generation 1\n"
    assert answers(small_index) == before
    again = run("index", "--rollback", cwd=small_corpus.parent)
    assert again.returncode == 2
    assert "no generation before 1" in again.stderr
    report = build()
    assert (report.manifest.generation, report.n_encoded, report.n_papers) == (3, 0, 5)
    said = json.loads(run("index", "--rollback", "--json", cwd=small_corpus.parent).stdout)
    assert (said["outcome"], said["generation"], said["papers"]) == ("rolled back", 1, 4)


def test_a_rollback_after_a_killed_removal(
    small_corpus: Path, small_index: Path, build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a rollback and a build that was killed as it ended, --rollback goes to where that build began."""
    before = answers(small_index)
    add(small_corpus, "new.txt", "quantum annealing")
    build()
    papersearch.rollback(small_index)
    add(small_corpus, "new.txt", "moth maps")
    with monkeypatch.context() as patched:
        patched.setattr("papersearch.index.removal.remove_old", lambda *arguments, **options: None)
        build()
    assert papersearch.rollback(small_index).generation == 1
    assert answers(small_index) == before


@pytest.mark.parametrize("gone", ["manifest.json", "papers.jsonl"])
def test_a_rollback_passes_over_remains(small_corpus: Path, small_index: Path, build: Any, gone: str) -> None:
    """What a killed build has removed in part is not what a rollback goes back to, nor is it in its way."""
    before, second = answers(small_index), small_index / generation_folder(2)
    add(small_corpus, "new.txt", "quantum annealing")
    build()
    shutil.copytree(second, small_index.with_name("remains"))
    papersearch.rollback(small_index)
    add(small_corpus, "new.txt", "moth maps")
    build()
    current = (small_index / "manifest.json").read_bytes()
    shutil.move(small_index.with_name("remains"), second)
    (second / gone).unlink()
    (small_index / ".manifest.json-1").touch()  # of a rollback that was killed
    assert papersearch.rollback(small_index).generation == 1
    assert answers(small_index) == before
    assert leftovers(small_index) == []
    assert papersearch.open(small_index).verify() == []
    shutil.rmtree(small_index / generation_folder(1))
    (small_index / "manifest.json").write_bytes(current)
    with pytest.raises(IndexDamaged):
        papersearch.rollback(small_index)
    assert len(papersearch.open(small_index)) == 5


def test_a_reader_keeps_its_generation(small_corpus: Path, small_index: Path, build: Any) -> None:
    """An open index can map further files of its generation, even after several later builds."""
    opened = papersearch.open(small_index)
    for n in range(4):
        add(small_corpus, "new.txt", f"topic {n}")
        build()
    assert [hit.paper.title for hit in opened.search("pipeline bubbles", k=1)] == ["On pipeline bubbles"]
    assert len(opened) == 4
    assert generations.generations(small_index)[0] == 1
    del opened
    add(small_corpus, "new.txt", "the end")
    build()
    assert len(generations.generations(small_index)) == 2


def test_index_in_an_impossible_place(small_corpus: Path, tmp_path: Path) -> None:
    """A path that cannot become a folder is refused before any work."""
    with pytest.raises(IndexNotWritable, match="cannot write"):
        papersearch.build(small_corpus, "/proc/nowhere/index")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(IndexForeign, match="is a file"):
        papersearch.build(small_corpus, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_read_only_index(small_corpus: Path, small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only folder is an error before the model is loaded, and the old index is intact."""
    before, content = answers_in_every_mode(small_index), tree(small_index)

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(IndexNotWritable, match="Read-only file system"):
        papersearch.build(small_corpus, small_index, model="/nowhere/at/all")
    assert (answers_in_every_mode(small_index), tree(small_index)) == (before, content)


def test_foreign_folder(small_corpus: Path, tmp_path: Path) -> None:
    """A folder with other files is neither read nor written."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "index.html").write_text("<html>")
    before = tree(folder)
    for attempt in (lambda: papersearch.open(folder), lambda: papersearch.build(small_corpus, folder)):
        with pytest.raises(IndexForeign):
            attempt()
    assert tree(folder) == before


def test_generations(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """Builds keep two generations, and an open index still answers after two further builds."""
    opened = papersearch.open(small_index)
    before = opened.search("pipeline bubbles")
    (small_corpus / "more.txt").write_text(page([B]))
    for _ in range(2):
        papersearch.build(small_corpus, small_index, model=str(small_model), full=True)
    assert opened.search("pipeline bubbles") == before
    # The first generation still has a reader; a build after the reader's end removes it.
    assert [path.name for path in sorted(small_index.glob("generation-*"))] == [
        generation_folder(number) for number in (1, 2, 3)
    ]
    del opened
    papersearch.build(small_corpus, small_index, model=str(small_model), full=True)
    assert [path.name for path in sorted(small_index.glob("generation-*"))] == [
        generation_folder(number) for number in (3, 4)
    ]
    assert len(papersearch.open(small_index)) == 5
