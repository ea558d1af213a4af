"""Lexical retrieval: BM25 over an inverted index with positions.

rank-bm25 defines the statistics and the formula; the index stores its results as postings.
"""
