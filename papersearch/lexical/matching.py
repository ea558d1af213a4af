"""Matching of a query's words against an open index.

`match` reads the postings of the query's words once, and scores all papers. Coverage and pairs are
too expensive for all papers: `Matched` computes them for given papers only. The index may be a shard
of a larger collection: `Statistics` are what the whole says of the query's words.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from papersearch.lexical.bm25 import idf_of_each
from papersearch.lexical.phrases import DocumentLengths, expansion_impacts, pair_impacts, phrase_papers
from papersearch.lexical.postings import values_at
from papersearch.types import Expansion, TermImpact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from papersearch.lexical.conditions import OtherForms
    from papersearch.lexical.forms import Terms
    from papersearch.lexical.postings import Postings
    from papersearch.text.analysis import Analyzer
    from papersearch.text.clauses import Clause, FieldClause
    from papersearch.text.query import Query
    from papersearch.types import BoolArray, DocIndices, Float64Array, IntArray


Having: TypeAlias = "Callable[[FieldClause, bool], BoolArray]"
"""Function that returns a mask of the papers that meet a clause of names or years, (N,); with True also
of those of which that cannot be told."""


class LexicalIndex(NamedTuple):
    """The lexical side of an open index, as matching a query's words needs it."""

    postings: Postings
    lengths: DocumentLengths
    analyzer: Analyzer

    @property
    def n_indexed(self) -> int:
        """Number of papers of this index, which may be a part of the whole."""
        return len(self.lengths.terms)

    def n_expanded(self, expansion: Expansion) -> int:
        """Count the papers that have an acronym's other form, in any language."""
        forms = self.analyzer.sequences(expansion.other)
        if len(forms) == 1:
            return self.n_papers(forms[0])
        having = np.zeros(self.n_indexed, dtype=np.bool_)
        for form in forms:
            having[phrase_papers(self.postings, form, self.lengths, in_title=False)] = True
        return int(np.count_nonzero(having))

    def n_papers(self, terms: Terms, *, in_title: bool = False) -> int:
        """Count the papers that have `terms` at exactly these distances; see `forms.Vocabulary`."""
        return len(phrase_papers(self.postings, terms, self.lengths, in_title=in_title))


class Spelled(NamedTuple):
    """How the whole spells the conditions of a query.

    ranked: the terms that scores count: those of the query and its `other_terms`, if some paper has them
    clauses: the forms of each clause that some paper has, and the number of papers with each
    prefixes: for each beginning of a word, its terms, and whether some are left out
    """

    ranked: frozenset[str]
    clauses: Mapping[Clause, tuple[tuple[Terms, int], ...]]
    prefixes: Mapping[str, tuple[tuple[str, ...], bool]]


AS_TYPED = Spelled(frozenset(), {}, {})
"""The spelling of a query without conditions."""


class Statistics(NamedTuple):
    """What the whole collection says of a query's words.

    n_papers: number of papers of the whole
    spelled: its spellings of the query's conditions
    idf: of each of the query's terms, its `other_terms` and its acronyms' other forms, if some paper has it
    expansions: the acronyms of the query, each with the idf of its other form
    """

    n_papers: int
    spelled: Spelled
    idf: Mapping[str, float]
    expansions: tuple[tuple[Expansion, float], ...]

    def marked(self, query: Query, analyzer: Analyzer) -> frozenset[str]:
        """Return the terms of the query, its `other_terms` and its acronyms' other forms."""
        joined = (other for other in query.other_terms if other in self.idf)
        forms = [expansion.other for expansion, _ in self.expansions]
        of_forms = (each.terms(form) for each in analyzer.each for form in forms)
        return frozenset(query.terms).union(joined, *of_forms)


class Allowed(NamedTuple):
    """The papers that meet the conditions of a query, ascending, and those whose date does not tell."""

    surely: IntArray
    perhaps: IntArray


class FewScores:
    """Scores of which most are 0: `papers`, ascending, have `scores`. Papers index it as an array."""

    __slots__ = ("papers", "scores")

    def __init__(self, papers: IntArray | DocIndices, scores: Float64Array) -> None:
        self.papers = papers
        self.scores = scores

    def __getitem__(self, papers: IntArray) -> Float64Array:
        return values_at(self.papers, self.scores, papers)

    @classmethod
    def of(cls, scores: Float64Array) -> FewScores:
        """Keep the scores (N,) that are not 0."""
        papers = np.flatnonzero(scores)
        return cls(papers, scores[papers])


