"""New dumps, safely: what a build promises when it goes on, and when it does not."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import papersearch
from papersearch.cli.errors import hint_of
from papersearch.errors import IndexDamaged, IndexNotWritable, IndexVersionError
from papersearch.index import files, generations
from papersearch.index.journal import FOLDER as JOURNAL
from papersearch.index.layout import ARRAYS, LATE_ARRAYS, TEXTS, generation_folder
from papersearch.index.locking import LOCK, writing
from papersearch.types import Changes, Filters
from tests.conftest import (
    CORPUS,
    PATIENCE_S,
    PROJECT,
    Run,
    command_environment,
    held_at,
    page,
    sentence,
    wait_until,
)

GOLDEN = Path(__file__).parents[1] / "golden"
LEXICAL = [
    name for name in (*ARRAYS, *TEXTS) if name.startswith(("terms", "postings", "positions", "lengths", "ex"))
]
QUERIES = ["pipeline bubbles", "speech recognition", "ASR", "On paper 3"]


def titles(index: papersearch.Index) -> set[str]:
    return {paper.title for paper in index.papers()}


def answers(index_path: Path, decimals: int = 12) -> list[list[tuple[str, float]]]:
    """What the index says to a few queries, in every detail that matters."""
    index = papersearch.open(index_path)
    return [[(h.paper.paper_id, round(h.score, decimals)) for h in index.search(q, k=50)] for q in QUERIES]


def leftovers(index_path: Path) -> list[str]:
    """What no build should leave behind."""
    return [path.name for path in index_path.iterdir() if path.name.startswith(".") and path.name != LOCK]


@pytest.fixture
def build(small_corpus: Path, small_index: Path, small_model: Path) -> Any:
    """Bring the small index up to date with the small corpus."""

    def run(**options: Any) -> papersearch.BuildReport:
        return papersearch.build(small_corpus, small_index, model=str(small_model), **options)

    return run


def add(corpus: Path, name: str, *topics: str) -> None:
    (corpus / name).write_text(page([(f"On {topic}", sentence(topic)) for topic in topics]))


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
    """With the corpus as it was, nothing is written, and the report says so."""

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


def test_no_model_is_loaded_for_known_texts(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """Taking a dump away, or nothing at all, imports no model library."""
    script = (
        "import sys, papersearch; papersearch.build(sys.argv[1], sys.argv[2], model=sys.argv[3]);"
        "print('torch' in sys.modules)"
    )
    add(small_corpus, "page.txt", "pipeline bubbles")
    command = [sys.executable, "-c", script, str(small_corpus), str(small_index), str(small_model)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=command_environment())
    assert done.stdout == "False\n"
    assert len(papersearch.open(small_index)) == 1


@pytest.mark.parametrize("seed", range(4))
def test_up_to_date_equals_fresh(
    tmp_path: Path, small_corpus: Path, small_index: Path, small_model: Path, build: Any, seed: int
) -> None:
    """After any sequence of adding, changing and removing dumps the index is what a fresh build
    makes: the same papers, postings byte for byte, vectors and scores to the last digits."""
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
        for file in LEXICAL:
            folders = (small_index / generation_folder(ours.manifest.generation), fresh / generation_folder(1))
            assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes(), file
        np.testing.assert_allclose(ours._parts.vectors.exact, theirs._parts.vectors.exact, atol=1e-6)
        assert ours._parts.pieces is not None
        assert theirs._parts.pieces is not None
        assert (ours._parts.pieces.ids == theirs._parts.pieces.ids).all()
        np.testing.assert_allclose(ours._parts.pieces.weights, theirs._parts.pieces.weights, atol=1e-6)
        for query in QUERIES:
            mine, other = ours.search(query, k=50), theirs.search(query, k=50)
            scores = {hit.paper.paper_id: hit.score for hit in other}
            assert [scores[hit.paper.paper_id] for hit in mine] == pytest.approx([h.score for h in mine], abs=1e-4)
        assert ours.verify() == []


def test_dry_run_writes_nothing(small_corpus: Path, small_index: Path, small_model: Path, build: Any) -> None:
    """--dry-run says what would change, with and without an index, and touches nothing."""
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
    """`new` finds the papers of the last build alone; a later build makes them old."""
    add(small_corpus, "new.txt", "pipeline stalls")
    build()
    found = papersearch.open(small_index).search("pipeline", filters=Filters(new=True))
    assert [hit.paper.title for hit in found] == ["On pipeline stalls"]
    add(small_corpus, "newer.txt", "protein design")
    build()
    found = papersearch.open(small_index).search("pipeline", filters=Filters(new=True))
    assert [hit.paper.title for hit in found] == ["On protein design"]


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


def test_a_damaged_index_is_not_taken_over(small_corpus: Path, small_index: Path, build: Any) -> None:
    """Vectors that are not what their checksum says are encoded anew."""
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


class Interrupted:
    """A progress callback that is Ctrl-C after some encodings."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, step: str, done: int, total: int) -> None:
        if step == "encoding" and done == self.after:
            raise KeyboardInterrupt


