"""BM25 as rank-bm25 defines it: the test oracle of the stored scores.

Neither a build nor a query imports this module. An index stores the values that `bm25` computes
from flat arrays (`statistics`), and the tests compare the two. Programs may use it to run rank_bm25
over a few papers.
"""

from __future__ import annotations

from collections.abc import Iterable

from rank_bm25 import BM25Okapi

from papersearch.lexical.bm25 import K1, B, idf


class LuceneBM25(BM25Okapi):  # type: ignore[misc]  # rank_bm25 ships no types
    """BM25Okapi of rank_bm25 with this project's parameters and Lucene's idf.

    All other methods, such as `get_scores`, are those of rank_bm25.
    """

    def __init__(self, corpus: Iterable[list[str]]) -> None:
        super().__init__(corpus, k1=K1, b=B)

    def _calc_idf(self, nd: dict[str, int]) -> None:
        self.idf = {term: idf(df, self.corpus_size) for term, df in nd.items()}
