"""The conditions of a query against the postings: the papers that meet them, in any form of a word.

`spell` finds the forms in the words of the whole collection. `Conditions` finds the papers of one index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.bm25 import idf_of_each
from papersearch.lexical.forms import MAX_PREFIXED, forms, prefix_terms
from papersearch.lexical.matching import Allowed, FewScores, Spelled
from papersearch.lexical.phrases import phrase_impacts, phrase_papers
from papersearch.lexical.postings import are_in
from papersearch.text.clauses import Clause, Compound, FieldClause, leaves
from papersearch.text.syntax import prefixes
from papersearch.types import Note

if TYPE_CHECKING:
    from papersearch.lexical.forms import Terms, Vocabulary
    from papersearch.lexical.matching import Having, LexicalIndex
    from papersearch.text.clauses import Condition
    from papersearch.text.query import Query
    from papersearch.types import BoolArray, DocIndices, IntArray


class OtherForms(NamedTuple):
    """The other forms of a required phrase, or the words with one beginning.

    written: the phrase as typed
    own_terms: the terms of the query that these are forms of
    impacts: what the forms add to the scores of papers without the query's own form
    papers: for each form, its terms and the papers that have it, doc_idx ascending
    """

    written: str
    own_terms: tuple[str, ...]
    impacts: FewScores
    papers: list[tuple[tuple[str, ...], IntArray | DocIndices]]

    def terms_in(self, doc_idx: int) -> Iterator[str]:
        """Yield the terms of the forms that one paper has."""
        for terms, papers in self.papers:
            if are_in(papers, np.array([doc_idx]))[0]:
                yield from terms


def spell(query: Query, vocabulary: Vocabulary) -> Spelled:
    """Find the forms of the query's conditions, and the words with its beginnings, in a collection."""
    clauses = {
        clause: tuple(
            (terms, n_papers)
            for terms in forms(clause.words, vocabulary)
            if (n_papers := vocabulary.n_papers(terms, in_title=clause.in_title))
        )
        for clause in dict.fromkeys(leaves((*query.required, *query.excluded)))
        if isinstance(clause, Clause)
    }
    written = dict.fromkeys([*query.prefixes, *(prefix for clause in clauses for prefix in prefixes(clause.words))])
    joined = [other for other in sorted(query.other_terms) if vocabulary.n_papers(((0, other),))]
    endings = {prefix: prefix_terms(prefix, vocabulary) for prefix in written}
    return Spelled(
        ranked=frozenset(query.terms).union(joined),
        clauses=clauses,
        prefixes={prefix: (tuple(terms), is_cut) for prefix, (terms, is_cut) in endings.items()},
    )


