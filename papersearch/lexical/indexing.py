"""Analysis of a corpus: postings, acronyms and spellings, computed on several processors.

Chunks of papers are analysed in this process. For a large corpus, workers on spare processors take
chunks too. Chunks are merged in paper order and terms are sorted, so that the result does not
depend on the workers.
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
from papersearch.text.words import ENGLISH

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import DocIndices

CHUNK = 1024
"""Papers analysed together; the intermediate arrays of a chunk fit in the processor's cache."""

_WORTH_A_WORKER = 8 * CHUNK
"""Number of papers from which a worker saves more time than its start takes."""

_MOST_WORKERS = 3
"""Greatest number of workers. Each keeps the words of the whole corpus in memory, and one process
merges all results."""

_Analysed: TypeAlias = tuple[Worker | None, AnalysedChunk]
"""A chunk, and the worker that numbered its terms; None for this process."""


class AnalysedCorpus(NamedTuple):
    """The lexical results of a corpus.

    title_positions: (N,) uint32, number of positions of each title
    definitions: number of papers that define each (short form, long form)
    spellings: W spellings, ascending
    spelling_counts: (W,), occurrences of each spelling in the papers
    """

    statistics: CorpusStatistics
    title_positions: DocIndices
    definitions: Counter[tuple[str, str]]
    spellings: list[str]
    spelling_counts: npt.NDArray[np.uint32]

    @property
    def acronyms(self) -> list[Acronym]:
        """The acronyms behind the definitions."""
        return learn(self.definitions)


def analyse_corpus(
    texts: Sequence[str],
    title_lengths: Sequence[int],
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    keywords: Sequence[Sequence[str]] = (),
    languages: Sequence[str] = (ENGLISH,),
    n_workers: int | None = None,
    chunk_size: int = CHUNK,
) -> AnalysedCorpus:
    """Analyse papers, on several processors if that saves time.

    texts, title_lengths: of each paper; a text begins with its title
    keywords: of each paper; empty if none has any
    languages: those of the collection
    progress: called with the number of papers done and the number of all papers
    n_workers: None for as many as save time

    This process analyses the chunks that a lost worker has not returned.
    """
    if n_workers is None:
        n_workers = min(n_spare_processors(), _MOST_WORKERS) if len(texts) >= _WORTH_A_WORKER else 0
    starts = range(0, len(texts), chunk_size)
    analyst = Analyst(languages)

    def content(number: int) -> tuple[list[str], Sequence[int], Sequence[Sequence[str]]]:
        papers = range(starts[number], min(starts[number] + chunk_size, len(texts)))
        of_chunk = slice(papers.start, papers.stop)
        return [texts[doc_idx] for doc_idx in papers], title_lengths[of_chunk], keywords[of_chunk]

    def here(number: int) -> _Analysed:
        return None, analyst.analyse(*content(number))

    def there(worker: Worker, number: int) -> _Analysed:
        return worker, analyse_there(worker, *content(number))

    analysed: list[_Analysed] = []
    with employed(analysing, n_workers, *map(str.encode, languages)) as workers:
        for number, result in enumerate(in_order(range(len(starts)), here, workers, there)):
            analysed.append(result)
            progress(min(starts[number] + chunk_size, len(texts)), len(texts))
        summaries: dict[Worker | None, Summary] = dict(summaries_of(workers).items())
    # Without a worker's summary the term numbers of its chunks are unknown.
    kept = [
        result if result[0] is None or result[0] in summaries else here(number)
        for number, result in enumerate(analysed)
    ]
    summaries[None] = analyst.summary()
    return _together(kept, summaries)


def _together(analysed: Sequence[_Analysed], summaries: Mapping[Worker | None, Summary]) -> AnalysedCorpus:
    """Merge the chunks, in paper order, and the analysts' summaries."""
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
        definitions,
        spelt,
        np.array([spellings[word] for word in spelt], dtype=np.uint32),
    )
