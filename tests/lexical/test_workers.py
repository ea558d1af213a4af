"""A corpus analysed by several processes: the results of one process, also when workers fail."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest

from papersearch.lexical import indexing
from papersearch.lexical.chunks import AnalysedChunk, Analyst, Summary
from papersearch.lexical.indexing import AnalysedCorpus, analyse_corpus
from papersearch.lexical.workers import analyse_there, analysing, summaries_of
from papersearch.processes import Worker, employed

TITLES = [
    "Mixture-of-Experts (MoE) for GPT-4o and naïve 模型",
    "On $M^3$ViT and low-rank adapters",
    "",
    "The pipeline",
]
TEXTS = [f"{title}\nAbstract {n} on retrieval-augmented generation (RAG)." for n in range(7) for title in TITLES]
LENGTHS = [len(title) for _ in range(7) for title in TITLES]
KEYWORDS = [[f"keyword {n}", "retrieval"][: n % 3] for n in range(len(TEXTS))]


def everything(analysed: AnalysedCorpus) -> list[object]:
    """Return the values that an index stores of an analysed corpus, in comparable form."""
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


ALONE = everything(analyse_corpus(TEXTS, LENGTHS, keywords=KEYWORDS, n_workers=0))


@pytest.mark.parametrize(("n_workers", "chunk_size"), [(0, 1), (0, 5), (1, 1), (2, 3), (3, 100)])
def test_processes_and_chunks_do_not_matter(n_workers: int, chunk_size: int) -> None:
    """Any number of workers and any size of chunks give the results of one process."""
    assert (
        everything(analyse_corpus(TEXTS, LENGTHS, keywords=KEYWORDS, n_workers=n_workers, chunk_size=chunk_size))
        == ALONE
    )


@pytest.mark.parametrize("n_workers", [0, 2])
@pytest.mark.parametrize("chunk_size", [5, 100])
def test_progress_counts_what_is_done(n_workers: int, chunk_size: int) -> None:
    """Progress is told after each chunk, with the papers that are done by then; at last with all of them."""
    told: list[tuple[int, int]] = []
    analyse_corpus(TEXTS, LENGTHS, lambda *counts: told.append(counts), n_workers=n_workers, chunk_size=chunk_size)
    n_papers = len(TEXTS)
    assert told == [(done, n_papers) for done in [*range(chunk_size, n_papers, chunk_size), n_papers]]


def test_a_worker_does_what_is_done_here() -> None:
    """A worker's chunks and summary equal those of an analyst in this process."""
    analyst = Analyst()
    with employed(analysing, 1, b"en") as (worker,):
        for start in (0, 9):
            chunk = TEXTS[start : start + 9], LENGTHS[start : start + 9], KEYWORDS[start : start + 9]
            there, here = analyse_there(worker, *chunk), analyst.analyse(*chunk)
            assert there.definitions == here.definitions
            assert there.title_positions.tolist() == here.title_positions.tolist()
            assert [array.tolist() for array in there.block] == [array.tolist() for array in here.block]
        assert summaries_of([worker]) == {worker: analyst.summary()}


def test_a_worker_lost_at_a_chunk_costs_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a worker that ends before its summary are all analysed here."""
    asked: list[Worker] = []

    def analyse(worker: Worker, *chunk: Any) -> AnalysedChunk:
        asked.append(worker)
        if asked.count(worker) == 2:
            worker.close()
        return analyse_there(worker, *chunk)

    monkeypatch.setattr(indexing, "analyse_there", analyse)
    assert everything(analyse_corpus(TEXTS, LENGTHS, keywords=KEYWORDS, n_workers=2, chunk_size=1)) == ALONE


def test_a_worker_lost_at_its_summary_costs_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker of two is lost when all chunks are done: its chunks are analysed here."""

    def without_the_first(workers: Sequence[Worker]) -> dict[Worker, Summary]:
        workers[0].close()
        found = summaries_of(workers)
        assert list(found) == list(workers[1:])
        return found

    monkeypatch.setattr(indexing, "summaries_of", without_the_first)
    assert everything(analyse_corpus(TEXTS, LENGTHS, keywords=KEYWORDS, n_workers=2, chunk_size=1)) == ALONE


@pytest.mark.parametrize(
    ("n_papers", "n_spare", "n_started"), [(302, 7, 0), (9000, 7, 3), (9000, 1, 1), (9000, 0, 0)]
)
def test_small_corpora_need_no_worker(
    n_papers: int, n_spare: int, n_started: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some thousands of papers are worth a worker for each spare processor, up to three."""
    started: list[int] = []

    def start(service: object, n_workers: int, *languages: bytes) -> AbstractContextManager[list[Worker]]:
        started.append(n_workers)
        return nullcontext([])

    monkeypatch.setattr(indexing, "employed", start)
    monkeypatch.setattr(indexing, "n_spare_processors", lambda: n_spare)
    analyse_corpus(["model"] * n_papers, [5] * n_papers)
    assert started == [n_started]
