"""Retrieval: ask all shards for their best papers, merge these, and rank the first ones again.

`ranking` and `fusion` do the arithmetic. This module asks for their signals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from papersearch.lexical.bm25 import idf_of_each
from papersearch.lexical.matching import AS_TYPED, Statistics
from papersearch.search.neighbours import neighbours_of
from papersearch.search.protocol import Asked, BestOf, Bounds, Details, DetailsOf, Rows
from papersearch.search.ranking import (
    CANDIDATE_DEPTH,
    Measured,
    Ranking,
    brevity,
    by_one,
    by_signals,
    in_two_tiers,
    signals_of_both,
)
from papersearch.search.shards import Owned, together
from papersearch.search.verdict import reliefs

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded
    from papersearch.search.protocol import Opened
    from papersearch.search.request import Request
    from papersearch.search.shards import Shards
    from papersearch.text.query import Query
    from papersearch.types import Float32Array, Float64Array, IntArray


class Opening(NamedTuple):
    """A query on its way, and what the whole has said of it.

    asked: with the statistics of the whole
    encoded: None in a keyword search
    """

    asked: Asked
    encoded: Encoded | None
    bounds: Bounds


class Ranked(NamedTuple):
    """A ranking, with a row for each of its papers, and for each paper whose title is the query.

    owned: the papers of `rows`
    relief: of the encoded candidates, see `verdict`; None without late interaction
    """

    ranking: Ranking
    rows: Rows
    owned: Owned
    relief: Mapping[int, float] | None = None

    def places(self, papers: IntArray) -> IntArray:
        """Return the row of each of `papers` (K,)."""
        return np.searchsorted(self.rows.papers, papers)


class Retrieved(NamedTuple):
    """The retrieved papers, and the values that explain their order.

    order: (K,), best first
    scores: (K,)
    titled: papers whose whole title is the query
    total: number of papers ranked
    """

    order: IntArray
    scores: Float64Array
    opening: Opening
    ranked: Ranked
    titled: frozenset[int]
    total: int

    def owned(self, papers: IntArray) -> Owned:
        """Return retrieved papers with their shards."""
        return self.ranked.owned.at(self.ranked.places(papers))


def open_query(query: Query, encoded: Encoded | None, how: Request, shards: Shards) -> Opening:
    """Ask all shards what the whole must know of a query before any paper can be ranked."""
    spelling = AS_TYPED
    if query.required or query.excluded or query.prefixes:
        from papersearch.search.vocabulary import spelled  # not for plain words

        spelling = spelled(query, shards)
        if fields := query.fields:
            from papersearch.search.names import check_clauses

            check_clauses(fields, shards)
    n_papers = shards.manifest.n_papers
    # Acronyms are stored as the first language of the collection reads them.
    sequence = shards.analyzer.sequence(query.plain) if query.others else query.sequence
    expansions = tuple(shards.tables.expansions.expand(sequence))
    asked = Asked(
        key=shards.new_key(),
        query=query,
        mode=how.mode_used,
        vector=None if encoded is None else encoded.vector,
        filters=shards.resolved(how.filters),
        expansions=expansions,
        is_partial=shards.manifest.is_partial,
        statistics=Statistics(n_papers, spelling, idf={}, expansions=()),
    )
    opened: list[Opened] = shards.every("open", asked)
    n_expanded = map(sum, zip(*(one.n_expanded for one in opened), strict=True))
    weighed = zip(expansions, (float(idf_of_each(n, n_papers)) for n in n_expanded), strict=True)
    idf = {term: value for one in opened for term, value in one.idf.items()}
    asked = asked._replace(statistics=asked.statistics._replace(idf=idf, expansions=tuple(weighed)))
    bounds = [one.bounds for one in opened if one.bounds is not None] or shards.every("bounds", asked)
    return Opening(asked, encoded, _joined(bounds))


def _joined(bounds: Sequence[Bounds]) -> Bounds:
    """Return the bounds of all papers, from those of each shard."""
    if len(bounds) == 1:
        return bounds[0]
    moments = [one.moments for one in bounds if one.moments is not None]
    return Bounds(
        words=_widest([one.words for one in bounds]),
        meaning=_widest([one.meaning for one in bounds]),
        moments=sum(moments[1:], start=moments[0]) if moments else None,
        n_kept=sum(one.n_kept for one in bounds),
        n_allowed=sum(one.n_allowed for one in bounds),
        n_ranked=sum(one.n_ranked for one in bounds),
        n_undecided=sum(one.n_undecided for one in bounds),
    )


def _widest(ranges: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def rank(opening: Opening, how: Request, shards: Shards, *, undecided: bool = False, judged: bool = True) -> Ranked:
    """Rank the best of the papers that a query allows, or of undecided ones, by the signals of the mode.

    Hybrid mode ranks the first hundred papers again. It then also uses word pairs, pseudo-relevance
    feedback and late interaction.
    """
    ranked = rank_first(opening, how, shards, undecided=undecided, judged=judged)
    if opening.encoded is None or how.mode_used != "hybrid" or len(ranked.ranking.papers) == 0:
        return ranked
    measured, relief = measure(ranked, opening, opening.encoded, how, shards)
    ranking = in_two_tiers(ranked.ranking, measured.candidates, measured.weighed(how.weights), how.k)
    return ranked._replace(ranking=ranking, relief=relief)


def rank_first(
    opening: Opening, how: Request, shards: Shards, *, undecided: bool = False, judged: bool = True
) -> Ranked:
    """Rank the best papers as `rank` does, but those of hybrid mode once: the first are its candidates."""
    asked, encoded, bounds = opening
    depth = max(how.k, CANDIDATE_DEPTH) if how.mode_used == "hybrid" else how.k
    request = BestOf(asked, bounds, depth, undecided=undecided, judged=judged, dated=how.sort == "date")
    rows, owned = _merged(shards.every("best", request))
    total = bounds.n_undecided if undecided else bounds.n_ranked
    best = rows.is_ranked
    papers, keyword, cosines = rows.papers[best], rows.keyword[best], rows.cosines[best]
    if encoded is None:
        return Ranked(by_one("keyword", keyword, papers, how.k, total), rows, owned)
    if how.mode_used == "semantic":
        return Ranked(by_one("semantic", cosines, papers, how.k, total), rows, owned)
    base = by_signals(signals_of_both(keyword, cosines, bounds.words, bounds.meaning), papers, depth, total)
    return Ranked(base, rows, owned)


def _merged(answers: Sequence[Rows]) -> tuple[Rows, Owned]:
    """Merge the rows of all shards, ascending by number."""
    if len(answers) == 1:
        return answers[0], Owned(answers[0].papers, np.zeros(len(answers[0].papers), dtype=np.int64))
    columns: list[Any] = [np.concatenate(column) for column in zip(*answers, strict=True)]
    owned = Owned.answered([answer.papers for answer in answers])
    order = np.argsort(owned.papers)
    return Rows(*(column[order] for column in columns)), owned.at(order)


def measure(
    ranked: Ranked, opening: Opening, encoded: Encoded, how: Request, shards: Shards
) -> tuple[Measured, dict[int, float] | None]:
    """Return the signals of the candidates of hybrid mode, and the relief of those that are encoded.

    Rows of a table match wherever the words do: they say no more than coverage, and give no relief.
    """
    rows, asked = ranked.rows, opening.asked
    candidates = np.sort(ranked.ranking.papers[:CANDIDATE_DEPTH])
    places = ranked.places(candidates)
    details = _details(ranked.owned.at(places), opening, how, shards)
    keyword, is_encoded = rows.keyword[places] + details.pairs, rows.is_encoded[places]
    late = details.late
    if late is not None and asked.is_partial:
        from papersearch.search.partial import late_with_expected  # a complete index needs none of it

        late = late_with_expected(late, is_encoded, keyword)
    measured = Measured(
        candidates=candidates,
        keyword=keyword,
        cosines=rows.cosines[places],
        late=late,
        vectors=details.vectors,
        near=None if asked.is_partial else neighbours_of(details.vectors),  # else most neighbours are unknown
        is_encoded=is_encoded,
        query=encoded.vector,
        brevity=brevity(asked.query.n_words),
        expect=(lambda vector: _expected(vector, rows.keyword[places], opening, shards))
        if asked.is_partial
        else None,
    )
    evidence = details.late if shards.encoder.in_context else None
    return measured, _reliefs(candidates[is_encoded], None if evidence is None else evidence[is_encoded])


def _reliefs(candidates: IntArray, late: Float64Array | None) -> dict[int, float] | None:
    """Map encoded candidates to their relief; None if no word piece of the query has weight."""
    if late is None or not late.any():
        return None
    return dict(zip(candidates.tolist(), reliefs(late).tolist(), strict=True))


def _details(candidates: Owned, opening: Opening, how: Request, shards: Shards) -> Details:
    """Ask for the signals of candidates, which ascend."""
    asked, manifest = opening.asked, shards.manifest
    has_late = how.late and manifest.late is not None
    pieces = shards.pieces_of(opening.encoded) if has_late else None
    answers = shards.owners("details", candidates, lambda _, papers: DetailsOf(asked, papers, pieces, has_late))
    pairs, late = np.zeros(len(candidates.papers)), np.zeros(len(candidates.papers))
    for places, answer in answers:
        pairs[places] = answer.pairs
        if has_late:
            late[places] = answer.late
    vectors = together([(places, answer.vectors) for places, answer in answers], len(pairs), manifest)
    return Details(pairs, late if has_late else None, vectors)


def _expected(vector: Float32Array, keyword: Float64Array, opening: Opening, shards: Shards) -> Float64Array:
    """Return the cosines with `vector` (D,) that BM25 scores (K,) promise to papers that are not encoded."""
    from papersearch.search.partial import Expected, Moments

    moments = sum(shards.every("spread", vector), start=Moments(0, 0, 0))
    return Expected(moments, opening.bounds.words).of(keyword)


def titled_in(rows: Rows) -> list[int]:
    """Return the papers whose title is the query, the most alike first."""
    titles = np.flatnonzero(rows.spelling >= 0)
    titled: list[int] = rows.papers[titles[np.argsort(rows.spelling[titles], kind="stable")]].tolist()
    return titled


def titles_first(ranking: Ranking, titled: Sequence[int], k: int) -> tuple[IntArray, Float64Array]:
    """Move the papers `titled`, whose whole title is the query, above all others.

    Returns the first k papers and their scores. Without this rule, 2 of 300 titles do not rank
    their own paper first.
    """
    if not titled:
        return ranking.papers[:k], ranking.scores[:k]
    best = max(float(ranking.scores.max(initial=0.0)), 0.0)
    rest = np.ones(len(ranking.papers), dtype=np.bool_)
    for number in titled:
        rest &= ranking.papers != number
    order = np.concatenate([np.array(titled, dtype=np.int64), ranking.papers[rest]])
    scores = np.concatenate([np.full(len(titled), best), ranking.scores[rest]])
    return order[:k], scores[:k]