class Matched:
    """The words of a query, matched against all papers of an index.

    allowed: papers that have all that is required and nothing that is excluded
    scores: (N,), BM25 of the query's terms and of other forms of its words
    matched: (N,), True for papers that have any of these
    expanded: for each acronym, what its other form adds to the papers
    joined: for each compound in another form, and each word in another language, its terms and what it adds
        to the papers
    forms: other forms of required words and phrases, and words by their beginning
    """

    def __init__(
        self,
        query: Query,
        index: LexicalIndex,
        *,
        allowed: Allowed,
        scores: Float64Array,
        matched: BoolArray,
        expanded: list[tuple[Expansion, FewScores]],
        joined: list[tuple[str, tuple[str, ...], FewScores]],
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

    def idf_in(self, doc_idx: int, idf: Mapping[str, float]) -> Mapping[str, float]:
        """Return the terms to mark in one paper: those of `idf`, and the other forms that the paper has."""
        found = {term for each in self.forms for term in each.terms_in(doc_idx)}
        return {**idf, **self._index.postings.idf_of(found)} if found else idf

    def coverage(self, papers: IntArray, statistics: Statistics) -> Float64Array:
        """Compute the coverage of each of `papers` (K,).

        Returns (K,): the idf-weighted share of the query's words that a paper has in some form.
        """
        weights = _idf_of_words(self._query, statistics).items()
        held = np.zeros(len(papers))
        for term, idf in weights:
            present = self._index.postings.impacts_of(term, papers) > 0
            for other in self._joined_forms.get(term, ()):
                present |= self._index.postings.impacts_of(other, papers) > 0
            for impacts in self._other_forms.get(term, ()):
                present |= impacts[papers] > 0
            held += np.where(present, idf, 0.0)
        whole = sum(idf for _, idf in weights)
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
            TermImpact(term=other, kind="term", impact=float(added[paper][0])) for other, _, added in self.joined
        ]
        for expansion, impacts in self.expanded:
            given.append(TermImpact(term=expansion.other, kind="expansion", impact=float(impacts[paper][0])))
        given += [
            TermImpact(term=form.written, kind="form", impact=float(form.impacts[paper][0])) for form in self.forms
        ]
        if with_pairs:
            given += [
                TermImpact(term=pair, kind="pair", impact=float(impacts[0])) for pair, impacts in self.pairs(paper)
            ]
        return tuple(each for each in given if each.impact)

    @cached_property
    def _other_forms(self) -> dict[str, list[FewScores]]:
        """Map of each term of a written acronym, in any language, to what its other forms add to the papers."""
        forms: dict[str, list[FewScores]] = {}
        for expansion, impacts in self.expanded:
            for term in {term for each in self._index.analyzer.each for term in each.terms(expansion.written)}:
                forms.setdefault(term, []).append(impacts)
        for form in self.forms:
            for term in form.own_terms:
                forms.setdefault(term, []).append(form.impacts)
        return forms

    @cached_property
    def _joined_forms(self) -> dict[str, list[str]]:
        """Map of each term to the other terms that say the same, of compounds and of other languages."""
        forms: dict[str, list[str]] = {}
        for other, terms, _ in self.joined:
            for term in terms:
                forms.setdefault(term, []).append(other)
        return forms


def match(query: Query, index: LexicalIndex, statistics: Statistics, having: Having) -> Matched:
    """Match the query's words, phrases and acronyms against the postings, and its other clauses by `having`."""
    scores, matched = index.postings.score(query.terms, index.n_indexed)
    joined = [*_compounds(query, index), *_alternatives(query, index)]
    expanded = [(expansion, _expanded(expansion, idf, index)) for expansion, idf in statistics.expansions]
    everyone: IntArray = np.arange(index.n_indexed)
    allowed = Allowed(everyone, everyone[:0])
    forms: list[OtherForms] = []
    if query.required or query.excluded or query.prefixes:
        from papersearch.lexical.conditions import Conditions  # not for plain words

        conditions = Conditions(query, index, statistics.spelled, statistics.n_papers, having)
        allowed, forms = conditions.allowed(), conditions.forms()
    of_joined, of_expanded = (added for _, _, added in joined), (added for _, added in expanded)
    for added in (*of_joined, *of_expanded, *(form.impacts for form in forms)):
        scores[added.papers] += added.scores
        matched[added.papers] = True
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


def _expanded(expansion: Expansion, idf: float, index: LexicalIndex) -> FewScores:
    """Return what an acronym's other form adds to the papers that have it, in any language."""
    forms = index.analyzer.sequences(expansion.other)
    found = [expansion_impacts(index.postings, form, idf, index.lengths) for form in forms]
    if len(found) == 1:
        return FewScores(*found[0])
    best = np.zeros(index.n_indexed)
    for papers, impacts in found:
        best[papers] = np.maximum(best[papers], impacts)
    return FewScores.of(best)


def _compounds(query: Query, index: LexicalIndex) -> Iterator[tuple[str, tuple[str, ...], FewScores]]:
    """Yield each compound's term in another form, its own terms, and what the former adds to the papers."""
    for other, terms in query.compounds:
        papers, whole = index.postings.of_term(other)
        if len(papers):
            # The larger of both: a paper that has the parts as well gains nothing by its spelling.
            own = index.postings.score_of(terms, papers)
            yield other, terms, FewScores(papers, np.maximum(whole - own, 0.0))


def _alternatives(query: Query, index: LexicalIndex) -> Iterator[tuple[str, tuple[str, ...], FewScores]]:
    """Yield each word's term in another language, its own term, and what the former adds to the papers.

    Of all terms of a word the one of the greatest impact counts: each paper is in one language.
    """
    for term, others in query.alternatives:
        before = [index.postings.of_term(term)]
        for other in others:
            papers, impacts = index.postings.of_term(other)
            if len(papers):
                best = np.max([values_at(*each, papers) for each in before], axis=0)
                before.append((papers, impacts))
                yield other, (term,), FewScores(papers, np.maximum(impacts - best, 0.0))


def _idf_of_words(query: Query, statistics: Statistics) -> dict[str, float]:
    """Return the idf of each word of a query by its term: that of the most frequent of all its terms."""
    unknown = float(idf_of_each(0, statistics.n_papers))  # the greatest idf is that of an absent term
    alternatives = dict(query.alternatives)
    return {
        term: min(statistics.idf.get(one, unknown) for one in (term, *alternatives.get(term, ())))
        for term in sorted({term for _, term in query.sequence})
    }
