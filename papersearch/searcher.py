"""An open index, and the only place that orders the steps of a query.

Read `Index.search` from top to bottom: it is the product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np

from papersearch.analysis import ANALYZER, Analyzer
from papersearch.cleaning import clean_text
from papersearch.dense.feedback import FEEDBACK_DEPTH, between, move_towards
from papersearch.duplicates import fold
from papersearch.errors import IndexDamaged, IndexVersionError, ModelError, QueryError
from papersearch.evidence import find_evidence
from papersearch.parts import Parts
from papersearch.query import Query, parse_query
from papersearch.ranking import (
    DEPTH,
    Ranking,
    best_of,
    by_both,
    by_keyword,
    by_meaning,
    candidate_signals,
    in_two_tiers,
)
from papersearch.storage.generations import Generation, open_current
from papersearch.storage.manifest import Manifest
from papersearch.storage.papers import PaperStore
from papersearch.types import (
    NO_FILTERS,
    VERDICTS,
    Explanation,
    Facets,
    Filters,
    Finding,
    Hit,
    Mode,
    Organisation,
    Paper,
    RankedPaper,
    RelatedTerm,
    Results,
    Sort,
    TermImpact,
    Undated,
    UnknownWord,
    Verdict,
)
from papersearch.verdict import answers, judge

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded
    from papersearch.dense.vectors import Cosines
    from papersearch.keywords import Found
    from papersearch.storage.verification import Fault
    from papersearch.types import Float64Array, IntArray

DEFAULT_K = 10

JUDGED = 100
"""At least so many papers are judged, however few are asked for, before it is said that none
answers."""

_BATCH = 256
"""Queries encoded together."""

_ENOUGH = 10
"""Papers to learn related terms from; where fewer answer, the best of the rest help."""

_UNDATED_NAMED = 10
"""Papers without a date that are named."""


class _Request(NamedTuple):
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


class _Findings(NamedTuple):
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


class _Judged(NamedTuple):
    """A place in the order found, and the verdict on the paper there."""

    place: int
    verdict: Verdict


class Index:
    """A built index, open for reading. Arrays are mapped; opening reads none of them whole.

    It holds one generation for as long as it lives: a build published meanwhile changes
    nothing here. Not meant to be shared between threads.
    """

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._analyzer = Analyzer()
        self._parts = Parts(generation, self._analyzer)
        if self.manifest.lexical.analyzer != ANALYZER:
            raise IndexVersionError(
                f"{generation.index_path} was analysed by {self.manifest.lexical.analyzer}, "
                f"this release analyses by {ANALYZER}",
                f"papersearch index --index {generation.index_path}",
            )

    @property
    def manifest(self) -> Manifest:
        """What the index is: counts, encoder, dumps, files."""
        return self._generation.manifest

    @property
    def path(self) -> Path:
        """The folder the index lies in."""
        return self._generation.index_path

    def __len__(self) -> int:
        return self.manifest.n_papers

    def search(
        self,
        query: str,
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        explain: bool = False,
        strict: bool = False,
        late: bool = True,
        literal: bool = False,
        filters: Filters = NO_FILTERS,
        sort: Sort = "relevance",
        fold: bool = False,
        facets: bool = False,
        related: bool = False,
    ) -> Results:
        """The `k` papers that answer `query` best, best first.

        A paper whose whole title is the query comes first in every mode. Ties keep paper
        order, so the same index and query always give the same answer. When the encoder
        cannot be had, keywords answer and the results say so.

        `explain` adds to each hit how its score came about; `strict` leaves out papers
        that answer weakly; `late=False` does without late interaction; `literal` takes quotation
        marks, dashes and `title:` as text. `filters` say which papers are looked at at all.
        `sort="date"`: newest first, those of the first hundred (or `k`) that answer better than
        weakly, all of them where none does; those of unknown date last. `fold` puts near-duplicates
        under the best of them. `facets` counts the papers that answer; `related` finds terms
        that would narrow the search. Raises QueryError.
        """
        _check(k, mode, sort)
        parsed = parse_query(query, self._analyzer, literal=literal)
        with self._reading():
            mode_used, (encoded,), reason = self._encode([parsed], mode)
            how = _Request(k, mode, mode_used, reason, late, explain, strict, filters, sort, fold, facets, related)
            return self._answer(parsed, encoded, how)

    def search_many(
        self,
        queries: Iterable[str],
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        late: bool = True,
        literal: bool = True,
    ) -> Iterator[Results]:
        """The same for many queries, in their order, encoded many at a time."""
        for parsed, encoded, how in self._prepared(queries, k, mode, late, literal):
            with self._reading():
                answer = self._answer(parsed, encoded, how)
            yield answer

    def rank_many(
        self,
        queries: Iterable[str],
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        late: bool = True,
        literal: bool = True,
    ) -> Iterator[list[RankedPaper]]:
        """The same rankings without the papers: for runs and evaluation."""
        for parsed, encoded, how in self._prepared(queries, k, mode, late, literal):
            with self._reading():
                found = self._order(parsed, encoded, how)
                pairs = zip(found.order.tolist(), found.scores.tolist(), strict=True)
                ranked = [RankedPaper(self._parts.paper_ids[doc_idx], score) for doc_idx, score in pairs]
            yield ranked

    def similar(
        self,
        like: Sequence[str],
        unlike: Sequence[str] = (),
        k: int = DEFAULT_K,
        *,
        text: str | None = None,
        filters: Filters = NO_FILTERS,
    ) -> Results:
        """The `k` papers nearest to those of `like`, away from those of `unlike`, without any
        of them; named as for `paper`. `text`: an abstract that is no paper of the index, to be
        near to as well. `filters` as in `search`.

        Raises QueryError when there is nothing to be near to, PaperLookupError, ModelError.
        """
        _check(k, "semantic")
        text = clean_text(text or "")
        if not like and not text:
            raise QueryError("nothing to be similar to", "papersearch similar ID")
        with self._reading():
            liked, unliked = (
                [self._parts.papers.find(clean_text(name)) for name in names] for names in (like, unlike)
            )
            examples = [self._parts.papers[doc_idx] for doc_idx in (*liked, *unliked)]
            rows = self._parts.vectors.exact
            near = [rows[doc_idx] for doc_idx in liked]
            if text:
                near.append(self._parts.encoder.encode_batch([text])[0].vector)
            semantic = self._parts.vectors.scan(between(np.array(near), rows[unliked]))
            is_example = np.zeros(len(self), dtype=np.bool_)
            is_example[liked + unliked] = True
            allowed, undecided = self._filtered(np.flatnonzero(~is_example), filters)
            ranking = by_meaning(semantic, allowed, k)
            # What a hit has in common with the titles is its evidence; a pasted text is all there is of it.
            titles = " ".join([*(paper.title for paper in examples[: len(liked)]), text])
            idf = self._parts.postings.idf_of(self._analyzer.terms(titles))
            hits = []
            for rank, (doc_idx, score) in enumerate(
                zip(ranking.papers.tolist(), ranking.scores.tolist(), strict=True), 1
            ):
                paper = self._parts.papers[doc_idx]
                evidence = find_evidence(paper, idf, self._analyzer)
                hits.append(
                    Hit(rank, paper, score, None, score, exact_title=False, verdict=None, evidence=evidence)
                )
            undated = None
            if _has_dates(filters):
                nearest = by_meaning(semantic, undecided, _UNDATED_NAMED).papers
                undated = Undated(len(undecided), self._parts.named(nearest))
        ids = [paper.paper_id for paper in examples]
        described = ["like", *ids[: len(liked)], *([text] if text else [])]
        if unliked:
            described += ["unlike", *ids[len(liked) :]]
        return Results(
            " ".join(described),
            "semantic",
            "semantic",
            None,
            ranking.total,
            tuple(hits),
            filters=filters,
            undated=undated,
        )

    def paper(self, name: str) -> Paper:
        """The paper with this id, unambiguous beginning of an id, or title.

        Raises PaperLookupError, or AmbiguousPaper with the candidates.
        """
        with self._reading():
            return self._parts.papers[self._parts.papers.find(clean_text(name))]

    def papers(self) -> PaperStore:
        """All papers in paper order; each is read from disk when it is asked for."""
        return self._parts.papers

    def organisations(self) -> list[Organisation]:
        """The organisations that papers are of, by handle."""
        facts = self._parts.facts
        return [facts.organisation(place) for place in range(len(facts.organisation_lines))]

    def findings(self) -> tuple[Finding, ...]:
        """What the build did not understand, rewrote, or skipped."""
        return self._generation.findings()

    def verify(self) -> list[Fault]:
        """Every fault of the files, the arrays and the model; none when all is well. Reads all."""
        from papersearch.storage.verification import verify

        return verify(self._generation)

    def keyword_scores(self, query: str) -> Float64Array:
        """BM25 of every paper, (N,), as `rank_bm25`'s `get_scores` gives it for the query's terms."""
        return self._parts.postings.score(parse_query(query, self._analyzer).terms, len(self))[0]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Opening checks sizes and shapes; what is wrong inside a file shows here, as an error
        of ours and never as a crash."""
        try:
            with np.errstate(all="ignore"):
                yield
        except (IndexError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
            raise IndexDamaged(
                f"{self.path} is damaged: reading it gave {type(error).__name__}: {error}",
                f"papersearch doctor --index {self.path}",
            ) from error

    def _prepared(
        self, queries: Iterable[str], k: int, mode: Mode, late: bool, literal: bool
    ) -> Iterator[tuple[Query, Encoded | None, _Request]]:
        """Each query parsed and encoded, many at a time."""
        _check(k, mode)
        waiting = iter(queries)
        while chunk := list(islice(waiting, _BATCH)):
            parsed = [parse_query(query, self._analyzer, literal=literal) for query in chunk]
            with self._reading():
                mode_used, encoded, reason = self._encode(parsed, mode)
            how = _Request(k, mode, mode_used, reason, late)
            yield from ((query, vector, how) for query, vector in zip(parsed, encoded, strict=True))

    def _order(self, query: Query, encoded: Encoded | None, how: _Request) -> _Findings:
        """The whole of ranking: the first k papers, and what they came from."""
        allowed, undecided = self._filtered(self._parts.keywords.allowed(query), how.filters)
        words = self._parts.keywords.find(query)
        semantic = None if encoded is None else self._parts.vectors.scan(encoded.vector)
        ranking = self._rank(query, words, encoded, semantic, allowed, how)
        titled = [doc for doc in self._parts.papers.with_title(query.title_key) if _holds(allowed, doc)]
        unranked = [doc for doc in titled if how.mode_used == "keyword" and not words.matched[doc]]
        order, scores = _titles_first(ranking, titled, how.k)
        total = ranking.total + len(unranked)
        return _Findings(order, scores, words, semantic, ranking, frozenset(titled), total, allowed, undecided)

    def _filtered(self, papers: IntArray, filters: Filters) -> tuple[IntArray, IntArray]:
        """Those of `papers`, ascending, that the filters keep, and those that their dates leave
        undecided."""
        if filters == NO_FILTERS:
            return papers, papers[:0]
        from papersearch.filters import select

        kept, undecided = select(filters, self._parts)
        return papers[kept[papers]], papers[undecided[papers]]

    def _answer(self, query: Query, encoded: Encoded | None, how: _Request) -> Results:
        found = self._order(query, encoded, how._replace(k=max(how.k, JUDGED)))
        cosines = None if found.semantic is None else found.semantic.exact(found.order)
        judged = self._judge(query, found, cosines)
        best = min((verdict for _, verdict in judged), key=VERDICTS.index, default=None)
        answering = [one for one in judged if one.verdict != "weak"]
        if how.strict:
            judged = answering
        if how.sort == "date":
            dates = self._parts.facts.dates[found.order]
            judged = sorted(answering or judged, key=lambda one: -int(dates[one.place]))
        groups = [[one] for one in judged]
        if how.fold:
            places = np.array([one.place for one in judged], dtype=np.int64)
            folded = fold(self._parts.vectors.exact[found.order[places]])
            groups = [[judged[place] for place in group] for group in folded]
        groups = groups[: how.k]
        hits = self._hits(query, [group[0] for group in groups], found, cosines, encoded, how)
        if how.fold:
            also = [self._parts.named(found.order[[one.place for one in group[1:]]]) for group in groups]
            hits = [hit._replace(duplicates=names) for hit, names in zip(hits, also, strict=True)]
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
            undated=self._undated(query, found, encoded, how) if _has_dates(how.filters) else None,
            unknown_words=self._unknown_words(query),
            related=self._related(query, found, answering if len(answering) >= _ENOUGH else judged)
            if how.related
            else None,
            facets=self._facets(query, found) if how.facets else None,
        )

    def _undated(self, query: Query, found: _Findings, encoded: Encoded | None, how: _Request) -> Undated:
        """What the date filter could not decide about: the best of it, if it answers."""
        undecided = found.undecided
        if how.mode_used == "keyword":
            undecided = undecided[found.words.matched[undecided]]
        ranking = self._rank(query, found.words, encoded, found.semantic, undecided, how._replace(k=_UNDATED_NAMED))
        cosines = None if found.semantic is None else found.semantic.exact(ranking.papers)
        judged = self._judge(query, found._replace(order=ranking.papers), cosines)
        answering = [one.place for one in judged if one.verdict != "weak"]
        return Undated(len(undecided), self._parts.named(ranking.papers[answering]))

    def _unknown_words(self, query: Query) -> tuple[UnknownWord, ...]:
        postings = self._parts.postings
        if all(postings.find(term) is not None for term in query.terms):
            return ()
        from papersearch.spelling import unknown_words

        return unknown_words(query, self._parts)

    def _related(self, query: Query, found: _Findings, judged: list[_Judged]) -> tuple[RelatedTerm, ...]:
        from papersearch.related import DEPTH, related_terms

        papers = found.order[[one.place for one in judged[:DEPTH]]].tolist()
        others = (term for form in found.words.expansions for term in self._analyzer.terms(form.other))
        return related_terms(papers, {*query.terms, *others}, self._parts)

    def _facets(self, query: Query, found: _Findings) -> Facets:
        """Of all papers that answer better than weakly, however many were asked for."""
        from papersearch.facets import count_facets

        papers = found.allowed
        cosines = None if found.semantic is None else found.semantic.exact(papers)
        coverage = self._parts.keywords.coverage(query, found.words, papers)
        is_answer = answers(cosines, coverage, self.manifest.background)
        return count_facets(
            np.array(sorted({*papers[is_answer].tolist(), *found.titled}), dtype=np.int64), self._parts
        )

    def _rank(
        self,
        query: Query,
        words: Found,
        encoded: Encoded | None,
        semantic: Cosines | None,
        allowed: IntArray,
        how: _Request,
    ) -> Ranking:
        if encoded is None or semantic is None:
            return by_keyword(words.scores, allowed[words.matched[allowed]], how.k)
        if how.mode_used == "semantic":
            return by_meaning(semantic, allowed, how.k)
        base = by_both(words.scores, semantic, allowed, max(how.k, DEPTH))
        candidates = np.sort(base.papers[:DEPTH])
        keyword = words.scores[candidates] + sum(
            (impacts for _, impacts in self._parts.keywords.pairs(query, candidates)),
            start=np.zeros(len(candidates)),
        )
        late = (
            self._parts.pieces.scores(encoded, candidates) if how.late and self._parts.pieces is not None else None
        )
        cosines = semantic.exact(candidates)
        first = best_of(candidates, candidate_signals(keyword, cosines, late), FEEDBACK_DEPTH)
        moved = move_towards(encoded.vector, self._parts.vectors.exact[first])
        signals = candidate_signals(keyword, self._parts.vectors.cosines(moved, candidates), late)
        return in_two_tiers(base, candidates, signals, how.k)

    def _judge(self, query: Query, found: _Findings, cosines: Float64Array | None) -> list[_Judged]:
        """Whether each of the papers found answers at all; cosines: (K,), in their order."""
        coverage = self._parts.keywords.coverage(query, found.words, found.order)
        return [
            _Judged(
                place,
                "strong"
                if doc_idx in found.titled
                else judge(_score_of(cosines, place), float(coverage[place]), self.manifest.background),
            )
            for place, doc_idx in enumerate(found.order.tolist())
        ]

    def _hits(
        self,
        query: Query,
        judged: list[_Judged],
        found: _Findings,
        cosines: Float64Array | None,
        encoded: Encoded | None,
        how: _Request,
    ) -> list[Hit]:
        """`judged`: those to be shown; cosines: (K,), in the order found."""
        idf = self._parts.keywords.idf(query, found.words)
        keyword = None if how.mode_used == "semantic" else found.words.scores
        pieces = self._parts.pieces if encoded is not None else None
        hits = []
        for rank, (place, verdict) in enumerate(judged, 1):
            doc_idx, score = int(found.order[place]), float(found.scores[place])
            paper = self._parts.papers[doc_idx]
            alignment = pieces.alignment(encoded, doc_idx) if pieces is not None and encoded is not None else None
            hits.append(
                Hit(
                    rank=rank,
                    paper=paper,
                    score=score,
                    keyword_score=_score_of(keyword, doc_idx),
                    semantic_score=_score_of(cosines, place),
                    exact_title=doc_idx in found.titled,
                    verdict=verdict,
                    evidence=find_evidence(paper, idf, self._analyzer, alignment),
                    explanation=self._explain(doc_idx, score, query, found) if how.explain else None,
                )
            )
        return hits

    def _explain(self, doc_idx: int, score: float, query: Query, found: _Findings) -> Explanation:
        ranking, words = found.ranking, found.words
        signals = ranking.explain(doc_idx, score)
        terms: tuple[TermImpact, ...] = ()
        if any(signal.name == "keyword" for signal in signals):
            is_candidate = len(ranking.tiers) > 1 and _holds(ranking.tiers[0].papers, doc_idx)
            terms = self._parts.keywords.explain(query, words, doc_idx, with_pairs=is_candidate)
        coverage = self._parts.keywords.coverage(query, words, np.array([doc_idx]))
        return Explanation(signals, terms, float(coverage[0]))

    def _encode(self, queries: Sequence[Query], mode: Mode) -> tuple[Mode, Sequence[Encoded | None], str | None]:
        """(mode used, each query encoded if the mode needs it, why it is another mode)."""
        nothing = [None] * len(queries)
        if mode == "keyword":
            return mode, nothing, None
        try:
            return mode, self._parts.encoder.encode_batch([query.plain for query in queries]), None
        except ModelError as error:
            return "keyword", nothing, error.message


def open(path: str | Path = "index") -> Index:
    """Open the index in the folder `path`. Raises a StoredIndexError when it cannot be used."""
    return Index(open_current(Path(path)))


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


def _has_dates(filters: Filters) -> bool:
    return not (filters.since is None and filters.until is None) and not filters.include_undated


def _check(k: int, mode: Mode, sort: Sort = "relevance") -> None:
    if sort not in get_args(Sort):
        raise ValueError(f"sort is one of {', '.join(get_args(Sort))}, not {sort!r}")
    if mode not in get_args(Mode):
        raise ValueError(f"mode is one of {', '.join(get_args(Mode))}, not {mode!r}")
    if k < 1:
        raise ValueError(f"k is at least 1, not {k}")
