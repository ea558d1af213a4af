"""Updates of an index: a build encodes only new texts, and equals a fresh build."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.index.layout import ARRAYS, LATE_ARRAYS, TEXTS, generation_folder
from papersearch.index.locking import LOCK
from papersearch.types import Changes, Filters
from tests.conftest import CORPUS, command_environment
from tests.growing import QUERIES, add, answers, answers_in_every_mode, leftovers, tree

WHEN = ("papers.since.npy", "papers.added.npy", "checksums.npy")
OF_PAPERS = [name for name in (*ARRAYS, *LATE_ARRAYS, *TEXTS) if name not in WHEN]
"""Files that depend on the papers alone, and not on when each came."""


def test_only_new_texts_are_encoded(small_corpus: Path, build: Any) -> None:
    """A dump with one new and one known paper costs one encoding, and the report says what came."""
    add(small_corpus, "new.txt", "quantum annealing", "protein folding")
    report = build()
    assert (report.outcome, report.n_encoded, report.changes.removed) == ("published", 1, ())
    (added,) = report.changes.added
    assert added.startswith("on-quantum-annealing")
    assert report.n_papers == 5
    assert report.n_appearances == 6


def test_nothing_new_builds_nothing(small_index: Path, build: Any) -> None:
    """With an unchanged corpus, nothing is written, and the report says so."""

    def times() -> dict[Path, int]:
        return {
            path: path.stat().st_mtime_ns for path in small_index.rglob("*") if path.is_file() and path.name != LOCK
        }

    before = times()
    report = build()
    assert (report.outcome, report.n_encoded, report.changes) == (
        "up to date",
        0,
        Changes(added=(), changed=(), removed=()),
    )
    assert times() == before
    assert papersearch.open(small_index).manifest.generation == 1


def test_what_is_left_after_the_last_publication(small_index: Path, build: Any) -> None:
    """The journal of a build that was killed right after its last publication is removed by the next build."""
    (small_index / ".encoded").mkdir()
    (small_index / ".encoded" / "journal").write_bytes(b"of no use")
    assert build().outcome == "up to date"
    assert leftovers(small_index) == []


def test_no_model_is_loaded_for_known_texts(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """A build without new texts imports no model library."""
    script = (
        "import sys, papersearch; papersearch.build(sys.argv[1], sys.argv[2], model=sys.argv[3]);"
        "print('torch' in sys.modules)"
    )
    add(small_corpus, "page.txt", "pipeline bubbles")
    command = [sys.executable, "-c", script, str(small_corpus), str(small_index), str(small_model)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=command_environment())
    assert done.stdout == "False\n"
    assert len(papersearch.open(small_index)) == 1


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_up_to_date_equals_fresh(
    tmp_path: Path,
    small_corpus: Path,
    small_index: Path,
    small_model: Path,
    build: Any,
    seed: int,
    at_one_time: None,
) -> None:
    """After adding, changing and removing dumps in any order, the index equals a fresh one.

    Every file is equal byte for byte, and so is every score.
    """
    drawn = random.Random(seed)
    for step in range(4):
        name = f"{drawn.choice('abc')}.txt"
        if (small_corpus / name).exists() and drawn.random() < 0.4:
            (small_corpus / name).unlink()
        else:
            add(small_corpus, name, *(f"paper {drawn.randrange(8)}" for _ in range(drawn.randrange(1, 4))))
        build()
        fresh = tmp_path / f"fresh-{step}"
        papersearch.build(small_corpus, fresh, model=str(small_model))
        ours, theirs = papersearch.open(small_index), papersearch.open(fresh)
        assert list(ours.papers()) == list(theirs.papers())
        for file in OF_PAPERS:
            folders = (small_index / generation_folder(ours.manifest.generation), fresh / generation_folder(1))
            assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes(), file
        for query in QUERIES:
            assert ours.search(query, k=50).hits == theirs.search(query, k=50).hits
        assert ours.verify() == []


def test_dry_run_writes_nothing(small_corpus: Path, small_index: Path, small_model: Path, build: Any) -> None:
    """--dry-run reports the changes, with and without an index, and writes nothing."""
    add(small_corpus, "new.txt", "quantum annealing")
    (small_corpus / "page.txt").unlink()
    before = sorted(path for path in small_index.rglob("*"))
    report = build(dry_run=True)
    assert (report.outcome, len(report.changes.added), len(report.changes.removed)) == ("dry run", 1, 4)
    assert report.n_encoded == 1
    assert sorted(path for path in small_index.rglob("*")) == before
    nowhere = small_index.with_name("nowhere")
    report = papersearch.build(small_corpus, nowhere, model=str(small_model), dry_run=True)
    assert (report.manifest, report.n_encoded, nowhere.exists()) == (None, 1, False)


def test_new_papers_are_known(small_corpus: Path, small_index: Path, build: Any) -> None:
    """The filter `new` keeps the papers that the last build added, and no others."""
    add(small_corpus, "new.txt", "pipeline stalls")
    build()
    found = papersearch.open(small_index).search("pipeline", filters=Filters(new=True))
    assert [hit.paper.title for hit in found] == ["On pipeline stalls"]
    add(small_corpus, "newer.txt", "protein design")
    build()
    found = papersearch.open(small_index).search("pipeline", filters=Filters(new=True))
    assert [hit.paper.title for hit in found] == ["On protein design"]


def test_a_damaged_index_is_not_taken_over(small_corpus: Path, small_index: Path, build: Any) -> None:
    """Vectors that differ from their checksum are encoded again."""
    before = answers(small_index, 4)
    path = small_index / generation_folder(1) / "vectors.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-8] + bytes(8))
    report = build(full=True)
    assert report.n_encoded == 4
    assert answers(small_index, 4) == before
    path = small_index / generation_folder(2) / "vectors.npy"
    path.write_bytes(content[:-8] + bytes(8))
    shutil.rmtree(small_index / generation_folder(1))
    add(small_corpus, "new.txt", "quantum annealing")
    assert build().n_encoded == 5


def test_the_five_dumps_one_by_one(tmp_path: Path, small_model: Path) -> None:
    """Adding one of the user's dumps to the other four encodes only its new papers."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    dumps = sorted(CORPUS.glob("0*.txt"))
    for path in dumps[:4]:
        shutil.copy(path, corpus)
    first = papersearch.build(corpus, tmp_path / "index", model=str(small_model))
    shutil.copy(dumps[4], corpus)
    second = papersearch.build(corpus, tmp_path / "index", model=str(small_model))
    assert first.n_papers + second.n_encoded == second.n_papers == 302
    assert second.n_encoded == len(second.changes.added) == 56


