"""An inverted index with precomputed impacts, and scoring from it.

Postings are sorted by term: those of term t are at [offsets[t], offsets[t+1]), their
doc_idx ascending. An impact is what its term adds to its paper's BM25 score, so scoring is
adding. It knows nothing of files; the arrays may be mapped ones.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import BoolArray, DocIndices, Float64Array


class Postings(NamedTuple):
    """terms: T strings ascending by code point; idf: (T,) float64; offsets: (T + 1,) uint64;
    doc_idx: (P,) uint32; impacts: (P,) float64, positive."""

    terms: Sequence[str]
    idf: Float64Array
    offsets: npt.NDArray[np.uint64]
    doc_idx: DocIndices
    impacts: Float64Array

    def find(self, term: str) -> int | None:
        """Position of `term` in the vocabulary, or None."""
        place = bisect_left(self.terms, term)
        return place if place < len(self.terms) and self.terms[place] == term else None

    def idf_of(self, terms: Iterable[str]) -> dict[str, float]:
        """The idf of those of `terms` that the corpus has."""
        found = ((term, self.find(term)) for term in sorted(set(terms)))
        return {term: float(self.idf[place]) for term, place in found if place is not None}

    def score(self, terms: Iterable[str], n_papers: int) -> tuple[Float64Array, BoolArray]:
        """BM25 of every paper for a bag of terms, and which papers hold any of them.

        Both (N,). A repeated term counts again, as in rank_bm25's `get_scores`. Order does
        not matter: terms are added in sorted order, so that equal bags give equal bytes.
        """
        scores = np.zeros(n_papers)
        matched = np.zeros(n_papers, dtype=np.bool_)
        for term in sorted(terms):
            place = self.find(term)
            if place is None:
                continue
            start, stop = int(self.offsets[place]), int(self.offsets[place + 1])
            papers = self.doc_idx[start:stop]
            scores[papers] += self.impacts[start:stop]  # a paper occurs once per term
            matched[papers] = True
        return scores, matched