class Conditions:
    """The conditions of one query on one index, as a collection of `n_papers` papers spells them."""

    def __init__(self, query: Query, index: LexicalIndex, spelled: Spelled, n_papers: int, having: Having) -> None:
        self._query = query
        self._index = index
        self._spelled = spelled
        self._n_papers = n_papers
        self._having = having
        self._found: dict[Clause, list[tuple[Terms, int, IntArray | DocIndices]]] = {}

    def allowed(self) -> Allowed:
        """Return the papers that meet every required condition and no excluded one."""
        surely = np.flatnonzero(self._allowed(doubtful=False))
        if all(clause.field != "year" for clause in self._query.fields):
            return Allowed(surely, surely[:0])
        perhaps = self._allowed(doubtful=True)
        perhaps[surely] = False
        return Allowed(surely, np.flatnonzero(perhaps))

    def _allowed(self, *, doubtful: bool) -> BoolArray:
        """Return a mask of the papers that meet all conditions, (N,), with or without doubtful ones."""
        allowed = np.ones(self._index.n_indexed, dtype=np.bool_)
        for condition in self._query.required:
            allowed &= self._meeting(condition, doubtful)
        for condition in self._query.excluded:
            allowed &= ~self._meeting(condition, not doubtful)
        return allowed

    def forms(self) -> list[OtherForms]:
        """Return the other forms of what is required, and the words of which the query has the beginning."""
        clauses = dict.fromkeys(_positive(self._query.required))
        found = [self._of_clause(clause) for clause in clauses]
        found += [self._of_prefix(prefix) for prefix in self._query.prefixes]
        return [each for each in found if each is not None]

    def _meeting(self, condition: Condition, doubtful: bool) -> BoolArray:
        """Return a mask of the papers that meet a condition, (N,), with or without doubtful ones."""
        if isinstance(condition, FieldClause):
            return self._having(condition, doubtful)
        if isinstance(condition, Clause):
            mask = np.zeros(self._index.n_indexed, dtype=np.bool_)
            for _, _, papers in self._papers(condition):
                mask[papers] = True
            return mask
        is_negated = condition.kind == "none"
        masks = [self._meeting(part, doubtful != is_negated) for part in condition.parts]
        join = np.logical_and if condition.kind == "all" else np.logical_or
        met: BoolArray = join.reduce(masks)
        return ~met if is_negated else met

    def _papers(self, clause: Clause) -> list[tuple[Terms, int, IntArray | DocIndices]]:
        """Return each form of the clause, its papers in the whole, and the papers here that have it."""
        if clause not in self._found:
            postings, lengths = self._index.postings, self._index.lengths
            self._found[clause] = [
                (terms, n_papers, phrase_papers(postings, terms, lengths, in_title=clause.in_title))
                for terms, n_papers in self._spelled.clauses[clause]
            ]
        return self._found[clause]

    def _of_clause(self, clause: Clause) -> OtherForms | None:
        """Score a clause's forms as terms, for papers that lack the words as the query spells them."""
        index = self._index
        impacts = np.zeros(index.n_indexed)
        others: list[tuple[tuple[str, ...], IntArray | DocIndices]] = []
        own: list[IntArray | DocIndices] = []
        for sequence, n_papers, papers in self._papers(clause):
            terms = tuple(dict.fromkeys(term for _, term in sequence))
            if self._spelled.ranked.issuperset(terms):
                own.append(papers)
                continue
            idf = float(idf_of_each(n_papers, self._n_papers))
            _, found = phrase_impacts(index.postings, sequence, idf, index.lengths, papers)
            impacts[papers] = np.maximum(impacts[papers], found)
            others.append((terms, papers))
        for papers in own:
            impacts[papers] = 0.0
        return OtherForms(clause.written, _terms(clause), FewScores.of(impacts), others) if others else None

    def _of_prefix(self, prefix: str) -> OtherForms | None:
        """Score words by their beginning: of each paper the word of the greatest impact counts.

        The beginning is a word of the query too: what its terms give in any language is left out.
        """
        index = self._index
        of_each = [each.terms(prefix) for each in index.analyzer.each]
        own_terms = tuple(dict.fromkeys(chain.from_iterable(of_each)))
        own = np.zeros(index.n_indexed)
        for terms in of_each:
            np.maximum(own, index.postings.score(terms, index.n_indexed)[0], out=own)
        best = own.copy()
        others: list[tuple[tuple[str, ...], IntArray | DocIndices]] = []
        for term in self._spelled.prefixes[prefix][0]:
            if term not in own_terms:
                docs, impacts = index.postings.of_term(term)
                best[docs] = np.maximum(best[docs], impacts)
                others.append(((term,), docs))
        best -= own
        return OtherForms(f"{prefix}*", own_terms, FewScores.of(best), others) if others else None


def notes_on(spelled: Spelled) -> tuple[Note, ...]:
    """Note the beginnings of words that more words have than are searched for."""
    return tuple(
        Note(
            kind="prefix",
            part=f"{prefix}*",
            message=f"{prefix}* is the beginning of more than {MAX_PREFIXED} words: those of most papers are used",
        )
        for prefix, (_, is_cut) in spelled.prefixes.items()
        if is_cut
    )


def _terms(clause: Clause) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term for _, term in clause.sequence))


def _positive(conditions: Iterable[Condition]) -> Iterator[Clause]:
    """Yield the clauses that papers must have, or may have in place of others."""
    for condition in conditions:
        if isinstance(condition, Clause):
            yield condition
        elif isinstance(condition, Compound) and condition.kind != "none":
            yield from _positive(condition.parts)