def test_a_damaged_index_can_be_built_anew(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """The command in the hint of the error repairs the index."""
    before = answers_in_every_mode(small_index)
    (small_index / "manifest.json").write_bytes(b"{")
    papersearch.build(small_corpus, small_index, model=str(small_model), full=True)
    assert answers_in_every_mode(small_index) == before


def test_same_corpus_same_bytes(small_corpus: Path, tmp_path: Path, small_model: Path) -> None:
    """Two builds of one corpus write the same files."""
    trees = []
    for name in ("one", "two"):
        papersearch.build(small_corpus, tmp_path / name, model=str(small_model))
        trees.append(tree(tmp_path / name / generation_folder(1)))
    assert trees[0] == trees[1]


def test_another_time_changes_what_tells_it(
    small_corpus: Path, tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two builds of one corpus at different times differ in the times of papers, and in the manifest's checksum."""
    trees = []
    for name, seconds in (("one", "1700000000"), ("two", "1800000000")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", seconds)
        papersearch.build(small_corpus, tmp_path / name, model=str(small_model))
        trees.append(tree(tmp_path / name / generation_folder(1)))
    assert {name for name, content in trees[0].items() if trees[1][name] != content} == {
        "manifest.json",
        "papers.added.npy",
        "checksums.npy",
    }
