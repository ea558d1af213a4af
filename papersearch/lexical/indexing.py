"""A corpus analysed: postings, acronyms and spellings, by as many processors as there are.

Chunks of papers are analysed here and, where the corpus is large and there are processors to
spare, by workers as well. They are put together in paper order, and terms are sorted, so the
result does not depend on who analysed which chunk, nor on how many did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.acronyms import Acronym, learn
from papersearch.lexical.chunks import AnalysedChunk, Analyst, Summary
from papersearch.lexical.statistics import CorpusStatistics, corpus_statistics
from papersearch.lexical.workers import LOST, Worker, n_spare_processors

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import DocIndices

CHUNK = 1024
"""Papers analysed together: what is made of them meanwhile fits in the processor's cache."""

_WORTH_A_WORKER = 8 * CHUNK
"""Papers from which on a worker saves more time than it takes to start."""


class AnalysedCorpus(NamedTuple):
    """title_positions: (N,) uint32, how many positions each title takes; spellings: ascending,
    and how often each stands in the papers, (W,)."""

    statistics: CorpusStatistics
    title_positions: DocIndices
    acronyms: list[Acronym]
    spellings: list[str]
    spelling_counts: npt.NDArray[np.uint32]


class _Done(NamedTuple):
    """What one analyst has done: chunks by their number."""

    chunks: dict[int, AnalysedChunk]
    summary: Summary


def analyse_corpus(
    texts: Sequence[str],
    title_lengths: Sequence[int],
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    n_workers: int | None = None,
    chunk_size: int = CHUNK,
) -> AnalysedCorpus:
    """Analyse the papers with these texts, which begin with titles of so many characters.

    `progress` hears how many papers are done, and of how many. `n_workers`: None for as many
    as are worth it. What a worker does not bring back is done here.
    """
    if n_workers is None:
        n_workers = n_spare_processors() if len(texts) >= _WORTH_A_WORKER else 0
    starts = range(0, len(texts), chunk_size)
    waiting = iter(range(len(starts)))  # taking the next is one step, whichever thread does it
    analyst = Analyst()
    mine: dict[int, AnalysedChunk] = {}

    def content(number: int) -> tuple[list[str], Sequence[int]]:
        papers = range(starts[number], min(starts[number] + chunk_size, len(texts)))
        return [texts[doc_idx] for doc_idx in papers], title_lengths[papers.start : papers.stop]

    def employ(worker: Worker) -> _Done:
        chunks = {number: worker.analyse(*content(number)) for number in waiting}
        return _Done(chunks, worker.summary())

    with ExitStack() as stack:
        employed: list[Future[_Done]] = []
        if n_workers:
            employed = list(_employ(stack, n_workers, employ))
        for number in waiting:
            progress(starts[number], len(texts))  # what a worker has of those before, it has soon
            mine[number] = analyst.analyse(*content(number))
        done = [result for future in employed if (result := _result(future)) is not None]
    for number in set(range(len(starts))).difference(mine, *(result.chunks for result in done)):
        mine[number] = analyst.analyse(*content(number))
    return _together([_Done(mine, analyst.summary()), *done])


def _employ(stack: ExitStack, n_workers: int, employ: Callable[[Worker], _Done]) -> Iterator[Future[_Done]]:
    """Start workers, and a thread that talks to each; `stack` ends all of them."""
    workers: list[Worker] = []
    for _ in range(n_workers):
        try:
            workers.append(Worker())
        except OSError:  # no memory, no such program: then without
            break
        stack.callback(workers[-1].close)
    threads = stack.enter_context(ThreadPoolExecutor(max(1, len(workers))))
    for worker in workers:
        stack.callback(worker.kill)  # first of all, so that no thread waits for it
        yield threads.submit(employ, worker)


def _result(future: Future[_Done]) -> _Done | None:
    """What a worker has done; None where it was lost."""
    try:
        return future.result()
    except LOST:
        return None


def _together(done: Sequence[_Done]) -> AnalysedCorpus:
    by_number = {number: (who, chunk) for who, one in enumerate(done) for number, chunk in one.chunks.items()}
    ordered = [by_number[number] for number in sorted(by_number)]
    definitions: Counter[tuple[str, str]] = Counter()
    for _, chunk in ordered:
        definitions.update(chunk.definitions)
    spellings: Counter[str] = Counter()
    for one in done:
        spellings.update(one.summary.spellings)
    spelt = sorted(spellings)
    title_positions = [chunk.title_positions for _, chunk in ordered]
    return AnalysedCorpus(
        corpus_statistics([(who, chunk.block) for who, chunk in ordered], [one.summary.terms for one in done]),
        np.concatenate(title_positions) if ordered else np.zeros(0, dtype=np.uint32),
        learn(definitions),
        spelt,
        np.array([spellings[word] for word in spelt], dtype=np.uint32),
    )
