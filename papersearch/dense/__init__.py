"""Dense retrieval: texts become unit vectors, compared by cosine.

sentence-transformers encodes papers in bulk; numpy encodes a single query.
"""
