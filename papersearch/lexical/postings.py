"""An inverted index with precomputed impacts and positions, and scoring from it.

Postings are sorted by term: those of term t are at [offsets[t], offsets[t+1]), with doc_indices
ascending. An impact is the amount that a term adds to a paper's BM25 score, so scoring is addition.
The positions of term t are at [position_offsets[t], position_offsets[t+1]). Within this range,
posting p's positions start at `starts[p]` and end where the next posting's start. The module knows
nothing of files; its arrays may be memory-mapped.
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
"""Size of the cache of term lookups."""

_REMEMBERED_PHRASES = 16
"""Number of phrases whose occurrences are kept."""

_FEW = 8
"""Times that a term must have as many papers as are left of a phrase, for it to be looked for in these alone."""

_POSITION_BITS = 32
"""Lower bits of an occurrence: doc_idx above, position below."""


# numpy's own set functions import numpy.ma on first use, which takes longer than a query.
def in_both(first: IntArray, second: IntArray) -> IntArray:
    """Return the intersection; inputs and result are ascending without repeats."""
    if len(first) > len(second):
        first, second = second, first
    both: IntArray = first[are_in(second, first)]
    return both


def are_in(ascending: IntArray | DocIndices, sought: IntArray) -> BoolArray:
    """Tell for each of `sought` (K,), in any order, whether `ascending` has it: (K,)."""
    if len(ascending) == 0:
        return np.zeros(len(sought), dtype=np.bool_)
    found: BoolArray = ascending[_places(ascending, sought)] == sought
    return found


def values_at(docs: IntArray | DocIndices, values: Float64Array, papers: IntArray | DocIndices) -> Float64Array:
    """Return for each of `papers` (K,), in any order, its value; 0 if `docs`, ascending, lacks it: (K,)."""
    if len(docs) == 0:
        return np.zeros(len(papers))
    at = _places(docs, papers)
    return np.where(docs[at] == papers, values[at], 0.0)


def is_new(ascending: IntArray) -> BoolArray:
    """Return a mask of the numbers that differ from the one before them."""
    new = np.ones(len(ascending), dtype=np.bool_)
    new[1:] = ascending[1:] != ascending[:-1]
    return new


def _places(docs: IntArray | DocIndices, papers: IntArray | DocIndices) -> IntArray:
    """Return for each of `papers` the place in `docs`, ascending and not empty, where it is if it is there."""
    # With numbers of another type, numpy would copy all of `docs`.
    return np.minimum(np.searchsorted(docs, papers.astype(docs.dtype, copy=False)), len(docs) - 1)


def _checked(tf: IntArray, n_positions: int) -> IntArray:
    """Return `tf`; raise ValueError if it does not fit the stored positions, as in a damaged file."""
    if len(tf) and (int(tf.min()) < 0 or int(tf.max()) > n_positions or int(tf.sum()) > n_positions):
        raise ValueError("positions do not fit their postings")
    return tf


class Postings:
    """The inverted index of N papers.

    terms: T strings, ascending by code point
    idf: (T,) float64
    offsets: (T + 1,) uint64, the postings of each term
    doc_indices: (P,) uint32, ascending within a term
    impacts: (P,) float64, positive
    starts: (P,) uint32, relative to the first position of the term
    position_offsets: (T + 1,) uint64, the positions of each term
    positions: (O,) uint32, ascending within a posting
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
        self._phrases: dict[tuple[tuple[int, str], ...], tuple[IntArray, IntArray, IntArray]] = {}
        self._places: dict[str, int | None] = {}  # of terms: a query looks up each of its own many times

    def find(self, term: str) -> int | None:
        """Return the index of `term` in the vocabulary, or None."""
        if term not in self._places:
            if len(self._places) >= _REMEMBERED:
                self._places.clear()
            place = bisect_left(self.terms, term)
            has_it = place < len(self.terms) and self.terms[place] == term
            self._places[term] = place if has_it else None
        return self._places[term]

    def idf_of(self, terms: Iterable[str]) -> dict[str, float]:
        """Return the idf of each of `terms` that the corpus contains."""
        found = ((term, self.find(term)) for term in sorted(set(terms)))
        return {term: float(self.idf[place]) for term, place in found if place is not None}

    def score(self, terms: Iterable[str], n_papers: int) -> tuple[Float64Array, BoolArray]:
        """Return every paper's BM25 score for a bag of terms, and a mask of papers with any of them.

        Both are (N,). A repeated term counts again, as in rank_bm25's `get_scores`. Terms are added
        in sorted order, so that equal bags give equal bytes.
        """
        scores = np.zeros(n_papers)
        for term in sorted(terms):
            place = self.find(term)
            if place is None:
                continue
            start, stop = self._range(place)
            # This takes a third of the time of scores[papers] += impacts, although papers are distinct.
            np.add.at(scores, self.doc_indices[start:stop], self.impacts[start:stop])
        return scores, scores > 0  # impacts are positive

    def score_of(self, terms: Iterable[str], papers: IntArray | DocIndices) -> Float64Array:
        """Return the BM25 score of each of `papers` (K,) for a bag of terms, as `score` does: (K,)."""
        scores = np.zeros(len(papers))
        for term in sorted(terms):
            scores += self.impacts_of(term, papers)
        return scores

    def of_term(self, term: str) -> tuple[DocIndices, Float64Array]:
        """Return doc_idx, ascending, of the papers that have `term`, and the impact on each."""
        place = self.find(term)
        start, stop = (0, 0) if place is None else self._range(place)
        return self.doc_indices[start:stop], self.impacts[start:stop]

    def impacts_of(self, term: str, papers: IntArray | DocIndices) -> Float64Array:
        """Return the impact of `term` on each of `papers`, (K,); 0 if a paper does not contain it.

        `papers` are (K,) in any order.
        """
        return values_at(*self.of_term(term), papers)

    def occurrences(self, term: str, papers: IntArray | DocIndices | None = None) -> npt.NDArray[np.int64]:
        """Return every occurrence of `term`, ascending, as doc_idx * 2**32 + position.

        With `papers`, (K,) doc_idx ascending, only these are searched. Raises ValueError if the
        positions do not fit their postings.
        """
        place = self.find(term)
        if place is None:
            return np.zeros(0, dtype=np.int64)
        docs, begins, tf = self._occurring(place, papers)
        own = self.positions[int(self.position_offsets[place]) : int(self.position_offsets[place + 1])]
        if papers is not None:
            within = np.arange(int(tf.sum())) - np.repeat(np.cumsum(tf) - tf, tf)
            own = own[np.repeat(begins, tf) + within]
        found: npt.NDArray[np.int64] = np.repeat(docs.astype(np.int64), tf)
        found <<= _POSITION_BITS  # in place: a common word has as many occurrences as the shard has papers
        found |= own
        return found

    def frequencies(self, term: str, papers: IntArray | DocIndices | None = None) -> tuple[DocIndices, IntArray]:
        """Return doc_idx, ascending, of the papers that have `term`, and its tf in each.

        With `papers`, (K,) doc_idx ascending, only these are searched. Raises ValueError as `occurrences` does.
        """
        place = self.find(term)
        if place is None:
            return self.doc_indices[:0], np.zeros(0, dtype=np.int64)
        docs, _, tf = self._occurring(place, papers)
        return docs, tf

    def first_positions(self, term: str) -> DocIndices:
        """Return the first position of `term` in each paper that has it, (K,), in the order of `of_term`."""
        place = self.find(term)
        if place is None:
            return self.positions[:0]
        start, stop = self._range(place)
        return self.positions[int(self.position_offsets[place]) + self.starts[start:stop].astype(np.int64)]

    def _occurring(self, place: int, papers: IntArray | DocIndices | None) -> tuple[DocIndices, IntArray, IntArray]:
        """Return the papers that have a term, the place of its first position in each, and its tf there."""
        start, stop = self._range(place)
        docs, starts = self.doc_indices[start:stop], self.starts[start:stop]
        n_positions = int(self.position_offsets[place + 1]) - int(self.position_offsets[place])
        if papers is None:
            begins = starts.astype(np.int64)
            return docs, begins, _checked(np.diff(begins, append=n_positions), n_positions)
        at = _places(docs, papers)
        chosen = at[docs[at] == papers]
        begins = starts[chosen].astype(np.int64)
        # A posting ends where the next one of its term starts; the last one ends with the term.
        following = np.minimum(chosen + 1, len(docs) - 1)
        ends = np.where(chosen + 1 < len(docs), starts[following].astype(np.int64), n_positions)
        return docs[chosen], begins, _checked(ends - begins, n_positions)

    def phrase(
        self, sequence: Sequence[tuple[int, str]], papers: IntArray | DocIndices | None = None
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Find the terms of `sequence`, (distance from the first, term), at exactly these distances.

        Returns doc_idx and position of the first term for each occurrence, ascending. The third
        array is the phrase's tf, one value for each distinct paper.
        """
        if papers is not None:
            return self._phrase(sequence, papers)
        key = tuple(sequence)  # a query counts the papers of its phrases first, and scores them later
        if key not in self._phrases:
            while len(self._phrases) >= _REMEMBERED_PHRASES:
                del self._phrases[next(iter(self._phrases))]
            self._phrases[key] = self._phrase(sequence)
        return self._phrases[key]

    def _phrase(
        self, sequence: Sequence[tuple[int, str]], papers: IntArray | DocIndices | None = None
    ) -> tuple[IntArray, IntArray, IntArray]:
        found: npt.NDArray[np.int64] | None = None
        dfs = {term: self._df(term) for _, term in sequence}
        if not all(dfs.values()):
            sequence = ()
        for distance, term in sorted(sequence, key=lambda one: dfs[one[1]]):  # the rarest leaves few papers to read
            if found is not None and len(found) * _FEW < dfs[term]:
                papers = found >> _POSITION_BITS
                papers = papers[is_new(papers)]
            begins = self.occurrences(term, papers)
            begins -= distance
            found = begins if found is None else in_both(found, begins)
            if len(found) == 0:
                break
        if found is None:
            found = np.zeros(0, dtype=np.int64)
        docs = found >> _POSITION_BITS
        return docs, found & ((1 << _POSITION_BITS) - 1), np.diff(np.flatnonzero(is_new(docs)), append=len(docs))

    def _df(self, term: str) -> int:
        place = self.find(term)
        start, stop = (0, 0) if place is None else self._range(place)
        return stop - start

    def _range(self, place: int) -> tuple[int, int]:
        return int(self.offsets[place]), int(self.offsets[place + 1])
