"""Dense retrieval: texts to unit vectors, in bulk by sentence-transformers, one query by numpy."""
