"""What a shard computes for one query, and needs again for its later requests."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.vectors import Cosines
from papersearch.lexical.matching import match
from papersearch.lexical.postings import are_in
from papersearch.types import NO_FILTERS

if TYPE_CHECKING:
    from papersearch.index.opened import OpenedIndex
    from papersearch.search.partial import Moments, PartialCosines
    from papersearch.search.protocol import Asked, Bounds
    from papersearch.text.clauses import FieldClause
    from papersearch.types import BoolArray, Filters, Float32Array, IntArray


class Work:
    """The words of a query matched, its cosines, and the papers that it allows.

    allowed: ascending, papers that satisfy the query's operators and its filters
    undecided: ascending, papers whose date is unknown or too coarse for the date filter
    n_kept: number of papers that the filters keep
    known: the cosines of encoded papers; None in a keyword search
    """

    def __init__(self, asked: Asked, index: OpenedIndex) -> None:
        self._asked = asked
        self._index = index
        self.matched = match(asked.query, index.lexical, asked.statistics, self._having)
        surely, perhaps = self.matched.allowed
        both = np.sort(np.concatenate([surely, perhaps])) if len(perhaps) else surely
        self.allowed, self.undecided, self.n_kept = filtered(both, asked.filters, index)
        if len(perhaps) and not asked.filters.include_undated:
            is_doubted = are_in(perhaps, self.allowed)
            self.undecided = np.sort(np.concatenate([self.undecided, self.allowed[is_doubted]]))
            self.allowed = self.allowed[~is_doubted]
        self.known = None if asked.vector is None else known_cosines(asked.vector, index)
        self._semantic: Cosines | PartialCosines | None = None

    def _having(self, clause: FieldClause, doubtful: bool) -> BoolArray:
        """Return a mask of the papers that meet a clause of names or years, as in `matching.Having`."""
        if clause.field == "year":
            from papersearch.search.filters import dated

            return dated(clause.days, self._index.facts.dates, doubtful=doubtful)
        from papersearch.search.names import having

        return having(clause.field, [clause.value], self._index)

    @cached_property
    def titled(self) -> dict[int, int]:
        """The allowed papers whose title is the query, each with how unlike it is spelled."""
        query, papers = self._asked.query, self._index.papers
        found = np.array(papers.titled(query.title_key), dtype=np.int64)
        allowed = found[are_in(self.allowed, found)]
        return {doc_idx: papers.spelling(doc_idx, query.text) for doc_idx in allowed.tolist()}

    @property
    def ranked(self) -> IntArray:
        """The allowed papers that the mode ranks."""
        return self.rankable(self.allowed)

    def rankable(self, papers: IntArray) -> IntArray:
        """Leave out papers that the mode does not rank: without a word, or without a vector."""
        if self._asked.mode == "keyword":
            return papers[self.matched.matched[papers]]
        return encoded(papers, self._index) if self._asked.mode == "semantic" else papers

    def moments(self) -> Moments | None:
        """Return the moments of the cosines, if some papers of the whole have none."""
        if not self._asked.is_partial or self.known is None:
            return None
        from papersearch.search.partial import moments_of  # a complete index needs none of it

        return moments_of(self.known, self._index.is_encoded)

    def cosines(self, bounds: Bounds) -> Cosines | PartialCosines | None:
        """Return the cosines with all papers: known, or expected by what the whole says."""
        if self._semantic is None and self.known is not None:
            self._semantic = self.known
            if self._index.is_encoded is not None and bounds.moments is not None:
                from papersearch.search.partial import Expected, with_expected

                expected = Expected(bounds.moments, bounds.words)
                self._semantic = with_expected(self.known, self._index.is_encoded, self.matched.scores, expected)
        return self._semantic


def known_cosines(vector: Float32Array, index: OpenedIndex) -> Cosines:
    """Estimate the cosine of `vector` (D,) with every paper; those of papers without a vector are 0."""
    if index.manifest.n_encoded:
        return index.vectors.scan(vector)
    return Cosines(index.vectors, vector, np.zeros(index.manifest.n_papers, np.float32), 0.0)


def encoded(papers: IntArray, index: OpenedIndex) -> IntArray:
    """Leave out papers without a vector."""
    return papers if index.is_encoded is None else papers[index.is_encoded[papers]]


def filtered(papers: IntArray, filters: Filters, index: OpenedIndex) -> tuple[IntArray, IntArray, int]:
    """Return the papers, ascending, that the filters keep, and those that the date filter cannot decide.

    The third value is the number of all papers that the filters keep.
    """
    if filters == NO_FILTERS:
        return papers, papers[:0], index.manifest.n_papers
    from papersearch.search.filters import select

    kept, undecided = select(filters, index)
    return papers[kept[papers]], papers[undecided[papers]], int(kept.sum())