def test_an_interrupted_build_loses_nothing(small_corpus: Path, small_index: Path, build: Any) -> None:
    """The old index answers, and the next build takes over what was encoded."""
    before = answers(small_index)
    add(small_corpus, "new.txt", *(f"topic {n}" for n in range(10)))
    with pytest.raises(KeyboardInterrupt):
        build(progress=Interrupted(7))
    assert answers(small_index) == before
    report = build()
    assert (report.n_encoded, report.n_papers) == (3, 14)
    assert leftovers(small_index) == []


def test_a_torn_journal_is_passed_over(small_corpus: Path, small_index: Path, build: Any) -> None:
    """What an interrupted build left, damaged, costs its encodings and nothing else."""
    add(small_corpus, "new.txt", *(f"topic {n}" for n in range(6)))
    with pytest.raises(KeyboardInterrupt):
        build(progress=Interrupted(5))
    (part,) = (small_index / JOURNAL).glob("*.npz")
    part.write_bytes(part.read_bytes()[:-50])
    (small_index / JOURNAL / "stranger").write_text("?")
    assert build().n_encoded == 6
    assert leftovers(small_index) == []


def test_ctrl_c_is_130(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """A real interrupt in the middle of a build, which reads its model from a pipe that says
    nothing: exit 130, one line, the old index as it was."""
    before = answers(small_index)
    add(small_corpus, "new.txt", "quantum annealing")
    model = shutil.copytree(small_model, small_corpus.parent / "model")
    (model / "model.safetensors").unlink()
    os.mkfifo(model / "model.safetensors")
    process = subprocess.Popen(
        [sys.executable, "-m", "papersearch", "index", "--model", str(model)],
        cwd=small_corpus.parent,
        env=command_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    with held_at(model / "model.safetensors", process):
        assert str(process.pid) in (small_index / LOCK).read_text()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, told
    assert "interrupted" in told
    assert "Traceback" not in told
    assert answers(small_index) == before


def test_a_second_build_waits_and_says_for_whom(small_corpus: Path, small_index: Path, build: Any) -> None:
    """While another process builds, a build waits, names it, and then goes on."""
    add(small_corpus, "new.txt", "quantum annealing")
    told: list[str] = []
    done: list[papersearch.BuildReport] = []
    with writing(small_index, told.append):
        waiting = threading.Thread(target=lambda: done.append(build(announce=told.append)))
        waiting.start()
        wait_until(lambda: bool(told), "a second build does not say that it waits")
        assert done == []
    waiting.join()
    assert told == [f"waiting for another build of {small_index} ({told[0].split('(')[1]}"]
    assert f"process {os.getpid()}, since" in told[0]
    assert done[0].n_papers == 5


def test_the_lock_dies_with_its_process(small_index: Path, build: Any) -> None:
    """A lock file that a killed build left holds nobody."""
    (small_index / LOCK).write_text("process 1, since 00:00:00")
    assert build(full=True).outcome == "published"


class FailingOs:
    """`os`, of which the nth call that writes fails."""

    WRITING = ("open", "write", "fsync", "mkdir", "rename", "replace")

    def __init__(self, nth: int, code: int) -> None:
        self.left, self.code = nth, code

    def __getattr__(self, name: str) -> Any:
        if name in self.WRITING:
            self.left -= 1
            if self.left == 0:

                def fail(*arguments: Any) -> Any:
                    raise OSError(self.code, os.strerror(self.code))

                return fail
        return getattr(os, name)


@pytest.mark.parametrize(("code", "step"), [pytest.param(errno.ENOSPC, 2, marks=pytest.mark.slow), (errno.EIO, 5)])
def test_every_write_fails_in_turn(
    small_corpus: Path, small_index: Path, build: Any, monkeypatch: pytest.MonkeyPatch, code: int, step: int
) -> None:
    """Whichever call fails: an error of ours, the old index or the whole new one, no litter."""
    add(small_corpus, "new.txt", "quantum annealing")
    build()  # now both states' texts are known
    add(small_corpus, "newer.txt", "protein folding")
    before = answers(small_index)
    nth, failed = 1, 0  # one error at every second call that writes, the other at every fifth
    while True:
        monkeypatch.setattr(files, "os", FailingOs(nth, code))
        try:
            build(full=False)
        except IndexNotWritable as error:
            assert os.strerror(code) in error.message
            failed += 1
        else:
            break
        finally:
            monkeypatch.setattr(files, "os", os)
        assert answers(small_index) == before
        assert leftovers(small_index) == []
        if papersearch.open(small_index).manifest.n_appearances == 6:
            break  # it was made current, and only then something failed
        nth += step
    assert failed * step > 80
    build()
    assert papersearch.open(small_index).manifest.n_appearances == 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 600 kB, where one can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_disk_that_is_really_full(small_corpus: Path, small_model: Path, small_disk: Path) -> None:
    """On a file system that fills up in the middle of a build, the old index stays."""
    index_path = small_disk / "index"
    papersearch.build(small_corpus, index_path, model=str(small_model))
    before = answers(index_path)
    with (small_disk / "ballast").open("wb") as ballast:
        free = os.statvfs(small_disk)
        ballast.write(bytes(free.f_bavail * free.f_frsize - 20_000))
    add(small_corpus, "new.txt", "quantum annealing")
    with pytest.raises(IndexNotWritable, match="No space left"):
        papersearch.build(small_corpus, index_path, model=str(small_model))
    assert answers(index_path) == before
    (small_disk / "ballast").unlink()
    papersearch.build(small_corpus, index_path, model=str(small_model))
    assert len(papersearch.open(index_path)) == 5


@pytest.mark.slow
def test_faults_in_small() -> None:
    """benchmarks/faults.py in small: kills, damages, readers and mutations all end well."""
    command = [sys.executable, str(PROJECT / "benchmarks" / "faults.py")]
    numbers = ["--kills", "8", "--damages", "66", "--publishes", "3", "--mutations", "50"]
    done = subprocess.run(
        [*command, *numbers], capture_output=True, text=True, check=False, env=command_environment()
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 times doctor was clean" in done.stdout


@pytest.mark.soak
def test_faults_at_large() -> None:
    """The same in full, for a few minutes."""
    command = [sys.executable, str(PROJECT / "benchmarks" / "faults.py"), "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=command_environment())
    assert done.returncode == 0, done.stdout + done.stderr


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


@pytest.mark.parametrize("name", sorted({*ARRAYS, *LATE_ARRAYS, *TEXTS}))
def test_doctor_names_the_file(small_index: Path, name: str) -> None:
    """One bit anywhere in any file is found, and the fault names the file and the remedy."""
    path = small_index / generation_folder(1) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    index = papersearch.open(small_index)
    faults = index.verify()
    assert name in {fault.file for fault in faults}
    assert {fault.part for fault in faults if fault.file != "model"} == {"index"}


def test_doctor_checks_laws_and_not_only_sums(small_index: Path) -> None:
    """Arrays that break their laws are found even when manifest and checksums agree with them."""
    folder = small_index / generation_folder(1)
    for name, spoil in {
        "vectors.npy": lambda array: array * 2,
        "postings.papers.npy": lambda array: array[::-1],
        "postings.offsets.npy": lambda array: array[::-1],
        "lengths.npy": lambda array: array + 1,
        "postings.impacts.npy": lambda array: -array,
        "ids.papers.npy": lambda array: array * 0,
    }.items():
        content = (folder / name).read_bytes()
        manifests = [small_index / "manifest.json", folder / "manifest.json"]
        written = [path.read_bytes() for path in manifests]
        (folder / name).unlink()
        record = files.write_file(folder / name, np.ascontiguousarray(spoil(np.load(io.BytesIO(content)))))
        for path in manifests:
            fields = json.loads(path.read_bytes())
            fields["files"][name] = record.asdict()
            path.write_text(json.dumps(fields))
        assert papersearch.open(small_index).verify(), name
        (folder / name).write_bytes(content)
        for path, old in zip(manifests, written, strict=True):
            path.write_bytes(old)
    assert papersearch.open(small_index).verify() == []


def test_doctor_on_the_command_line(run: Run, small_corpus: Path, small_index: Path) -> None:
    """A whole index is exit 0 and one line; a damaged one exit 2, each fault with its remedy."""
    done = run("doctor", cwd=small_corpus.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("all is well\n")
    path = small_index / generation_folder(1) / "positions.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    done = run("doctor", cwd=small_corpus.parent)
    assert done.returncode == 2
    assert done.stdout.startswith("positions.npy has another SHA-256 than the manifest says\n")
    assert "papersearch index --full --index index" in done.stdout
    faults = json.loads(run("doctor", "--json", cwd=small_corpus.parent).stdout)["faults"]
    assert faults[0]["file"] == "positions.npy"


def test_links_lead_nowhere(small_index: Path, tmp_path: Path) -> None:
    """A file or folder of an index that is a link, or a pipe, is refused and never followed."""
    folder = small_index / generation_folder(1)
    real = folder / "papers.jsonl"
    outside = tmp_path / "outside"
    shutil.copy(real, outside)
    real.unlink()
    real.symlink_to(outside)
    with pytest.raises(IndexDamaged, match="is not a regular file"):
        papersearch.open(small_index)
    real.unlink()
    os.mkfifo(real)
    with pytest.raises(IndexDamaged, match="is not a regular file"):
        papersearch.open(small_index)
    real.unlink()
    shutil.copy(outside, real)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(IndexDamaged, match="generation-000001 is a link"):
        papersearch.open(small_index)


def test_golden_index_of_this_format(run: Run) -> None:
    """An index that this format's first release wrote is opened, proved, and answers as it did."""
    index = papersearch.open(GOLDEN / "format-4")
    assert [fault for fault in index.verify() if fault.file != "model"] == []
    results = index.search("pipeline bubbles")
    assert results.mode_used == "hybrid"
    assert [hit.paper.title for hit in results] == [
        "On pipeline bubbles",
        "Mixture of experts at scale",
        "On protein folding",
        "M$^3$ViT",
    ]
    assert results[0].score == pytest.approx(1.0)
    assert results[0].keyword_score == pytest.approx(index.keyword_scores("pipeline bubbles")[0])
    assert index.search("MoE", mode="keyword").expansions[0].other == "mixture of experts"
    assert index.search('"mixture of experts" title:scale').total == 1


@pytest.mark.parametrize("version", [1, 2, 3])
def test_golden_index_of_an_older_format(version: int) -> None:
    """An index of an older format is refused with the command that builds it anew."""
    with pytest.raises(IndexVersionError, match=f"format {version}") as caught:
        papersearch.open(GOLDEN / f"format-{version}")
    assert hint_of(caught.value) == f"papersearch index --index {GOLDEN / f'format-{version}'}"


def test_an_old_format_is_built_anew(tmp_path: Path, small_corpus: Path, small_model: Path) -> None:
    """What the hint says works: the folder of an old index takes the new one."""
    shutil.copytree(GOLDEN / "format-1", tmp_path / "old")
    report = papersearch.build(small_corpus, tmp_path / "old", model=str(small_model))
    assert (report.outcome, report.manifest and report.manifest.format_version) == ("published", 4)
    assert len(papersearch.open(tmp_path / "old")) == 4


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
