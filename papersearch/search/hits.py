"""Hits: ranked papers with their metadata, their evidence and, if requested, their explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.postings import are_in
from papersearch.search.protocol import ShowOf
from papersearch.search.verdict import likeness
from papersearch.types import Explanation, Hit, TermImpact, Verdict

if TYPE_CHECKING:
    from papersearch.dense.late import QueryPieces
    from papersearch.search.candidates import Ranked, Retrieved
    from papersearch.search.protocol import Shown
    from papersearch.search.request import Request
    from papersearch.search.shards import Owned, Shards
    from papersearch.types import BoolArray, IntArray


class Judged(NamedTuple):
    """The verdict on a retrieved paper.

    place: the paper's place in `Retrieved.order`
    strength: how well it answers, in [0, 1]
    cosine: the cosine of query and paper; None in a keyword search, or unless the paper is encoded
    """

    place: int
    verdict: Verdict
    strength: float
    cosine: float | None


def make_hits(judged: Sequence[Judged], found: Retrieved, how: Request, shards: Shards) -> list[Hit]:
    """Make a hit of each paper in `judged`, in this order."""
    papers = found.order[[one.place for one in judged]]
    asked, ranked = found.opening.asked, found.ranked
    marked = asked.statistics.marked(asked.query, shards.analyzer)
    idf = {term: asked.statistics.idf[term] for term in sorted(marked) if term in asked.statistics.idf}
    pieces = shards.pieces_of(found.opening.encoded)
    has_pairs = _have_pairs(papers, ranked) if how.explain else None

    def request(places: slice | IntArray, numbers: IntArray) -> ShowOf:
        with_pairs = None if has_pairs is None else tuple(has_pairs[places].tolist())
        return ShowOf(numbers, idf, pieces, asked, with_pairs)

    shown: list[Shown] = shards.each("show", found.owned(papers), request)
    rows = ranked.places(papers).tolist()
    return [
        Hit(
            rank=rank,
            paper=one.paper,
            score=float(found.scores[place]),
            keyword_score=None if how.mode_used == "semantic" else float(ranked.rows.keyword[row]),
            semantic_score=cosine,
            exact_title=number in found.titled,
            verdict=verdict,
            strength=strength,
            evidence=one.evidence,
            short_id=shards.short_id(one.paper),
            explanation=_explain(number, row, float(found.scores[place]), one.terms, found)
            if how.explain
            else None,
        )
        for rank, (number, row, one, (place, verdict, strength, cosine)) in enumerate(
            zip(papers.tolist(), rows, shown, judged, strict=True), 1
        )
    ]


def make_hits_near(
    nearest: Owned, scores: Sequence[float], pieces: QueryPieces | None, idf: Mapping[str, float], shards: Shards
) -> list[Hit]:
    """Make hits of the papers nearest to examples, whose cosines are `scores`."""
    background = shards.manifest.background
    return [
        hit.replace(
            semantic_score=hit.score, strength=None if background is None else likeness(hit.score, background)
        )
        for hit in make_plain_hits(nearest, scores, pieces, idf, shards)
    ]


def make_plain_hits(
    owned: Owned, scores: Sequence[float], pieces: QueryPieces | None, idf: Mapping[str, float], shards: Shards
) -> list[Hit]:
    """Make hits of papers without signals and verdicts; `pieces` and the terms of `idf` choose their evidence."""
    shown: list[Shown] = shards.each("show", owned, lambda _, papers: ShowOf(papers, idf, pieces, None, None))
    return [
        Hit(
            rank=rank,
            paper=one.paper,
            score=score,
            keyword_score=None,
            semantic_score=None,
            exact_title=False,
            verdict=None,
            evidence=one.evidence,
            short_id=shards.short_id(one.paper),
        )
        for rank, (one, score) in enumerate(zip(shown, scores, strict=True), 1)
    ]


def _have_pairs(papers: IntArray, ranked: Ranked) -> BoolArray:
    """Tell which of `papers` (K,) are candidates: only these are ranked by word pairs."""
    tiers = ranked.ranking.tiers
    return are_in(tiers[0].papers, papers) if len(tiers) > 1 else np.zeros(len(papers), dtype=np.bool_)


def _explain(number: int, row: int, score: float, terms: tuple[TermImpact, ...], found: Retrieved) -> Explanation:
    rows, signals = found.ranked.rows, found.ranked.ranking.explain(number, score)
    if found.opening.asked.is_partial and not rows.is_encoded[row]:
        signals = tuple(
            signal.replace(expected=signal.name in ("semantic", "late interaction")) for signal in signals
        )
    has_words = any(signal.name == "keyword" for signal in signals)
    return Explanation(signals=signals, terms=terms if has_words else (), coverage=float(rows.coverage[row]))
