"""Text before retrieval: cleaning, identity, analysis and the query language."""
