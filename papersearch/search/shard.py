"""One shard: an open index that answers a searcher's requests.

A shard keeps nothing that an answer depends on. It remembers what it computed for its last queries,
because a query comes in several requests. Within an index papers have a `doc_idx`; requests and
answers name them by their numbers in the whole.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from papersearch.lexical.postings import are_in, is_new
from papersearch.search.evidence import find_evidence
from papersearch.search.protocol import Bounds, Details, Example, Found, Kept, Latest, Nearest, Opened, Rows, Shown
from papersearch.search.ranking import by_both, by_keyword, by_meaning
from papersearch.search.work import Work, encoded, filtered, known_cosines
from papersearch.text.identity import title_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from papersearch.dense.whitening import Sums
    from papersearch.index.opened import OpenedIndex
    from papersearch.search.names import Likeness
    from papersearch.search.partial import Moments
    from papersearch.search.protocol import (
        Asked,
        BestOf,
        CountOf,
        Counts,
        DetailsOf,
        FindOf,
        IdsOf,
        KeptOf,
        LatestOf,
        LookUp,
        NamesAt,
        NamesLike,
        NamesOf,
        NearestOf,
        Phrase,
        Resembling,
        ResemblingOf,
        ShowOf,
    )
    from papersearch.types import (
        BoolArray,
        Float32Array,
        Float64Array,
        IntArray,
        NameKind,
        Organisation,
        Paper,
        TermImpact,
    )

_NOBODY = (np.inf, -np.inf)
"""Bounds of no scores."""


class Shard:
    """An index as a part of a collection.

    numbers: the number in the whole of its first paper, if those of the others follow; else of each
        paper, (N,) ascending
    remembered: number of queries for which it keeps what it computed
    """

    def __init__(self, index: OpenedIndex, numbers: int | IntArray = 0, *, remembered: int = 1) -> None:
        self._index = index
        self._numbers = numbers
        self._remembered = remembered
        self._works: OrderedDict[str, Work] = OrderedDict()

    def frequencies(self, phrases: Sequence[Phrase]) -> list[int]:
        """Count the papers with each phrase."""
        lexical = self._index.lexical
        return [lexical.n_papers(terms, in_title=in_title) for terms, in_title in phrases]

    def beginning(self, prefixes: Sequence[str]) -> list[list[str]]:
        """Return the first terms with each of these beginnings."""
        from papersearch.lexical.forms import beginning_with  # few queries have beginnings of words

        return [beginning_with(prefix, self._index.postings.terms) for prefix in prefixes]

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """Return the idf of those terms that papers here have."""
        return self._index.postings.idf_of(terms)

    def is_title(self, title_key: str) -> bool:
        """Tell whether a paper has a title with this key."""
        return bool(self._index.papers.titled(title_key))

    def open(self, asked: Asked) -> Opened:
        """Return what the whole must know of a query, and bounds if they depend on nothing else."""
        index, query = self._index, asked.query
        words = {*query.terms, *(term for _, term in query.sequence), *query.other_terms}
        forms = [(each, expansion.other) for expansion in asked.expansions for each in index.analyzer.each]
        words.update(term for each, form in forms for term in each.terms(form))
        return Opened(
            idf=index.postings.idf_of(words),
            n_expanded=tuple(map(index.lexical.n_expanded, asked.expansions)),
            bounds=None if forms else self.bounds(asked),
        )

    def bounds(self, asked: Asked) -> Bounds:
        """Return the bounds of the scores of all papers, and counts of papers."""
        work = self._work(asked)
        scores, undecided = work.matched.scores, work.undecided
        return Bounds(
            words=(float(scores.min()), float(scores.max())) if len(scores) else _NOBODY,
            meaning=_NOBODY if work.known is None else work.known.bounds(self._index.is_encoded),
            moments=work.moments(),
            n_kept=work.n_kept,
            n_allowed=len(work.allowed),
            n_ranked=len(work.ranked),
            n_undecided=len(work.rankable(undecided) if asked.mode == "keyword" else undecided),
        )

    def spread(self, vector: Float32Array) -> Moments:
        """Return the moments of the cosines of `vector` (D,) with encoded papers."""
        from papersearch.search.partial import moments_of  # a complete index needs none of it

        return moments_of(known_cosines(vector, self._index), self._index.is_encoded)

    def best(self, request: BestOf) -> Rows:
        """Return the best papers, and those whose title is the query."""
        asked, bounds = request.asked, request.bounds
        work, index = self._work(asked), self._index
        scores, semantic = work.matched.scores, work.cosines(bounds)
        ranked = work.rankable(work.undecided) if request.undecided else work.ranked
        if semantic is None:
            ranking = by_keyword(scores, ranked, request.k)
        elif asked.mode == "semantic":
            ranking = by_meaning(semantic, ranked, request.k)
        else:
            ranking = by_both(scores, semantic, ranked, request.k, bounds.words, bounds.meaning)
        [tier] = ranking.tiers
        papers, titled = tier.papers, {} if request.undecided else work.titled
        is_ranked = np.ones(len(papers), dtype=np.bool_)
        if titled:
            papers = np.sort(np.concatenate([papers, np.fromiter(titled, dtype=np.int64)]))
            papers = papers[is_new(papers)]
            is_ranked = are_in(tier.papers, papers)
        cosines = np.zeros(len(papers))
        if semantic is not None:
            cosines[is_ranked] = tier.scores_by("semantic", papers[is_ranked])
            cosines[~is_ranked] = semantic.exact(papers[~is_ranked])
        everyone = np.ones(len(papers), dtype=np.bool_)
        nothing = np.zeros(len(papers))
        return Rows(
            papers=self._named(papers),
            keyword=scores[papers],
            cosines=cosines,
            coverage=work.matched.coverage(papers, asked.statistics) if request.judged else nothing,
            dates=(index.facts.dates[papers] if request.dated else nothing).astype(np.int64),
            spelling=np.array([titled.get(doc_idx, -1) for doc_idx in papers.tolist()], dtype=np.int64),
            is_matched=work.matched.matched[papers],
            is_encoded=everyone if index.is_encoded is None else index.is_encoded[papers],
            is_ranked=is_ranked,
        )

    def details(self, request: DetailsOf) -> Details:
        """Return the signals that only candidates have."""
        papers, pieces = self._here(request.papers), self._index.pieces
        pairs = (impacts for _, impacts in self._work(request.asked).matched.pairs(papers))
        late = None
        if request.late:
            late = np.zeros(len(papers)) if pieces is None else pieces.scores(request.pieces, papers)
        return Details(
            pairs=sum(pairs, start=np.zeros(len(papers))), late=late, vectors=self._index.vectors.exact[papers]
        )

    def show(self, request: ShowOf) -> list[Shown]:
        """Return papers with their evidence, and with what explains their words."""
        index, pieces = self._index, self._index.pieces
        matched = None if request.asked is None else self._work(request.asked).matched
        shown = []
        for place, doc_idx in enumerate(self._here(request.papers).tolist()):
            paper = index.papers[doc_idx]
            idf = request.idf if matched is None else matched.idf_in(doc_idx, request.idf)
            beside = None
            if pieces is not None and request.pieces is not None:
                beside = pieces.beside(request.pieces, doc_idx)
            terms: tuple[TermImpact, ...] = ()
            if matched is not None and request.with_pairs is not None:
                terms = matched.explain(doc_idx, with_pairs=request.with_pairs[place])
            shown.append(Shown(paper, find_evidence(paper, idf, index.analyzer, beside), terms))
        return shown

    def count(self, request: CountOf) -> Counts:
        """Count the facets of all papers that answer."""
        from papersearch.search.facets import answering, count

        work = self._work(request.asked)
        here = self.holds(request.judged)
        papers = answering(work, request, self._here(request.judged[here]), request.are_answers[here], self._index)
        return count(papers, self._index)

    def names_at(self, request: NamesAt) -> list[str]:
        """Return names that were counted, as they are shown."""
        names = self._index.names(request.kind)
        return [names.shown(place) for place in request.places.tolist()]

    def holds(self, numbers: IntArray) -> BoolArray:
        """Tell which of these papers are here, (K,)."""
        if isinstance(self._numbers, int):
            return (numbers >= self._numbers) & (numbers < self._numbers + self._index.manifest.n_papers)
        return are_in(self._numbers, numbers)

    def nearest(self, request: NearestOf) -> Nearest:
        """Return the encoded papers nearest to a vector."""
        index = self._index
        cosines = known_cosines(request.vector, index)
        allowed, undecided, _ = filtered(self._others(request.excluded), request.filters, index)
        ranked = encoded(allowed, index)
        near = by_meaning(cosines, ranked, request.k).tiers[0]
        doubted = by_meaning(cosines, encoded(undecided, index), request.n_undecided).tiers[0]
        return Nearest(
            papers=self._named(near.papers),
            cosines=near.signals[0].scores,
            n_ranked=len(ranked),
            undecided=self._named(doubted.papers),
            undecided_scores=doubted.signals[0].scores,
            n_undecided=len(undecided),
        )

    def sums(self, step: int) -> Sums:
        """Sum up the vectors of the encoded papers whose number in the whole is a multiple of `step`."""
        from papersearch.search.library import sampled_sums  # a query needs none of it

        return sampled_sums(self._index, self._named(np.arange(self._index.manifest.n_papers)), step)

    def resembling(self, request: ResemblingOf) -> Resembling:
        """Return the encoded papers that most resemble a library."""
        from papersearch.search.library import resembling

        found = resembling(self._index, self._others(request.excluded), request)
        return found._replace(papers=self._named(found.papers), undecided=self._named(found.undecided))

    def examples(self, numbers: IntArray) -> list[Example]:
        """Return papers to which others are compared."""
        index, examples = self._index, []
        for doc_idx in self._here(numbers).tolist():
            has_vector = index.is_encoded is None or bool(index.is_encoded[doc_idx])
            stored = index.pieces.of_paper(doc_idx) if index.pieces is not None else None
            examples.append(
                Example(index.papers[doc_idx], index.vectors.exact[doc_idx] if has_vector else None, stored)
            )
        return examples

    def vectors(self, numbers: IntArray) -> Float32Array:
        """Return the vectors of papers, (K, D); those that are not encoded have zeros, or D of 0 if none is."""
        return self._index.vectors.exact[self._here(numbers)]

    def papers(self, numbers: IntArray) -> list[Paper]:
        """Return papers."""
        return [self._index.papers[doc_idx] for doc_idx in self._here(numbers).tolist()]

    def paper_ids(self, numbers: IntArray) -> list[str]:
        """Return the ids of papers."""
        return [self._index.paper_ids[doc_idx] for doc_idx in self._here(numbers).tolist()]

    def find(self, request: FindOf) -> Found:
        """Find papers by an id or the beginning of one, by a title, an identifier or a short id."""
        store, name = self._index.papers, request.name
        if request.by == "id":
            is_whole, n_found, named = store.with_id(name, request.limit)
            listed = [(0 if is_whole else 1, paper_id, doc_idx) for paper_id, doc_idx in named]
        else:
            look = {"title": store.titled, "identifier": store.identified, "short id": store.with_short_id}
            found = look[request.by](title_key(name) if request.by == "title" else name)
            n_found = len(found)
            alike = sorted(
                (store.spelling(doc_idx, name) if request.by == "title" else 0, doc_idx) for doc_idx in found
            )
            listed = [(likeness, store[doc_idx].paper_id, doc_idx) for likeness, doc_idx in alike[: request.limit]]
        return Found(n_found, tuple((likeness, paper_id, self._number(doc)) for likeness, paper_id, doc in listed))

    def kept(self, request: KeptOf) -> Kept:
        """Tell which of the papers that are here the filters keep."""
        papers = self._here(request.papers[self.holds(request.papers)])
        kept, undecided, _ = filtered(papers, request.filters, self._index)
        counts = None
        if request.counted:
            from papersearch.search.facets import count

            counts = count(kept, self._index)
        return Kept(self._named(kept), self._named(undecided), counts)

    def look_up(self, request: LookUp) -> list[tuple[str, ...]]:
        """Return the ids of the papers of each name, two at most."""
        store, ids = self._index.papers, self._index.paper_ids
        if request.by == "id":
            return [(name,) if store.has_id(name) else () for name in request.names]
        found: Iterable[list[int]] = map(store.titled, map(title_key, request.names))
        if request.by == "identifier":
            from papersearch.text.dress import whole_identifier  # few queries look identifiers up

            identifiers = map(whole_identifier, request.names)
            found = (store.identified(one.key) if one else [] for one in identifiers)
        return [tuple(ids[doc_idx] for doc_idx in papers[:2]) for papers in found]

    def ids(self, request: IdsOf) -> list[tuple[str, int]]:
        """Return (id, number) of the papers whose id has a beginning: the first ones, and the last."""
        found = self._index.papers.beginning_with(request.prefix, request.limit)
        return [(paper_id, self._number(doc_idx)) for paper_id, doc_idx in found]

    def organisations(self, _: None) -> list[Organisation]:
        """Return the organisations of the papers, sorted by handle."""
        return self._index.facts.every_organisation()

    def latest(self, request: LatestOf) -> Latest:
        """Return the newest papers that a query without words allows."""
        work = self._work(request.asked)
        papers = work.undecided if request.undecided else work.allowed
        dates = self._index.facts.dates
        newest = np.sort(papers[np.argsort(-dates[papers].astype(np.int64), kind="stable")[: request.k]])
        return Latest(self._named(newest), dates[newest].astype(np.int64))

    def n_named(self, asked: Sequence[tuple[NameKind, str]]) -> list[int]:
        """Count the names here that fit each of these."""
        from papersearch.search.names import n_named  # few queries have names

        return n_named(asked, self._index)

    def have_names(self, asked: Sequence[tuple[NameKind, str]]) -> list[bool]:
        """Tell for each of these whether a name fits it, without a scan of all authors."""
        from papersearch.search.names import have_names

        return have_names(asked, self._index)

    def names_like(self, request: NamesLike) -> Likeness:
        """Return names that are spelt like an unknown one."""
        from papersearch.search.names import like

        return like(request, self._index)

    def names_beginning(self, request: NamesOf) -> list[tuple[str, int]]:
        """Return the first names with a beginning, and the number of papers of each."""
        from papersearch.search.names import beginning

        return beginning(request, self._index)

    def scores(self, terms: Sequence[str]) -> tuple[IntArray, Float64Array]:
        """Return the number of each paper and its BM25 score for a bag of terms."""
        n_papers = self._index.manifest.n_papers
        return self._named(np.arange(n_papers)), self._index.postings.score(terms, n_papers)[0]

    def _work(self, asked: Asked) -> Work:
        """Return what was computed for a query, or compute it."""
        work = self._works.pop(asked.key, None)
        if work is None:
            while len(self._works) >= self._remembered:
                self._works.popitem(last=False)
            work = Work(asked, self._index)
        self._works[asked.key] = work
        return work

    def _others(self, excluded: IntArray) -> IntArray:
        """Return the papers here, ascending, whose numbers in the whole are not `excluded`."""
        is_other = np.ones(self._index.manifest.n_papers, dtype=np.bool_)
        is_other[self._here(excluded[self.holds(excluded)])] = False
        return np.flatnonzero(is_other)

    def _named(self, papers: IntArray) -> IntArray:
        """Return the numbers of papers (K,) in the whole."""
        if isinstance(self._numbers, int):
            return papers + self._numbers if self._numbers else papers
        return self._numbers[papers]

    def _number(self, doc_idx: int) -> int:
        return int(self._named(np.array([doc_idx]))[0])

    def _here(self, numbers: IntArray) -> IntArray:
        """Return doc_idx of papers that are here, by their numbers (K,)."""
        if isinstance(self._numbers, int):
            return numbers - self._numbers if self._numbers else numbers
        return np.searchsorted(self._numbers, numbers)
