"""Matching of a query's words against an open index.

`match` reads the postings of the query's words once, and scores all papers. Coverage and pairs are
too expensive for all papers: `Matched` computes them for given papers only.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.bm25 import idf_of_each
from papersearch.lexical.phrases import DocumentLengths, expansion_impacts, pair_impacts
from papersearch.types import Expansion, TermImpact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from papersearch.lexical.acronyms import ExpansionTable
    from papersearch.lexical.conditions import OtherForms
    from papersearch.lexical.postings import Postings
    from papersearch.text.analysis import Analyzer
    from papersearch.text.query import Query
    from papersearch.types import BoolArray, Float64Array, IntArray


class LexicalIndex(NamedTuple):
    """The lexical side of an open index: postings, and the tables that matching needs.

    `spellings` opens the sorted words of papers; few queries need them.
    """

    postings: Postings
    lengths: DocumentLengths
    expansions: ExpansionTable
    analyzer: Analyzer
    spellings: Callable[[], Sequence[str]]

    @property
    def n_papers(self) -> int:
        return len(self.lengths.terms)


class Matched:
    """The words of a query, matched against all papers.

    allowed: ascending, papers that have every required phrase and no excluded one
    scores: (N,), BM25 of the query's terms and of other forms of its words
    matched: (N,), True for papers that have any of these
    expanded: for each acronym, the impacts of its other form on the papers, (N,)
    joined: for each compound in another form, its terms and what it adds to the papers, (N,)
    forms: other forms of required words and phrases, and words by their beginning
    """

    def __init__(
        self,
        query: Query,
        index: LexicalIndex,
        *,
        allowed: IntArray,
        scores: Float64Array,
        matched: BoolArray,
        expanded: list[tuple[Expansion, Float64Array]],
        joined: list[tuple[str, tuple[str, ...], Float64Array]],
        forms: list[OtherForms],
    ) -> None:
        self._query = query
        self._index = index
        self.allowed = allowed
        self.scores = scores
        self.matched = matched
        self.expanded = expanded
        self.joined = joined
        self.forms = forms

    @property
    def expansions(self) -> tuple[Expansion, ...]:
        """Acronyms of the query, with their other forms."""
        return tuple(expansion for expansion, _ in self.expanded)

    @cached_property
    def terms(self) -> frozenset[str]:
        """Terms of the query, of its compounds and of its acronyms' other forms."""
        forms = (expansion.other for expansion in self.expansions)
        joined = (other for other, _, _ in self.joined)
        return frozenset(self._query.terms).union(joined, *map(self._index.analyzer.terms, forms))

    @cached_property
    def idf(self) -> dict[str, float]:
        """Map of those `terms` that the corpus has to their idf; these are marked in texts."""
        return self._index.postings.idf_of(self.terms)

    def idf_in(self, doc_idx: int) -> dict[str, float]:
        """Map the terms to mark in one paper to their idf: `idf`, and the other forms that the paper has."""
        found = {term for each in self.forms for term in each.terms_in(doc_idx)}
        return {**self.idf, **self._index.postings.idf_of(found)} if found else self.idf

    def coverage(self, papers: IntArray) -> Float64Array:
        """Compute the coverage of each of `papers` (K,).

        Returns (K,): the idf-weighted share of the query's words that a paper has in some form.
        """
        held = np.zeros(len(papers))
        for term, idf in self._weights:
            present = self._index.postings.impacts_of(term, papers) > 0
            for other in self._joined_forms.get(term, ()):
                present |= self._index.postings.impacts_of(other, papers) > 0
            for impacts in self._other_forms.get(term, ()):
                present |= impacts[papers] > 0
            held += np.where(present, idf, 0.0)
        whole = sum(idf for _, idf in self._weights)
        return held / whole if whole else held

    def pairs(self, papers: IntArray) -> list[tuple[str, Float64Array]]:
        """Compute the impacts of each pair of adjacent words of the query on `papers`, (K,) ascending."""
        return pair_impacts(self._index.postings, self._query.pairs, self._index.lengths, papers)

    def explain(self, doc_idx: int, *, with_pairs: bool) -> tuple[TermImpact, ...]:
        """List the nonzero impacts of terms, other forms and, `with_pairs`, pairs on the paper."""
        postings, terms, paper = self._index.postings, self._query.terms, np.array([doc_idx])
        given = [
            TermImpact(
                term=term, kind="term", impact=terms.count(term) * float(postings.impacts_of(term, paper)[0])
            )
            for term in sorted(set(terms))
        ]
        given += [
            TermImpact(term=other, kind="term", impact=float(added[doc_idx])) for other, _, added in self.joined
        ]
        for expansion, impacts in self.expanded:
            given.append(TermImpact(term=expansion.other, kind="expansion", impact=float(impacts[doc_idx])))
        given += [
            TermImpact(term=form.written, kind="form", impact=float(form.impacts[doc_idx])) for form in self.forms
        ]
        if with_pairs:
            given += [
                TermImpact(term=pair, kind="pair", impact=float(impacts[0])) for pair, impacts in self.pairs(paper)
            ]
        return tuple(each for each in given if each.impact)

    @cached_property
    def _weights(self) -> list[tuple[str, float]]:
        """Distinct terms of the query, ascending, each with its idf; an absent term has the greatest idf."""
        terms = sorted({term for _, term in self._query.sequence})
        known = self._index.postings.idf_of(terms)
        unknown = float(idf_of_each(0, self._index.n_papers))
        return [(term, known.get(term, unknown)) for term in terms]

    @cached_property
    def _other_forms(self) -> dict[str, list[Float64Array]]:
        """Map of each term of a written acronym to its other forms' impacts on the papers, (N,) each."""
        forms: dict[str, list[Float64Array]] = {}
        for expansion, impacts in self.expanded:
            for term in self._index.analyzer.terms(expansion.written):
                forms.setdefault(term, []).append(impacts)
        for form in self.forms:
            for term in form.own_terms:
                forms.setdefault(term, []).append(form.impacts)
        return forms

    @cached_property
    def _joined_forms(self) -> dict[str, list[str]]:
        """Map of each term of a compound to the other terms that say the same."""
        forms: dict[str, list[str]] = {}
        for other, terms, _ in self.joined:
            for term in terms:
                forms.setdefault(term, []).append(other)
        return forms


