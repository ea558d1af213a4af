"""Rankings of one query under many weights, from signals that are computed once: for tuning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.search.candidates import measure, open_query, rank_first, titled_in, titles_first
from papersearch.search.ranking import in_two_tiers

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded
    from papersearch.search.request import Request
    from papersearch.search.shards import Shards
    from papersearch.text.query import Query
    from papersearch.types import Weights


def ids_under(
    settings: Sequence[Weights], query: Query, encoded: Encoded, how: Request, shards: Shards
) -> list[tuple[str, ...]]:
    """Return the ids of the first k papers under each of `settings`, as a search in hybrid mode ranks them.

    Weights do not matter to a query without words to rank by.
    """
    if not query.plain:
        from papersearch.search.listing import newest_ids

        return [tuple(paper.paper_id for paper in newest_ids(query, how, shards))] * len(settings)
    opening = open_query(query, encoded, how, shards)
    first = rank_first(opening, how, shards, judged=False)
    rankings = [first.ranking] * len(settings)
    if len(first.ranking.papers):
        measured, _ = measure(first, opening, encoded, how, shards)
        weighed = map(measured.weighed, settings)
        rankings = [in_two_tiers(first.ranking, measured.candidates, signals, how.k) for signals in weighed]
    titled = titled_in(first.rows)
    orders = [titles_first(ranking, titled, how.k)[0] for ranking in rankings]
    shown = np.unique(np.concatenate(orders))
    owned = first.owned.at(first.places(shown))
    id_of = dict(zip(shown.tolist(), shards.each("paper_ids", owned), strict=True))
    return [tuple(id_of[number] for number in order.tolist()) for order in orders]
