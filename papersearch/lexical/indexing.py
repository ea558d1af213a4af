"""A corpus analysed: postings, acronyms and spellings, by as many processors as there are.

Chunks of papers are analysed here and, where the corpus is large and there are processors to
spare, by workers as well. They are put together in paper order, and terms are sorted, so the
result does not depend on who analysed which chunk, nor on how many did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from papersearch.lexical.acronyms import Acronym, learn
from papersearch.lexical.chunks import AnalysedChunk, Analyst, Summary
from papersearch.lexical.statistics import CorpusStatistics, corpus_statistics
from papersearch.lexical.workers import analyse_there, analysing, summaries_of
from papersearch.processes import Worker, employed, in_order, n_spare_processors

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import DocIndices

CHUNK = 1024
"""Papers analysed together: what is made of them meanwhile fits in the processor's cache."""

_WORTH_A_WORKER = 8 * CHUNK
"""Papers from which on a worker saves more time than it takes to start."""

_MOST_WORKERS = 3
"""Each has the words of the whole corpus in memory, and one process puts together what they bring."""

_Analysed: TypeAlias = tuple[Worker | None, AnalysedChunk]
"""A chunk and the worker whose numbers it has; None: this process's."""


class AnalysedCorpus(NamedTuple):
    """title_positions: (N,) uint32, how many positions each title takes; spellings: ascending,
    and how often each stands in the papers, (W,)."""

    statistics: CorpusStatistics
    title_positions: DocIndices
    acronyms: list[Acronym]
    spellings: list[str]
    spelling_counts: npt.NDArray[np.uint32]


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
        n_workers = min(n_spare_processors(), _MOST_WORKERS) if len(texts) >= _WORTH_A_WORKER else 0
    starts = range(0, len(texts), chunk_size)
    analyst = Analyst()

    def content(number: int) -> tuple[list[str], Sequence[int]]:
        papers = range(starts[number], min(starts[number] + chunk_size, len(texts)))
        return [texts[doc_idx] for doc_idx in papers], title_lengths[papers.start : papers.stop]

    def here(number: int) -> _Analysed:
        return None, analyst.analyse(*content(number))

    def there(worker: Worker, number: int) -> _Analysed:
        return worker, analyse_there(worker, *content(number))

    analysed: list[_Analysed] = []
    with employed(analysing, n_workers) as workers:
        for number, result in enumerate(in_order(range(len(starts)), here, workers, there)):
            progress(starts[number], len(texts))
            analysed.append(result)
        summaries: dict[Worker | None, Summary] = dict(summaries_of(workers).items())
    # A worker's numbers mean nothing without its summary.
    kept = [
        result if result[0] is None or result[0] in summaries else here(number)
        for number, result in enumerate(analysed)
    ]
    summaries[None] = analyst.summary()
    return _together(kept, summaries)


def _together(analysed: Sequence[_Analysed], summaries: Mapping[Worker | None, Summary]) -> AnalysedCorpus:
    """Put the chunks, in paper order, and the analysts' summaries together."""
    analysts = {who: number for number, who in enumerate(summaries)}
    definitions: Counter[tuple[str, str]] = Counter()
    for _, chunk in analysed:
        definitions.update(chunk.definitions)
    spellings: Counter[str] = Counter()
    for summary in summaries.values():
        spellings.update(summary.spellings)
    spelt = sorted(spellings)
    title_positions = [chunk.title_positions for _, chunk in analysed]
    return AnalysedCorpus(
        corpus_statistics(
            [(analysts[who], chunk.block) for who, chunk in analysed],
            [summary.terms for summary in summaries.values()],
        ),
        np.concatenate(title_positions) if analysed else np.zeros(0, dtype=np.uint32),
        learn(definitions),
        spelt,
        np.array([spellings[word] for word in spelt], dtype=np.uint32),
    )
