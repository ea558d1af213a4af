"""A query's way through an open index: which papers are looked at, in which order, whether they
answer, and what is told of each.

Read `Answering.answer` from top to bottom. Encoding the query, and errors of damaged files, are
`searcher`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.dense.feedback import FEEDBACK_DEPTH, move_towards
from papersearch.index.opened import Parts
from papersearch.search.duplicates import fold
from papersearch.search.evidence import find_evidence
from papersearch.search.ranking import (
    DEPTH,
    Ranking,
    best_of,
    by_both,
    by_keyword,
    by_meaning,
    candidate_signals,
    in_two_tiers,
)
from papersearch.search.verdict import answers, judge
from papersearch.types import (
    NO_FILTERS,
    VERDICTS,
    Explanation,
    Facets,
    Filters,
    Hit,
    Mode,
    RelatedTerm,
    Results,
    Sort,
    TermImpact,
    Undated,
    UnknownWord,
    Verdict,
)

if TYPE_CHECKING:
    from papersearch.dense.late import Asked, Encoded
    from papersearch.dense.vectors import Cosines
    from papersearch.lexical.matching import Found
    from papersearch.text.query import Query
    from papersearch.types import Float64Array, IntArray

JUDGED = 100
"""At least so many papers are judged, however few are asked for, before it is said that none
answers."""

_ENOUGH = 10
"""Papers to learn related terms from; where fewer answer, the best of the rest help."""

UNDATED_NAMED = 10
"""Papers without a date that are named."""


class Request(NamedTuple):
    """How a query is to be answered, once it is known which modes can be had."""

    k: int
    mode: Mode
    mode_used: Mode
    reason: str | None
    late: bool
    explain: bool = False
    strict: bool = False
    filters: Filters = NO_FILTERS
    sort: Sort = "relevance"
    fold: bool = False
    facets: bool = False
    related: bool = False


class Findings(NamedTuple):
    """The papers found, `order` (K,) best first, their `scores` (K,), and what they came from,
    for whoever explains it. `total`: how many papers are ranked; `allowed` ascending: those that
    the query and its filters leave; `undecided`, ascending: those whose dates are not known
    well enough."""

    order: IntArray
    scores: Float64Array
    words: Found
    semantic: Cosines | None
    ranking: Ranking
    titled: frozenset[int]
    total: int
    allowed: IntArray
    undecided: IntArray


class Judged(NamedTuple):
    """A place in the order found, and the verdict on the paper there."""

    place: int
    verdict: Verdict


class Answering(NamedTuple):
    """The steps of a query over the parts of an index."""

    parts: Parts

    def rank(self, query: Query, encoded: Encoded | None, how: Request) -> Findings:
        """The whole of ranking: the first k papers, and what they came from."""
        allowed, undecided = self.filtered(self.parts.keywords.allowed(query), how.filters)
        words = self.parts.keywords.find(query)
        semantic = None if encoded is None else self.parts.vectors.scan(encoded.vector)
        ranking = self._rank(query, words, encoded, semantic, allowed, how)
        titled = [doc for doc in self.parts.papers.with_title(query.title_key) if _holds(allowed, doc)]
        unranked = [doc for doc in titled if how.mode_used == "keyword" and not words.matched[doc]]
        order, scores = _titles_first(ranking, titled, how.k)
        total = ranking.total + len(unranked)
        return Findings(order, scores, words, semantic, ranking, frozenset(titled), total, allowed, undecided)

    def filtered(self, papers: IntArray, filters: Filters) -> tuple[IntArray, IntArray]:
        """Those of `papers`, ascending, that the filters keep, and those that their dates leave
        undecided."""
        if filters == NO_FILTERS:
            return papers, papers[:0]
        from papersearch.search.filters import select

        kept, undecided = select(filters, self.parts)
        return papers[kept[papers]], papers[undecided[papers]]

    def answer(self, query: Query, encoded: Encoded | None, how: Request) -> Results:
        found = self.rank(query, encoded, how._replace(k=max(how.k, JUDGED)))
        cosines = None if found.semantic is None else found.semantic.exact(found.order)
        judged = self._judge(query, found, cosines)
        best = min((verdict for _, verdict in judged), key=VERDICTS.index, default=None)
        answering = [one for one in judged if one.verdict != "weak"]
        if how.strict:
            judged = answering
        if how.sort == "date":
            dates = self.parts.facts.dates[found.order]
            judged = sorted(answering or judged, key=lambda one: -int(dates[one.place]))
        groups = [[one] for one in judged]
        if how.fold:
            places = np.array([one.place for one in judged], dtype=np.int64)
            folded = fold(self.parts.vectors.exact[found.order[places]])
            groups = [[judged[place] for place in group] for group in folded]
        groups = groups[: how.k]
        hits = self._hits(query, [group[0] for group in groups], found, cosines, encoded, how)
        if how.fold:
            also = [self.parts.named(found.order[[one.place for one in group[1:]]]) for group in groups]
            hits = [hit.replace(duplicates=names) for hit, names in zip(hits, also, strict=True)]
        return Results(
            query=query.text,
            mode=how.mode,
            mode_used=how.mode_used,
            mode_reason=how.reason,
            total=found.total,
            hits=tuple(hits),
            expansions=found.words.expansions,
            verdict=best,
            filters=how.filters,
            sort=how.sort,
            undated=self._undated(query, found, encoded, how) if has_dates(how.filters) else None,
            unknown_words=self._unknown_words(query),
            related=self._related(query, found, answering if len(answering) >= _ENOUGH else judged)
            if how.related
            else None,
            facets=self._facets(query, found) if how.facets else None,
        )

    def _undated(self, query: Query, found: Findings, encoded: Encoded | None, how: Request) -> Undated:
        """What the date filter could not decide about: the best of it, if it answers."""
        undecided = found.undecided
        if how.mode_used == "keyword":
            undecided = undecided[found.words.matched[undecided]]
        ranking = self._rank(query, found.words, encoded, found.semantic, undecided, how._replace(k=UNDATED_NAMED))
        cosines = None if found.semantic is None else found.semantic.exact(ranking.papers)
        judged = self._judge(query, found._replace(order=ranking.papers), cosines)
        answering = [one.place for one in judged if one.verdict != "weak"]
        return Undated(n_papers=len(undecided), papers=self.parts.named(ranking.papers[answering]))

    def _unknown_words(self, query: Query) -> tuple[UnknownWord, ...]:
        postings = self.parts.postings
        if all(postings.find(term) is not None for term in query.terms):
            return ()
        from papersearch.search.spelling import unknown_words

        return unknown_words(query, self.parts)

    def _related(self, query: Query, found: Findings, judged: list[Judged]) -> tuple[RelatedTerm, ...]:
        from papersearch.search.related import DEPTH, related_terms

        papers = found.order[[one.place for one in judged[:DEPTH]]].tolist()
        others = (term for form in found.words.expansions for term in self.parts.analyzer.terms(form.other))
        return related_terms(papers, {*query.terms, *others}, self.parts)

    def _facets(self, query: Query, found: Findings) -> Facets:
        """Of all papers that answer better than weakly, however many were asked for."""
        from papersearch.search.facets import count_facets

        papers = found.allowed
        coverage = self.parts.keywords.coverage(query, found.words, papers)
        background = self.parts.manifest.background
        if found.semantic is None:
            is_answer = answers(None, coverage, background)
        else:  # exact cosines of those alone that the estimates leave in doubt
            estimates, margin = found.semantic.estimates[papers].astype(np.float64), found.semantic.margin
            is_answer = answers(estimates - margin, coverage, background)
            doubt = np.flatnonzero(answers(estimates + margin, coverage, background) & ~is_answer)
            is_answer[doubt] = answers(found.semantic.exact(papers[doubt]), coverage[doubt], background)
        return count_facets(
            np.array(sorted({*papers[is_answer].tolist(), *found.titled}), dtype=np.int64), self.parts
        )

    def _rank(
        self,
        query: Query,
        words: Found,
        encoded: Encoded | None,
        semantic: Cosines | None,
        allowed: IntArray,
        how: Request,
    ) -> Ranking:
        if encoded is None or semantic is None:
            return by_keyword(words.scores, allowed[words.matched[allowed]], how.k)
        if how.mode_used == "semantic":
            return by_meaning(semantic, allowed, how.k)
        base = by_both(words.scores, semantic, allowed, max(how.k, DEPTH))
        candidates = np.sort(base.papers[:DEPTH])
        keyword = words.scores[candidates] + sum(
            (impacts for _, impacts in self.parts.keywords.pairs(query, candidates)),
            start=np.zeros(len(candidates)),
        )
        late = self.parts.pieces.scores(encoded, candidates) if how.late and self.parts.pieces is not None else None
        cosines = base.tiers[0].scores_by("semantic", candidates)
        first = best_of(candidates, candidate_signals(keyword, cosines, late), FEEDBACK_DEPTH)
        moved = move_towards(encoded.vector, self.parts.vectors.exact[first])
        signals = candidate_signals(keyword, self.parts.vectors.cosines(moved, candidates), late)
        return in_two_tiers(base, candidates, signals, how.k)

    def _judge(self, query: Query, found: Findings, cosines: Float64Array | None) -> list[Judged]:
        """Whether each of the papers found answers at all; cosines: (K,), in their order."""
        coverage = self.parts.keywords.coverage(query, found.words, found.order)
        return [
            Judged(
                place,
                "strong"
                if doc_idx in found.titled
                else judge(_score_of(cosines, place), float(coverage[place]), self.parts.manifest.background),
            )
            for place, doc_idx in enumerate(found.order.tolist())
        ]

    def _hits(
        self,
        query: Query,
        judged: list[Judged],
        found: Findings,
        cosines: Float64Array | None,
        encoded: Encoded | None,
        how: Request,
    ) -> list[Hit]:
        """`judged`: those to be shown; cosines: (K,), in the order found."""
        idf = self.parts.keywords.idf(query, found.words)
        keyword = None if how.mode_used == "semantic" else found.words.scores
        pieces = self.parts.pieces
        asked = pieces.of_query(encoded) if pieces is not None and encoded is not None else None
        hits = []
        for rank, (place, verdict) in enumerate(judged, 1):
            doc_idx, score = int(found.order[place]), float(found.scores[place])
            paper = self.parts.papers[doc_idx]
            alignment = pieces.beside(asked, doc_idx) if pieces is not None and asked is not None else None
            hits.append(
                Hit(
                    rank=rank,
                    paper=paper,
                    score=score,
                    keyword_score=_score_of(keyword, doc_idx),
                    semantic_score=_score_of(cosines, place),
                    exact_title=doc_idx in found.titled,
                    verdict=verdict,
                    evidence=find_evidence(paper, idf, self.parts.analyzer, alignment),
                    explanation=self._explain(doc_idx, score, query, found) if how.explain else None,
                )
            )
        return hits

    def hits_near(self, ranking: Ranking, asked: Asked | None, idf: dict[str, float]) -> list[Hit]:
        """The papers of a ranking by meaning alone; `asked` and the words of `idf` choose their evidence."""
        pieces = self.parts.pieces
        hits: list[Hit] = []
        for doc_idx, score in zip(ranking.papers.tolist(), ranking.scores.tolist(), strict=True):
            paper = self.parts.papers[doc_idx]
            alignment = pieces.beside(asked, doc_idx) if pieces is not None and asked is not None else None
            evidence = find_evidence(paper, idf, self.parts.analyzer, alignment)
            hits.append(
                Hit(
                    rank=len(hits) + 1,
                    paper=paper,
                    score=score,
                    keyword_score=None,
                    semantic_score=score,
                    exact_title=False,
                    verdict=None,
                    evidence=evidence,
                )
            )
        return hits

    def _explain(self, doc_idx: int, score: float, query: Query, found: Findings) -> Explanation:
        ranking, words = found.ranking, found.words
        signals = ranking.explain(doc_idx, score)
        terms: tuple[TermImpact, ...] = ()
        if any(signal.name == "keyword" for signal in signals):
            is_candidate = len(ranking.tiers) > 1 and _holds(ranking.tiers[0].papers, doc_idx)
            terms = self.parts.keywords.explain(query, words, doc_idx, with_pairs=is_candidate)
        coverage = self.parts.keywords.coverage(query, words, np.array([doc_idx]))
        return Explanation(signals=signals, terms=terms, coverage=float(coverage[0]))


def _titles_first(ranking: Ranking, titled: list[int], k: int) -> tuple[IntArray, Float64Array]:
    """The first k papers and their scores, in which the papers `titled`, whose whole title is
    the query, have none above them: BM25 and fusion alone miss two in three hundred."""
    if not titled:
        return ranking.papers[:k], ranking.scores[:k]
    best = max(float(ranking.scores.max(initial=0.0)), 0.0)
    rest = np.ones(len(ranking.papers), dtype=np.bool_)
    for doc_idx in titled:
        rest &= ranking.papers != doc_idx
    order = np.concatenate([np.array(titled, dtype=np.int64), ranking.papers[rest]])
    scores = np.concatenate([np.full(len(titled), best), ranking.scores[rest]])
    return order[:k], scores[:k]


def _score_of(scores: Float64Array | None, doc_idx: int) -> float | None:
    return None if scores is None else float(scores[doc_idx])


def _holds(papers: IntArray, doc_idx: int) -> bool:
    """Whether `papers`, ascending, has `doc_idx`."""
    place = int(np.searchsorted(papers, doc_idx))
    return place < len(papers) and int(papers[place]) == doc_idx


def has_dates(filters: Filters) -> bool:
    return not (filters.since is None and filters.until is None) and not filters.include_undated
