"""The lexical statistics of a corpus, as rank-bm25 computes them.

`LuceneBM25` is the formula: rank_bm25's BM25Okapi with Lucene's idf. Its `get_scores` is
rank_bm25's own and serves as the oracle of the tests. `CorpusStatistics` is the same class
reading a stream: where rank_bm25 keeps one dict per document, it keeps flat arrays.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from rank_bm25 import BM25Okapi

from papersearch.lexical.postings import Postings

if TYPE_CHECKING:
    from papersearch.types import Float64Array

K1 = 1.2
B = 0.75
"""Lucene's parameters (Robertson and Zaragoza 2009, section 3.2, call them usual)."""


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

    `corpus` yields each paper's terms in paper order and is read once.
    """

    def _initialize(self, corpus: Iterable[list[str]]) -> dict[str, int]:
        self._term_numbers: dict[str, int] = {}
        self._posting_terms, self._posting_docs, self._posting_tfs = array("I"), array("I"), array("I")
        lengths = array("I")
        for doc_idx, terms in enumerate(corpus):
            lengths.append(len(terms))
            for term, tf in Counter(terms).items():
                number = self._term_numbers.setdefault(term, len(self._term_numbers))
                self._posting_terms.append(number)
                self._posting_docs.append(doc_idx)
                self._posting_tfs.append(tf)
        self.corpus_size = len(lengths)
        self.doc_len = lengths
        self.avgdl = sum(lengths) / len(lengths) if lengths else 0.0
        counts = np.bincount(_view(self._posting_terms), minlength=len(self._term_numbers))
        return {term: int(counts[number]) for term, number in self._term_numbers.items()}

    @property
    def doc_lengths(self) -> Float64Array:
        """Terms per paper, (N,)."""
        return _view(self.doc_len).astype(np.float64)

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
        idf = np.array([self.idf[term] for term in terms], dtype=np.float64)
        offsets = np.zeros(len(terms) + 1, dtype=np.uint64)
        np.cumsum(np.bincount(term_idx, minlength=len(terms)), out=offsets[1:])
        tf = _view(self._posting_tfs)[order].astype(np.float64)
        saturation = bm25_saturation(tf, self.doc_lengths[doc_idx], self.avgdl)
        return Postings(terms=terms, idf=idf, offsets=offsets, doc_idx=doc_idx, impacts=idf[term_idx] * saturation)


def bm25_saturation(tf: Float64Array, doc_lengths: Float64Array, mean_length: float) -> Float64Array:
    """BM25's tf part, tf (k1 + 1) / (tf + k1 (1 - b + b |d| / mean |d|)), elementwise.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), equation 3.15.
    """
    saturation: Float64Array = tf * (K1 + 1) / (tf + K1 * (1 - B + B * doc_lengths / (mean_length or 1.0)))
    return saturation


def _view(values: array[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """`values` as a numpy array over the same memory."""
    return np.frombuffer(values, dtype=np.uint32) if values else np.zeros(0, dtype=np.uint32)