def match(query: Query, index: LexicalIndex) -> Matched:
    """Match the query's words, phrases and acronyms against the postings."""
    scores, matched = index.postings.score(query.terms, index.n_papers)
    joined: list[tuple[str, tuple[str, ...], Float64Array]] = []
    for other, terms in query.compounds:
        whole, holding = index.postings.score([other], index.n_papers)
        if holding.any():
            # The larger of both: a paper that has the parts as well gains nothing by its spelling.
            added = np.maximum(whole - index.postings.score(terms, index.n_papers)[0], 0.0)
            scores += added
            matched |= holding
            joined.append((other, terms, added))
    expanded: list[tuple[Expansion, Float64Array]] = []
    for expansion in index.expansions.expand(query.sequence):
        form = index.analyzer.sequence(expansion.other)
        docs, found = expansion_impacts(index.postings, form, index.lengths)
        impacts = np.zeros(index.n_papers)
        impacts[docs] = found
        scores += impacts
        matched[docs] = True
        expanded.append((expansion, impacts))
    allowed: IntArray = np.arange(index.n_papers)
    forms: list[OtherForms] = []
    if query.required or query.excluded or query.prefixes:
        from papersearch.lexical.conditions import Conditions  # not for plain words

        conditions = Conditions(query, index, ranked=frozenset(query.terms).union(other for other, _, _ in joined))
        allowed, forms = conditions.allowed(), conditions.forms()
    for required in forms:
        scores += required.impacts
        matched |= required.impacts > 0
    return Matched(
        query,
        index,
        allowed=allowed,
        scores=scores,
        matched=matched,
        expanded=expanded,
        joined=joined,
        forms=forms,
    )
