"""A corpus analysed by several processes: the same as by one, whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from papersearch.lexical import indexing, workers
from papersearch.lexical.indexing import AnalysedCorpus, analyse_corpus
from papersearch.lexical.workers import Worker
from tests.conftest import command_environment, wait_until

TITLES = [
    "Mixture-of-Experts (MoE) for GPT-4o and naïve 模型",
    "On $M^3$ViT and low-rank adapters",
    "",
    "The pipeline",
]
TEXTS = [f"{title}\nAbstract {n} on retrieval-augmented generation (RAG)." for n in range(7) for title in TITLES]
LENGTHS = [len(title) for _ in range(7) for title in TITLES]


def everything(analysed: AnalysedCorpus) -> list[object]:
    """All that an index keeps of an analysed corpus, ready to be compared."""
    postings = analysed.statistics.postings()
    arrays = (part for part in (*vars(postings).values(), *analysed) if isinstance(part, np.ndarray))
    return [
        analysed.statistics.mean_length,
        list(postings.terms),
        analysed.acronyms,
        analysed.spellings,
        analysed.statistics.doc_lengths.tolist(),
        *((array.dtype, array.tolist()) for array in arrays),
    ]


ALONE = everything(analyse_corpus(TEXTS, LENGTHS, n_workers=0))


@pytest.mark.parametrize(("n_workers", "chunk_size"), [(0, 1), (0, 5), (1, 1), (2, 3), (3, 2), (3, 100)])
def test_processes_and_chunks_do_not_matter(n_workers: int, chunk_size: int) -> None:
    """Any number of workers, with chunks of any size, brings what one process alone does."""
    assert everything(analyse_corpus(TEXTS, LENGTHS, n_workers=n_workers, chunk_size=chunk_size)) == ALONE


def test_a_worker_does_what_is_done_here() -> None:
    """What crosses the pipes is what an analyst says in this process."""
    worker, analyst = Worker(), indexing.Analyst()
    try:
        for start in (0, 9):
            chunk = TEXTS[start : start + 9], LENGTHS[start : start + 9]
            there, here = worker.analyse(*chunk), analyst.analyse(*chunk)
            assert there.definitions == here.definitions
            assert there.title_positions.tolist() == here.title_positions.tolist()
            assert [array.tolist() for array in there.block] == [array.tolist() for array in here.block]
        assert worker.summary() == analyst.summary()
    finally:
        worker.kill()
        worker.close()


def dies(worker: Worker, *arguments: object) -> None:
    """In place of a method: the worker is killed, and asked."""
    worker.kill()
    worker._process.wait()
    worker._ask(b"[]", b"[]")


@pytest.mark.parametrize("method", ["analyse", "summary"])
def test_a_worker_that_dies_costs_time_alone(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker took and did not bring back is done here."""
    monkeypatch.setattr(Worker, method, dies)
    assert everything(analyse_corpus(TEXTS, LENGTHS, n_workers=2, chunk_size=1)) == ALONE


def test_a_worker_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without workers everything is done here."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert everything(analyse_corpus(TEXTS, LENGTHS, n_workers=2, chunk_size=1)) == ALONE


@pytest.mark.parametrize("start", ["raise SystemExit(3)", "print('x' * 100)", "import papersearch_that_is_not"])
def test_a_worker_that_is_none(start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends at once, or says something else, is done without."""
    monkeypatch.setattr(workers, "_START", start)
    assert everything(analyse_corpus(TEXTS, LENGTHS, n_workers=1, chunk_size=1)) == ALONE


def test_small_corpora_need_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below some thousands of papers none is started; above, and with processors to spare, some are."""
    started: list[int] = []

    def employ(stack: object, n_workers: int, work: Callable[[Worker], object]) -> list[object]:
        started.append(n_workers)
        return []

    monkeypatch.setattr(indexing, "_employ", employ)
    monkeypatch.setattr(indexing, "n_spare_processors", lambda: 3)
    analyse_corpus(["model"] * 302, [5] * 302)
    assert started == []
    analyse_corpus(["model"] * 9000, [5] * 9000)
    assert started == [3]


@pytest.mark.parametrize("program", ["", "/usr/bin/blender", "/opt/search/app"])
def test_no_other_program_is_started(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this process is no plain Python, it is not started again."""
    monkeypatch.setattr(sys, "executable", program)
    assert workers.n_spare_processors() == 0


SCRIPT = """
from papersearch.lexical.workers import Worker
print("once")
worker = Worker()
print(worker.analyse(["pipeline bubbles"], [8]).title_positions.tolist())
worker.kill()
worker.close()
"""


def test_a_script_without_a_guard_in_a_hostile_folder(tmp_path: Path) -> None:
    """A script is run once, not again by its workers, and modules that lie about in the current
    folder are not taken for the real ones."""
    script, folder = tmp_path / "script.py", tmp_path / "here"
    script.write_text(SCRIPT, encoding="utf-8")
    folder.mkdir()
    for name in ("orjson", "numpy", "struct", "papersearch", "sitecustomize"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder, env=command_environment(), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("once\n[1]\n", "")


INTERRUPTED = """
import os, signal, subprocess, sys
from papersearch.lexical import indexing
started = []
class Noted(indexing.Worker):
    def __init__(self):
        super().__init__()
        started.append(self._process)
indexing.Worker = Noted
def progress(done, total):
    if done > 4:
        os.killpg(0, signal.SIGINT)  # as a terminal does
try:
    indexing.analyse_corpus(["pipeline bubbles"] * 99, [8] * 99, progress, n_workers=2, chunk_size=1)
except KeyboardInterrupt:
    print([process.returncode for process in started])
"""


@pytest.mark.skipif(os.name != "posix", reason="signals to process groups")
def test_an_interrupt_ends_the_workers() -> None:
    """An interrupt of the whole group leaves no worker, and none of them says a word."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        env=command_environment(),
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert (done.stdout, done.stderr) == (f"{[-signal.SIGKILL] * 2}\n", "")


def has_ended(pid: str) -> bool:
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()  # of a process that nobody has waited for
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="signals, and processes as files")
def test_workers_end_with_their_build() -> None:
    """A build that is killed leaves no worker behind: its standard input ends."""
    script = (
        "import os, signal\nfrom papersearch.lexical.workers import Worker\nworker = Worker()\n"
        "worker.summary()\nprint(worker._process.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], env=command_environment(), capture_output=True, text=True)
    wait_until(lambda: has_ended(done.stdout.strip()), "the worker is still there")
