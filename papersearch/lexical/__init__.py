"""BM25: rank-bm25 defines statistics and formula, postings on disk keep and score them."""
