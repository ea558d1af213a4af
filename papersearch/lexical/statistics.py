"""The lexical statistics of a corpus, from inverted papers to postings.

Blocks of papers are inverted separately and merged in paper order. The formula is rank-bm25's with
Lucene's idf (`bm25`). rank_bm25 keeps a dict per document; here the values are in flat arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, AnyStr, NamedTuple

import numpy as np

from papersearch.lexical.bm25 import bm25_saturation, idf
from papersearch.lexical.inverting import Block, Inverter, ends_of, places_of
from papersearch.lexical.postings import Postings

if TYPE_CHECKING:
    from papersearch.text.words import Word
    from papersearch.types import DocIndices, Float64Array, IntArray


class CorpusStatistics(NamedTuple):
    """The statistics of inverted papers, from which `postings` makes postings.

    terms: T terms, in the order of their numbers
    df: (T,)
    doc_lengths: (N,), number of terms of each paper, with repeats
    mean_length: mean of `doc_lengths`
    blocks: in paper order, with terms by number
    """

    terms: list[str]
    df: IntArray
    doc_lengths: IntArray
    mean_length: float
    blocks: list[Block]

    def postings(self) -> Postings:
        """Merge the blocks into an inverted index, terms ascending, with BM25 impacts.

        Call it once: it empties `blocks` on the way, so that memory does not hold both.
        """
        merging = Merging(self)
        doc_indices, impacts = merging.papers_and_impacts()
        starts, positions = merging.starts_and_positions()
        return Postings(
            terms=merging.terms,
            idf=merging.idf,
            offsets=merging.offsets.astype(np.uint64),
            doc_indices=doc_indices,
            impacts=impacts,
            starts=starts,
            position_offsets=merging.position_offsets.astype(np.uint64),
            positions=positions,
        )


def corpus_statistics(blocks: Sequence[tuple[int, Block]], terms: Sequence[Sequence[str]]) -> CorpusStatistics:
    """Give the terms of several inverters common numbers, and count.

    blocks: in paper order, each with the number of its inverter
    terms: the terms of each inverter, in the order of their numbers
    """
    numbers: dict[str, int] = {}
    renumbered = [
        np.array([numbers.setdefault(term, len(numbers)) for term in found], dtype=np.uint32) for found in terms
    ]
    merged = [block._replace(terms=renumbered[inverter][block.terms]) for inverter, block in blocks]
    df = np.zeros(len(numbers), dtype=np.int64)
    for block in merged:
        df[block.terms] += block.counts
    lengths = [block.n_terms.astype(np.int64) for block in merged]
    doc_lengths = np.concatenate(lengths) if lengths else np.zeros(0, dtype=np.int64)
    mean_length = int(doc_lengths.sum()) / len(doc_lengths) if lengths else 0.0
    return CorpusStatistics(list(numbers), df, doc_lengths, mean_length, merged)


def statistics_of(
    corpus: Iterable[Sequence[AnyStr]], analyse: Callable[[AnyStr], Iterable[Word]]
) -> CorpusStatistics:
    """Count papers, each given as the pieces of its text."""
    inverter = Inverter(analyse)
    block = inverter.invert(list(corpus))
    return corpus_statistics([(0, block)], [inverter.terms()])


class Merging:
    """The blocks of a corpus on their way to postings.

    Of a large corpus, the arrays of postings and the blocks would take the most memory of a build.
    So they are made in two pairs; a caller can write the first and free it before the second.

    terms, idf: (T,), terms ascending
    offsets, position_offsets: (T + 1,), places of each term's postings and positions
    """

    def __init__(self, statistics: CorpusStatistics) -> None:
        n_papers, self._statistics = len(statistics.doc_lengths), statistics
        order = sorted(range(len(statistics.terms)), key=statistics.terms.__getitem__)
        self.terms = [statistics.terms[number] for number in order]
        self._place = np.empty(len(order), dtype=np.int64)
        self._place[order] = np.arange(len(order))
        df = statistics.df[order]
        n_positions = np.zeros(len(order), dtype=np.int64)
        for block in statistics.blocks:
            n_positions[self._place[block.terms]] += block.n_positions
        self.offsets, self.position_offsets = ends_of(df), ends_of(n_positions)
        self.idf = np.array([idf(n, n_papers) for n in df.tolist()], dtype=np.float64)

    def papers_and_impacts(self) -> tuple[DocIndices, Float64Array]:
        """Return `doc_indices` and `impacts` of the postings."""
        statistics = self._statistics
        lengths = statistics.doc_lengths.astype(np.float64)
        doc_indices = np.empty(int(self.offsets[-1]), dtype=np.uint32)
        impacts = np.empty(int(self.offsets[-1]), dtype=np.float64)
        posting = self.offsets[:-1].copy()  # each term's next place
        first_doc_idx = 0
        for block in statistics.blocks:  # in paper order, so that doc_indices ascend within a term
            term = self._place[block.terms]
            target = places_of(posting[term], block.counts)
            of_paper = first_doc_idx + block.doc_indices.astype(np.int64)
            saturation = bm25_saturation(block.tf.astype(np.float64), lengths[of_paper], statistics.mean_length)
            doc_indices[target] = of_paper
            impacts[target] = self.idf[np.repeat(term, block.counts)] * saturation
            posting[term] += block.counts
            first_doc_idx += len(block.n_terms)
        return doc_indices, impacts

    def starts_and_positions(self) -> tuple[DocIndices, DocIndices]:
        """Return `starts` and `positions` of the postings. Call it last: it empties the blocks."""
        blocks = self._statistics.blocks
        starts = np.empty(int(self.offsets[-1]), dtype=np.uint32)
        positions = np.empty(int(self.position_offsets[-1]), dtype=np.uint32)
        posting, position = self.offsets[:-1].copy(), self.position_offsets[:-1].copy()
        while blocks:
            block = blocks.pop(0)
            term = self._place[block.terms]
            before = ends_of(block.tf)[:-1]  # positions of the block before each posting
            of_term = before[ends_of(block.counts)[:-1]]
            shift = position[term] - self.position_offsets[term] - of_term
            starts[places_of(posting[term], block.counts)] = before + np.repeat(shift, block.counts)
            positions[places_of(position[term], block.n_positions)] = block.positions
            posting[term] += block.counts
            position[term] += block.n_positions
        return starts, positions
