"""Answers without ranking: a query that has only names, years or filters lists papers, the newest first.

No paper has a score or a verdict, and the encoder is not asked. Papers of unknown date come last; equal
dates keep paper order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersearch.search.candidates import open_query
from papersearch.search.hits import make_plain_hits
from papersearch.search.pipeline import UNDATED_NAMED
from papersearch.search.protocol import CountOf, Latest, LatestOf
from papersearch.search.request import leaves_undated_out
from papersearch.search.shards import Owned
from papersearch.types import NO_FILTERS, Emptier, Explanation, Facets, RankedPaper, Results, Undated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersearch.search.candidates import Opening
    from papersearch.search.request import Request
    from papersearch.search.shards import Shards
    from papersearch.text.query import Query

_UNRANKED = Explanation(signals=(), terms=(), coverage=0.0)


def newest(query: Query, how: Request, shards: Shards) -> Results:
    """Return the newest papers that the conditions and filters leave."""
    opening = _opened(query, how, shards)
    owned = _latest(opening, how.k, shards, undecided=False)
    hits = make_plain_hits(owned, [0.0] * len(owned.papers), None, {}, shards)
    undated = None
    if leaves_undated_out(how.filters, query):
        named = shards.named(_latest(opening, UNDATED_NAMED, shards, undecided=True))
        undated = Undated(n_papers=opening.bounds.n_undecided, papers=named)
    return Results(
        query=query.text,
        mode=how.mode,
        mode_used=how.mode,
        mode_reason=None,
        total=opening.bounds.n_allowed,
        hits=tuple(hit.replace(explanation=_UNRANKED if how.explain else None) for hit in hits),
        filters=how.filters,
        sort="date",
        undated=undated,
        related=() if how.related else None,
        facets=_facets(opening, shards) if how.facets else None,
        reading=query.reading,
        notes=query.notes,
        emptied_by=None if hits else _emptied_by(opening, how),
        encoded=shards.encoded_share,
    )


def newest_ids(query: Query, how: Request, shards: Shards) -> list[RankedPaper]:
    """Return the ids of the newest papers; a score only keeps their order: minus the rank."""
    ids = shards.each("paper_ids", _latest(_opened(query, how, shards), how.k, shards, undecided=False))
    return [RankedPaper(paper_id=paper_id, score=float(-rank)) for rank, paper_id in enumerate(ids, 1)]


def _opened(query: Query, how: Request, shards: Shards) -> Opening:
    # The mode decides which papers are ranked, and here none is.
    return open_query(query, None, how._replace(mode_used="hybrid"), shards)


def _latest(opening: Opening, k: int, shards: Shards, *, undecided: bool) -> Owned:
    """Return the newest `k` papers of all shards, the newest first."""
    answers: Sequence[Latest] = shards.every("latest", LatestOf(opening.asked, k, undecided))
    found = Owned.answered([one.papers for one in answers])
    dates = np.concatenate([one.dates for one in answers])
    return found.at(np.lexsort((found.papers, -dates))[:k])


def _facets(opening: Opening, shards: Shards) -> Facets:
    from papersearch.search.facets import facets_of

    nobody = np.zeros(0, dtype=np.int64)
    request = CountOf(opening.asked, opening.bounds, None, nobody, nobody.astype(np.bool_))
    return facets_of(shards.every("count", request), shards)


def _emptied_by(opening: Opening, how: Request) -> Emptier:
    return "filters" if how.filters != NO_FILTERS and not opening.bounds.n_kept else "operators"
