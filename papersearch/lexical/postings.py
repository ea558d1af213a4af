"""An inverted index with precomputed impacts and positions, and scoring from it.

Postings are sorted by term: those of term t are at [offsets[t], offsets[t+1]), their
doc_indices ascending. An impact is what its term adds to its paper's BM25 score, so scoring is
adding. The positions of term t are at [position_offsets[t], position_offsets[t+1]); those
of its posting p begin `starts[p]` after the first and end where the next posting's begin.
It knows nothing of files; the arrays may be mapped ones.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import BoolArray, DocIndices, Float64Array, IntArray

_REMEMBERED = 10_000
"""Terms whose places are remembered; then all are forgotten, so that memory stays bounded."""

_POSITION_BITS = 32
"""An occurrence is one number: doc_idx above, position below."""


# numpy's own set functions import numpy.ma when first used, which takes longer than a query.
def in_both(first: IntArray, second: IntArray) -> IntArray:
    """The numbers that both have; all three ascending, none twice."""
    if len(first) > len(second):
        first, second = second, first
    if len(first) == 0:
        return first
    at = np.minimum(np.searchsorted(second, first), len(second) - 1)
    both: IntArray = first[second[at] == first]
    return both


def is_new(ascending: IntArray) -> BoolArray:
    """Which of the numbers, ascending, are the first of their equals."""
    new = np.ones(len(ascending), dtype=np.bool_)
    new[1:] = ascending[1:] != ascending[:-1]
    return new


def _checked(tf: IntArray, n_positions: int) -> IntArray:
    """`tf`, unless a damaged file made them more than there are positions."""
    if len(tf) and (int(tf.min()) < 0 or int(tf.max()) > n_positions or int(tf.sum()) > n_positions):
        raise ValueError("positions do not fit their postings")
    return tf


class Postings:
    """An inverted index.

    terms: T strings ascending by code point; idf: (T,) float64; offsets: (T + 1,) uint64;
    doc_indices: (P,) uint32; impacts: (P,) float64, positive; starts: (P,) uint32;
    position_offsets: (T + 1,) uint64; positions: (O,) uint32, ascending within a posting.
    """

    def __init__(
        self,
        *,
        terms: Sequence[str],
        idf: Float64Array,
        offsets: npt.NDArray[np.uint64],
        doc_indices: DocIndices,
        impacts: Float64Array,
        starts: DocIndices,
        position_offsets: npt.NDArray[np.uint64],
        positions: DocIndices,
    ) -> None:
        self.terms = terms
        self.idf = idf
        self.offsets = offsets
        self.doc_indices = doc_indices
        self.impacts = impacts
        self.starts = starts
        self.position_offsets = position_offsets
        self.positions = positions
        self._places: dict[str, int | None] = {}  # of terms: a query looks up each of its own many times

    def find(self, term: str) -> int | None:
        """Return the position of `term` in the vocabulary, or None."""
        if term not in self._places:
            if len(self._places) >= _REMEMBERED:
                self._places.clear()
            place = bisect_left(self.terms, term)
            has_it = place < len(self.terms) and self.terms[place] == term
            self._places[term] = place if has_it else None
        return self._places[term]

    def df(self, term: str) -> int:
        """Count the papers that have `term`."""
        place = self.find(term)
        return 0 if place is None else int(self.offsets[place + 1] - self.offsets[place])

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
        for term in sorted(terms):
            place = self.find(term)
            if place is None:
                continue
            start, stop = self._range(place)
            # A third of the time of scores[papers] += impacts, although no paper comes twice.
            np.add.at(scores, self.doc_indices[start:stop], self.impacts[start:stop])
        return scores, scores > 0  # impacts are positive

    def impacts_of(self, term: str, papers: IntArray) -> Float64Array:
        """What `term` adds to the score of each of `papers` (K,), in any order: (K,); 0 where
        the paper has it not."""
        impacts = np.zeros(len(papers))
        place = self.find(term)
        if place is not None:
            start, stop = self._range(place)
            docs = self.doc_indices[start:stop]
            at = np.minimum(np.searchsorted(docs, papers), len(docs) - 1)
            impacts = np.where(docs[at] == papers, self.impacts[start:stop][at], 0.0)
        return impacts

    def occurrences(self, term: str, papers: IntArray | None = None) -> npt.NDArray[np.int64]:
        """Every occurrence of `term`, ascending, as doc_idx * 2**32 + position.

        papers: (K,) ascending doc_idx, to look at these alone.
        """
        place = self.find(term)
        if place is None:
            return np.zeros(0, dtype=np.int64)
        start, stop = self._range(place)
        docs = self.doc_indices[start:stop]
        first, last = int(self.position_offsets[place]), int(self.position_offsets[place + 1])
        if papers is None:
            starts = self.starts[start:stop].astype(np.int64)
            tf = _checked(np.diff(starts, append=last - first), last - first)
            return (np.repeat(docs.astype(np.int64), tf) << _POSITION_BITS) | self.positions[first:last]
        at = np.minimum(np.searchsorted(docs, papers), len(docs) - 1)
        chosen = at[docs[at] == papers]
        begins = self.starts[start:stop][chosen].astype(np.int64)
        # The end of a posting is the beginning of the next, or of the next term.
        following = np.minimum(chosen + 1, len(docs) - 1)
        ends = np.where(chosen + 1 < len(docs), self.starts[start:stop][following].astype(np.int64), last - first)
        tf = _checked(ends - begins, last - first)
        within = np.arange(int(tf.sum())) - np.repeat(np.cumsum(tf) - tf, tf)
        positions = self.positions[first:last][np.repeat(begins, tf) + within]
        found: npt.NDArray[np.int64] = (np.repeat(docs[chosen].astype(np.int64), tf) << _POSITION_BITS) | positions
        return found

    def phrase(
        self, sequence: Sequence[tuple[int, str]], papers: IntArray | None = None
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Where the terms of `sequence`, (distance from the first, term), stand in just these
        distances.

        Returns (doc_idx, position of the first term) of every occurrence, ascending, and its
        tf: how often the phrase stands in the paper, counted once per paper that has it.
        """
        found: npt.NDArray[np.int64] | None = None
        for distance, term in sequence:
            begins = self.occurrences(term, papers) - distance
            found = begins if found is None else in_both(found, begins)
            if len(found) == 0:
                break
        if found is None:
            found = np.zeros(0, dtype=np.int64)
        docs = found >> _POSITION_BITS
        return docs, found & ((1 << _POSITION_BITS) - 1), np.diff(np.flatnonzero(is_new(docs)), append=len(docs))

    def _range(self, place: int) -> tuple[int, int]:
        return int(self.offsets[place]), int(self.offsets[place + 1])
