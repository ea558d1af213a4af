"""The conditions of a query against the postings: the papers that meet them, in any form of a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.bm25 import idf_of_each
from papersearch.lexical.forms import MAX_PREFIXED, Terms, Vocabulary, forms, prefix_terms
from papersearch.lexical.phrases import phrase_impacts, phrase_papers
from papersearch.text.clauses import Clause
from papersearch.text.syntax import prefixes
from papersearch.types import Note

if TYPE_CHECKING:
    from papersearch.lexical.matching import LexicalIndex
    from papersearch.text.clauses import Condition
    from papersearch.text.query import Query
    from papersearch.types import BoolArray, Float64Array, IntArray


class OtherForms(NamedTuple):
    """The other forms of a required phrase, or the words with one beginning.

    written: the phrase as typed
    own_terms: the terms of the query that these are forms of
    impacts: (N,), what the forms add to the scores of papers without the query's own form
    papers: for each form, its terms and the papers that have it, doc_idx ascending
    """

    written: str
    own_terms: tuple[str, ...]
    impacts: Float64Array
    papers: list[tuple[tuple[str, ...], IntArray]]

    def terms_in(self, doc_idx: int) -> Iterator[str]:
        """Yield the terms of the forms that one paper has."""
        for terms, papers in self.papers:
            place = int(np.searchsorted(papers, doc_idx))
            if place < len(papers) and int(papers[place]) == doc_idx:
                yield from terms


class Conditions:
    """The conditions of one query on one index. `ranked` are the terms that the scores count already."""

    def __init__(self, query: Query, index: LexicalIndex, *, ranked: frozenset[str]) -> None:
        self._query = query
        self._index = index
        self._ranked = ranked
        self._found: dict[Clause, list[tuple[Terms, IntArray]]] = {}

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self._index.postings, self._index.analyzer, self._index.spellings)

    def allowed(self) -> IntArray:
        """Return the papers, ascending, that meet every required condition and no excluded one."""
        allowed = np.ones(self._index.n_papers, dtype=np.bool_)
        for condition in self._query.required:
            allowed &= self._meeting(condition)
        for condition in self._query.excluded:
            allowed &= ~self._meeting(condition)
        return np.flatnonzero(allowed)

    def forms(self) -> list[OtherForms]:
        """Return the other forms of what is required, and the words of which the query has the beginning."""
        clauses = dict.fromkeys(_positive(self._query.required))
        found = [self._of_clause(clause) for clause in clauses]
        found += [self._of_prefix(prefix) for prefix in self._query.prefixes]
        return [each for each in found if each is not None]

    def _meeting(self, condition: Condition) -> BoolArray:
        """Return a mask of the papers that meet a condition, (N,)."""
        if isinstance(condition, Clause):
            mask = np.zeros(self._index.n_papers, dtype=np.bool_)
            for _, papers in self._papers(condition):
                mask[papers] = True
            return mask
        masks = [self._meeting(part) for part in condition.parts]
        join = np.logical_and if condition.kind == "all" else np.logical_or
        met: BoolArray = join.reduce(masks)
        return ~met if condition.kind == "none" else met

    def _papers(self, clause: Clause) -> list[tuple[Terms, IntArray]]:
        """Return each form of the clause that papers have, and these papers."""
        if clause not in self._found:
            postings, lengths = self._index.postings, self._index.lengths
            spelled = forms(clause.words, self._vocabulary)
            held = (phrase_papers(postings, terms, lengths, in_title=clause.in_title) for terms in spelled)
            found = zip(spelled, held, strict=True)
            self._found[clause] = [(terms, papers) for terms, papers in found if len(papers)]
        return self._found[clause]

    def _of_clause(self, clause: Clause) -> OtherForms | None:
        """Score a clause's forms as terms, for papers that lack the words as the query spells them."""
        index = self._index
        impacts = np.zeros(index.n_papers)
        others: list[tuple[tuple[str, ...], IntArray]] = []
        own: list[IntArray] = []
        for sequence, papers in self._papers(clause):
            terms = tuple(dict.fromkeys(term for _, term in sequence))
            if self._ranked.issuperset(terms):
                own.append(papers)
                continue
            idf = float(idf_of_each(len(papers), index.n_papers))
            _, found = phrase_impacts(index.postings, sequence, idf, index.lengths, papers)
            impacts[papers] = np.maximum(impacts[papers], found)
            others.append((terms, papers))
        for papers in own:
            impacts[papers] = 0.0
        return OtherForms(clause.written, _terms(clause), impacts, others) if others else None

    def _of_prefix(self, prefix: str) -> OtherForms | None:
        """Score words by their beginning: of each paper the word of the greatest impact counts."""
        index = self._index
        own_terms = tuple(index.analyzer.terms(prefix))
        everyone = np.arange(index.n_papers)
        own = sum((index.postings.impacts_of(term, everyone) for term in own_terms), start=np.zeros(index.n_papers))
        best = own.copy()
        others: list[tuple[tuple[str, ...], IntArray]] = []
        for term in prefix_terms(prefix, self._vocabulary)[0]:
            if term not in own_terms:
                impacts = index.postings.impacts_of(term, everyone)
                best = np.maximum(best, impacts)
                others.append(((term,), np.flatnonzero(impacts)))
        return OtherForms(f"{prefix}*", own_terms, best - own, others) if others else None


def notes_on(query: Query, index: LexicalIndex) -> tuple[Note, ...]:
    """Note the beginnings of words that more words have than are searched for."""
    clauses = (clause.words for clause in _clauses((*query.required, *query.excluded)))
    written = dict.fromkeys([*query.prefixes, *(prefix for words in clauses for prefix in prefixes(words))])
    if not written:
        return ()
    vocabulary = Vocabulary(index.postings, index.analyzer, index.spellings)
    return tuple(
        Note(
            kind="prefix",
            part=f"{prefix}*",
            message=f"{prefix}* is the beginning of more than {MAX_PREFIXED} words: those of most papers are used",
        )
        for prefix in written
        if prefix_terms(prefix, vocabulary)[1]
    )


def _terms(clause: Clause) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term for _, term in clause.sequence))


def _clauses(conditions: Iterable[Condition]) -> Iterator[Clause]:
    """Yield every clause of these conditions."""
    for condition in conditions:
        if isinstance(condition, Clause):
            yield condition
        else:
            yield from _clauses(condition.parts)


def _positive(conditions: Iterable[Condition]) -> Iterator[Clause]:
    """Yield the clauses that papers must have, or may have in place of others."""
    for condition in conditions:
        if isinstance(condition, Clause):
            yield condition
        elif condition.kind != "none":
            yield from _positive(condition.parts)
