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
    from papersearch.types import IntArray


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
        return _merged(self)


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


def _merged(statistics: CorpusStatistics) -> Postings:
    n_papers, blocks = len(statistics.doc_lengths), statistics.blocks
    order = sorted(range(len(statistics.terms)), key=statistics.terms.__getitem__)
    terms = [statistics.terms[number] for number in order]
    place = np.empty(len(terms), dtype=np.int64)
    place[order] = np.arange(len(terms))
    df = statistics.df[order]
    n_positions = np.zeros(len(terms), dtype=np.int64)
    for block in blocks:
        n_positions[place[block.terms]] += block.n_positions
    offsets, position_offsets = ends_of(df), ends_of(n_positions)
    idfs = np.array([idf(n, n_papers) for n in df.tolist()], dtype=np.float64)
    lengths = statistics.doc_lengths.astype(np.float64)
    doc_indices, starts = (np.empty(int(offsets[-1]), dtype=np.uint32) for _ in range(2))
    impacts = np.empty(int(offsets[-1]), dtype=np.float64)
    positions = np.empty(int(position_offsets[-1]), dtype=np.uint32)
    posting, position = offsets[:-1].copy(), position_offsets[:-1].copy()  # each term's next places
    first_doc_idx = 0
    while blocks:  # in paper order, so that doc_indices ascend within a term
        block = blocks.pop(0)
        term = place[block.terms]
        target = places_of(posting[term], block.counts)
        term_of_posting = np.repeat(term, block.counts)
        of_paper = first_doc_idx + block.doc_indices.astype(np.int64)
        saturation = bm25_saturation(block.tf.astype(np.float64), lengths[of_paper], statistics.mean_length)
        doc_indices[target], impacts[target] = of_paper, idfs[term_of_posting] * saturation
        before = ends_of(block.tf)[:-1]  # positions of the block before each posting
        of_term = before[ends_of(block.counts)[:-1]]
        shift = position[term] - position_offsets[term] - of_term
        starts[target] = before + np.repeat(shift, block.counts)
        positions[places_of(position[term], block.n_positions)] = block.positions
        posting[term] += block.counts
        position[term] += block.n_positions
        first_doc_idx += len(block.n_terms)
    return Postings(
        terms=terms,
        idf=idfs,
        offsets=offsets.astype(np.uint64),
        doc_indices=doc_indices,
        impacts=impacts,
        starts=starts,
        position_offsets=position_offsets.astype(np.uint64),
        positions=positions,
    )
