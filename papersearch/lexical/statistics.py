"""The lexical statistics of a corpus, as rank-bm25 computes them.

`LuceneBM25` is the formula: rank_bm25's BM25Okapi with Lucene's idf. Its `get_scores` is
rank_bm25's own and serves as the oracle of the tests. `CorpusStatistics` is the same class
reading a stream: where rank_bm25 keeps one dict per document, it keeps flat arrays.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from rank_bm25 import BM25Okapi

from papersearch.lexical.bm25 import K1, B, bm25_saturation
from papersearch.lexical.postings import Postings

if TYPE_CHECKING:
    from papersearch.types import DocIndices, IntArray


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
    """The statistics of a stream of analysed papers, ready to become `Postings`.

    `corpus` yields each paper's (term, position) pairs in paper order and is read once;
    positions ascend within a paper.
    """

    def __init__(self, corpus: Iterable[Iterable[tuple[str, int]]]) -> None:
        super().__init__(corpus)  # type: ignore[arg-type]  # its only reader is _initialize, below

    def _initialize(self, corpus: Iterable[Iterable[tuple[str, int]]]) -> dict[str, int]:
        self._term_numbers: dict[str, int] = {}
        self._posting_terms, self._posting_docs, self._posting_tfs = array("I"), array("I"), array("I")
        self._positions = array("I")
        lengths = array("I")
        for doc_idx, occurrences in enumerate(corpus):
            places: dict[str, list[int]] = {}
            length = 0
            for term, position in occurrences:
                places.setdefault(term, []).append(position)
                length += 1
            lengths.append(length)
            for term, positions in places.items():
                number = self._term_numbers.setdefault(term, len(self._term_numbers))
                self._posting_terms.append(number)
                self._posting_docs.append(doc_idx)
                self._posting_tfs.append(len(positions))
                self._positions.extend(positions)
        self.corpus_size = len(lengths)
        self.doc_len = lengths
        self.avgdl = sum(lengths) / len(lengths) if lengths else 0.0
        counts = np.bincount(_view(self._posting_terms), minlength=len(self._term_numbers))
        return {term: int(counts[number]) for term, number in self._term_numbers.items()}

    def postings(self) -> Postings:
        """The inverted index, terms ascending, with BM25 impacts as `get_scores` adds them."""
        terms = sorted(self._term_numbers)
        place = np.empty(len(terms), dtype=np.int64)
        for position, term in enumerate(terms):
            place[self._term_numbers[term]] = position
        term_idx = place[_view(self._posting_terms)]
        order = np.argsort(term_idx, kind="stable")  # stable: doc_idx stay ascending within a term
        term_idx = term_idx[order]
        doc_idx = _view(self._posting_docs)[order]
        tf = _view(self._posting_tfs)[order]
        idf = np.array([self.idf[term] for term in terms], dtype=np.float64)
        offsets = np.zeros(len(terms) + 1, dtype=np.uint64)
        np.cumsum(np.bincount(term_idx, minlength=len(terms)), out=offsets[1:])
        lengths = _view(self.doc_len).astype(np.float64)
        saturation = bm25_saturation(tf.astype(np.float64), lengths[doc_idx], self.avgdl)
        ends = np.zeros(len(tf) + 1, dtype=np.uint64)
        np.cumsum(tf, out=ends[1:])
        position_offsets = ends[offsets.astype(np.int64)]
        return Postings(
            terms=terms,
            idf=idf,
            offsets=offsets,
            doc_idx=doc_idx,
            impacts=idf[term_idx] * saturation,
            starts=(ends[:-1] - position_offsets[term_idx]).astype(np.uint32),
            position_offsets=position_offsets,
            positions=self._ordered_positions(order),
        )

    def _ordered_positions(self, order: IntArray) -> DocIndices:
        """The positions of all postings, in the order of the postings `order`."""
        tf = _view(self._posting_tfs).astype(np.int64)
        first = np.cumsum(tf) - tf
        moved_tf = tf[order]
        moved_first = np.cumsum(moved_tf) - moved_tf
        within = np.arange(int(tf.sum())) - np.repeat(moved_first, moved_tf)
        return _view(self._positions)[np.repeat(first[order], moved_tf) + within]


def _view(values: array[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """`values` as a numpy array over the same memory."""
    return np.frombuffer(values, dtype=np.uint32) if values else np.zeros(0, dtype=np.uint32)
