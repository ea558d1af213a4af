"""The lexical side of an open index: which papers a query's words allow, find and cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.phrases import DocumentLengths, expansion_impacts, pair_impacts, phrase_papers
from papersearch.types import Expansion, TermImpact

if TYPE_CHECKING:
    from papersearch.lexical.acronyms import ExpansionTable
    from papersearch.lexical.postings import Postings
    from papersearch.text.analysis import Analyzer
    from papersearch.text.query import Clause, Query
    from papersearch.types import BoolArray, Float64Array, IntArray


class Found(NamedTuple):
    """What a query's words find: BM25 `scores` (N,), which papers hold any of them (N,), and
    per acronym expanded what its other form adds to each (N,)."""

    scores: Float64Array
    matched: BoolArray
    expanded: list[tuple[Expansion, Float64Array]]

    @property
    def expansions(self) -> tuple[Expansion, ...]:
        """The acronyms that were expanded."""
        return tuple(expansion for expansion, _ in self.expanded)


class Keywords(NamedTuple):
    """Postings and what reading a query against them takes."""

    postings: Postings
    lengths: DocumentLengths
    table: ExpansionTable
    analyzer: Analyzer

    @property
    def n_papers(self) -> int:
        return len(self.lengths.terms)

    def allowed(self, query: Query) -> IntArray:
        """The papers that hold every required phrase and no excluded one, ascending."""
        allowed = np.ones(self.n_papers, dtype=np.bool_)
        for clause in query.required:
            holding = np.zeros(self.n_papers, dtype=np.bool_)
            holding[self._holding(clause)] = True
            allowed &= holding
        for clause in query.excluded:
            allowed[self._holding(clause)] = False
        return np.flatnonzero(allowed)

    def find(self, query: Query) -> Found:
        """BM25 of the query's terms, and of the other forms of its acronyms."""
        scores, matched = self.postings.score(query.terms, self.n_papers)
        expanded: list[tuple[Expansion, Float64Array]] = []
        for expansion in self.table.expand(query.sequence):
            form = self.analyzer.sequence(expansion.other)
            docs, found = expansion_impacts(self.postings, form, self.lengths)
            impacts = np.zeros(self.n_papers)
            impacts[docs] = found
            scores += impacts
            matched[docs] = True
            expanded.append((expansion, impacts))
        return Found(scores, matched, expanded)

    def pairs(self, query: Query, papers: IntArray) -> list[tuple[str, Float64Array]]:
        """What each pair of neighbours in the query adds to `papers`, (K,) ascending."""
        return pair_impacts(self.postings, query.pairs, self.lengths, papers)

    def idf(self, query: Query, found: Found) -> dict[str, float]:
        """The idf of every term that a text may be marked for, those of other forms included."""
        others = [term for expansion in found.expansions for term in self.analyzer.terms(expansion.other)]
        return self.postings.idf_of([*query.terms, *others])

    def coverage(self, query: Query, found: Found, papers: IntArray) -> Float64Array:
        """Share of the query's words, by idf, that each of `papers` (K,) holds in some form, (K,)."""
        terms = sorted({term for _, term in query.sequence})
        held_by_other_form: dict[str, list[BoolArray]] = {}
        for expansion, impacts in found.expanded:
            for term in self.analyzer.terms(expansion.written):
                held_by_other_form.setdefault(term, []).append(impacts[papers] > 0)
        idf = self.postings.idf_of(terms)
        unknown = float(np.log1p((self.n_papers + 0.5) / 0.5))  # of a term that no paper has
        whole = sum(idf.get(term, unknown) for term in terms)
        held = np.zeros(len(papers))
        for term in terms:
            present = self.postings.impacts_of(term, papers) > 0
            for having in held_by_other_form.get(term, ()):
                present |= having
            held += np.where(present, idf.get(term, unknown), 0.0)
        return held / whole if whole else held

    def explain(self, query: Query, found: Found, doc_idx: int, *, with_pairs: bool) -> tuple[TermImpact, ...]:
        """What each term, other form and (if counted) pair gave the paper; nothing that gave nothing."""
        paper = np.array([doc_idx])
        terms = [
            TermImpact(
                term=term,
                kind="term",
                impact=query.terms.count(term) * float(self.postings.impacts_of(term, paper)[0]),
            )
            for term in sorted(set(query.terms))
        ]
        for expansion, impacts in found.expanded:
            terms.append(TermImpact(term=expansion.other, kind="expansion", impact=float(impacts[doc_idx])))
        if with_pairs:
            terms += [
                TermImpact(term=pair, kind="pair", impact=float(impacts[0]))
                for pair, impacts in self.pairs(query, paper)
            ]
        return tuple(term for term in terms if term.impact)

    def _holding(self, clause: Clause) -> IntArray:
        return phrase_papers(self.postings, clause.sequence, self.lengths, in_title=clause.in_title)
