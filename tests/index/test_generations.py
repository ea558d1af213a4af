"""One generation after another: published, kept for readers, taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import papersearch
from papersearch.index import generations
from tests.conftest import (
    Run,
)
from tests.growing import add, answers


def test_rollback(small_corpus: Path, small_index: Path, build: Any, run: Run) -> None:
    """--rollback brings the last index back; the next build goes on from the dumps; before the
    first there is nothing."""
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


def test_a_reader_keeps_its_generation(small_corpus: Path, small_index: Path, build: Any) -> None:
    """An open index answers from files that it has not looked at yet, however often it is replaced."""
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
