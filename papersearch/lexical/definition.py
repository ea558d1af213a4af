"""BM25 as rank-bm25 defines it: the oracle that the stored scores are compared with.

Neither a build nor a query imports this. An index stores the same formula's values, computed
by `bm25` from flat arrays (`statistics`); the tests show that the two agree. It is here for
them, and for a program that wants rank_bm25 itself over a few papers.
"""

from __future__ import annotations

from collections.abc import Iterable

from rank_bm25 import BM25Okapi

from papersearch.lexical.bm25 import K1, B, idf


class LuceneBM25(BM25Okapi):  # type: ignore[misc]  # rank_bm25 ships no types
    """rank_bm25's BM25Okapi with this project's parameters and Lucene's idf.

    Everything else, `get_scores` above all, is rank_bm25's own.
    """

    def __init__(self, corpus: Iterable[list[str]]) -> None:
        super().__init__(corpus, k1=K1, b=B)

    def _calc_idf(self, nd: dict[str, int]) -> None:
        self.idf = {term: idf(df, self.corpus_size) for term, df in nd.items()}
