"""Encoding of papers, against sentence-transformers' `encode` with its defaults.

    python benchmarks/encoding.py ABSTRACTS.jsonl.gz [--papers 128] [--rounds 3]

Both use the same machine and texts. The library's default cuts a text at 256 word pieces, while
papersearch reads 512. So the library is timed with 512 as well. Vectors are compared with its
float32 vectors.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from measuring import medians, print_table, timed
from sentence_transformers import SentenceTransformer

from papersearch.dense import models
from papersearch.dense.late import Encoded
from papersearch.dense.reference import ReferenceEncoder


def main() -> None:
    """Encode the same abstracts each way, in turn; print medians, ratios and the mean cosine."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("abstracts", type=Path, help="records as JSON lines, compressed by gzip")
    options.add_argument("--papers", type=int, default=128)
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    with gzip.open(arguments.abstracts) as file:
        papers = [orjson.loads(line) for line in itertools.islice(file, arguments.papers)]
    texts = [f"{paper['title']}\n{paper['text']}" for paper in papers]
    model = models.locate(None, print)
    ours = ReferenceEncoder(model)
    library = SentenceTransformer(str(model.folder))
    default_length = library.max_seq_length
    received: dict[int, Encoded] = {}

    def library_at(length: Any, **how: Any) -> float:
        library.max_seq_length = length
        return timed(lambda: library.encode(texts, show_progress_bar=False, **how))

    times = medians(
        {
            "papersearch": lambda: timed(
                lambda: ours.encode_papers(
                    texts, lambda number, encoded, starts: received.__setitem__(number, encoded)
                )
            ),
            "library, defaults": lambda: library_at(default_length),
            "library, 512": lambda: library_at(ours.max_length),
        },
        arguments.rounds,
    )
    reference = library.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    vectors = np.array([received[number].vector for number in range(len(texts))])
    print(f"{len(texts)} abstracts, {torch.get_num_threads()} threads, {library.device}")
    print_table(
        times,
        "encoding",
        {
            "abstracts/s": lambda value: len(texts) / value,
            "default / it": lambda value: times["library, defaults"] / value,
        },
    )
    print(f"mean cosine with float32: {(vectors * reference).sum(axis=1).mean():.6f}")


if __name__ == "__main__":
    main()
