"""The effect of the int8 scan on answers, on the topics of judged collections.

    python benchmarks/exactness.py COLLECTION... [--indexes FOLDER]

Collections and indexes are those of `quality.py`. Semantic rankings are compared with float32 brute
force, hybrid ones with the same ranking over exact cosines.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
from quality import Collection

from papersearch.dense.vectors import Cosines, PaperVectors
from papersearch.text.query import parse_query

if TYPE_CHECKING:
    from papersearch.types import Float32Array

K = 10


def exact_scan(self: PaperVectors, query: Float32Array) -> Cosines:
    """Scan without quantisation: every estimate is exact."""
    return Cosines(self, query, (self.exact @ query).astype(np.float32), 1e-6)


def main() -> None:
    """Compare the first ten hits of every topic; print how many agree."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("collections", type=Path, nargs="+", metavar="COLLECTION")
    options.add_argument("--indexes", type=Path, help="where indexes are kept; nowhere, if not given")
    arguments = options.parse_args()
    same_meaning = same_hybrid = n_topics = 0
    with tempfile.TemporaryDirectory() as scratch:
        for folder in arguments.collections:
            collection = Collection(folder, arguments.indexes or Path(scratch))
            index, texts = collection.index, [topic.text for topic in collection.topics]
            encoded = index._opened.encoder.encode_many(
                [parse_query(t, index._analyzer, literal=True).plain for t in texts]
            )
            ranked = index.rank_many(texts, K, "semantic")
            for text, query, ranking in zip(texts, encoded, ranked, strict=True):
                best = np.argsort(-(index._opened.vectors.exact @ query.vector), kind="stable")[:K]
                key = parse_query(text, index._analyzer, literal=True).title_key
                titled = index._opened.papers.titled(key)  # these come first regardless of their cosine
                expected = [collection.ids[n] for n in [*titled, *(n for n in best if n not in titled)][:K]]
                same_meaning += [hit.paper_id for hit in ranking] == expected
            hybrid = list(index.rank_many(texts, K))
            with mock.patch.object(PaperVectors, "scan", exact_scan):
                exact = list(index.rank_many(texts, K))
            same_hybrid += sum(ours == theirs for ours, theirs in zip(hybrid, exact, strict=True))
            n_topics += len(texts)
    print(f"{n_topics} topics: by meaning {same_meaning} equal float32 brute force, hybrid {same_hybrid} equal")


if __name__ == "__main__":
    main()
