"""The lexical statistics of a corpus, as rank-bm25 computes them.

`LuceneBM25` is the formula: rank_bm25's BM25Okapi with Lucene's idf. Its `get_scores` is
rank_bm25's own and serves as the oracle of the tests. `CorpusStatistics` is the same class
reading a stream of inverted papers: where rank_bm25 keeps one dict per document, it keeps flat
arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, AnyStr

import numpy as np
from rank_bm25 import BM25Okapi

from papersearch.lexical.bm25 import K1, B, bm25_saturation
from papersearch.lexical.inverting import Block, Inverter, ends_of, places_of
from papersearch.lexical.postings import Postings

if TYPE_CHECKING:
    from papersearch.text.analysis import Word


class LuceneBM25(BM25Okapi):  # type: ignore[misc]  # rank_bm25 ships no types
    """BM25Okapi with idf = ln(1 + (N - df + 0.5) / (df + 0.5)), which is never negative.

    Okapi's own idf is zero or floored for a term in half of the papers or more, and
    meaningless in a corpus of a few papers; Lucene's is the usual remedy (Kamphuis et al.,
    "Which BM25 Do You Mean?", ECIR 2020).
    """

    def __init__(self, corpus: Iterable[list[str]]) -> None:
        super().__init__(corpus, k1=K1, b=B)

    def _calc_idf(self, nd: dict[str, int]) -> None:
        n = self.corpus_size
        self.idf = {term: math.log1p((n - df + 0.5) / (df + 0.5)) for term, df in nd.items()}


class CorpusStatistics(LuceneBM25):
    """The statistics of inverted papers, ready to become `Postings`.

    `blocks`: in paper order, each with the number of the inverter that made it; `terms`: those
    of each inverter, in order of their numbers.
    """

    def __init__(self, blocks: Sequence[tuple[int, Block]], terms: Sequence[Sequence[str]]) -> None:
        self._terms: dict[str, int] = {}
        self._numbers = [  # here, of each inverter's terms
            np.array([self._terms.setdefault(term, len(self._terms)) for term in found], dtype=np.uint32)
            for found in terms
        ]
        super().__init__(blocks)  # type: ignore[arg-type]  # its only reader is _initialize, below

    def _initialize(self, blocks: Sequence[tuple[int, Block]]) -> dict[str, int]:
        self._blocks = [block._replace(terms=self._numbers[who][block.terms]) for who, block in blocks]
        lengths = [block.n_terms.astype(np.int64) for block in self._blocks]
        self.corpus_size = sum(map(len, lengths))
        self.doc_len = np.concatenate(lengths) if lengths else np.zeros(0, dtype=np.int64)
        self.avgdl = int(self.doc_len.sum()) / self.corpus_size if lengths else 0.0
        df = np.zeros(len(self._terms), dtype=np.int64)
        for block in self._blocks:
            df[block.terms] += block.counts
        return dict(zip(self._terms, df.tolist(), strict=True))

    def postings(self) -> Postings:
        """The inverted index, terms ascending, with BM25 impacts as `get_scores` adds them.

        Blocks are given up as they are merged: this can be asked once.
        """
        terms = sorted(self._terms)
        place = np.empty(len(terms), dtype=np.int64)
        place[[self._terms[term] for term in terms]] = np.arange(len(terms))
        df, n_positions = (np.zeros(len(terms), dtype=np.int64) for _ in range(2))
        for block in self._blocks:
            df[place[block.terms]] += block.counts
            n_positions[place[block.terms]] += block.n_positions
        offsets, position_offsets = ends_of(df), ends_of(n_positions)
        idf = np.array([self.idf[term] for term in terms], dtype=np.float64)
        lengths = self.doc_len.astype(np.float64)
        doc_idx, starts = (np.empty(int(offsets[-1]), dtype=np.uint32) for _ in range(2))
        impacts = np.empty(int(offsets[-1]), dtype=np.float64)
        positions = np.empty(int(position_offsets[-1]), dtype=np.uint32)
        posting, position = offsets[:-1].copy(), position_offsets[:-1].copy()  # the next of each term
        first_doc_idx = 0
        while self._blocks:  # in paper order, so that doc_idx ascend within a term
            block = self._blocks.pop(0)
            term = place[block.terms]
            target = places_of(posting[term], block.counts)
            term_of_posting = np.repeat(term, block.counts)
            of_paper = first_doc_idx + block.doc_idx.astype(np.int64)
            saturation = bm25_saturation(block.tf.astype(np.float64), lengths[of_paper], self.avgdl)
            doc_idx[target], impacts[target] = of_paper, idf[term_of_posting] * saturation
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
            idf=idf,
            offsets=offsets.astype(np.uint64),
            doc_idx=doc_idx,
            impacts=impacts,
            starts=starts,
            position_offsets=position_offsets.astype(np.uint64),
            positions=positions,
            found={},
        )


def statistics_of(
    corpus: Iterable[Sequence[AnyStr]], analyse: Callable[[AnyStr], Iterable[Word]]
) -> CorpusStatistics:
    """The statistics of papers that are given as the pieces their texts are made of."""
    inverter = Inverter(analyse)
    block = inverter.invert(list(corpus))
    return CorpusStatistics([(0, block)], [inverter.terms()])
