"""Encoding of papers, against sentence-transformers' `encode` with its defaults.

    python benchmarks/encoding.py ABSTRACTS.jsonl.gz [--papers 128] [--rounds 3] [--bfloat16]

Both use the same machine and texts. The library's default cuts a text at 256 word pieces, while
papersearch reads 512. So the library is timed with 512 as well. `--bfloat16` adds the library in
bfloat16, as builds use it with `PAPERSEARCH_PRECISION=bfloat16`. Processor time counts all processes
of a contender, their start included; on a machine with other work, read it rather than the
wall-clock time.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import torch
from measuring import Cost
from sentence_transformers import SentenceTransformer

from papersearch.dense import models
from papersearch.dense.bulk import NumpyEncoder
from papersearch.dense.reference import PRECISION_VARIABLE, ReferenceEncoder

LENGTH = 512


def cost(work: Callable[[], object]) -> Cost:
    """Return what `work` costs, in this process and in those that it starts and ends."""

    def spent() -> float:
        both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(used.ru_utime + used.ru_stime for used in both)

    wall, processor = time.perf_counter(), spent()
    work()
    return Cost(time.perf_counter() - wall, spent() - processor)


def contenders(texts: list[str], *, bfloat16: bool) -> dict[str, Callable[[], list[np.ndarray]]]:
    """Return functions that encode the texts, by name."""
    model = models.locate(None, print)
    library = SentenceTransformer(str(model.folder), device="cpu")
    default_length = library.max_seq_length

    def ours(n_workers: int | None) -> list[np.ndarray]:
        found: dict[int, np.ndarray] = {}
        encoder = NumpyEncoder(model.folder, LENGTH, ("", ""), n_workers=n_workers)
        encoder.encode_for_index(texts, None, lambda number, encoding: found.__setitem__(number, encoding.vector))
        return [found[number] for number in range(len(texts))]

    def theirs(length: int) -> list[np.ndarray]:
        library.max_seq_length = length
        return list(library.encode(texts, normalize_embeddings=True, show_progress_bar=False))

    found = {
        "papersearch": lambda: ours(None),
        "papersearch, one process": lambda: ours(0),
        "library, defaults": lambda: theirs(default_length),
        "library, 512": lambda: theirs(LENGTH),
    }
    if bfloat16:
        os.environ[PRECISION_VARIABLE] = "bfloat16"
        half = ReferenceEncoder(model, "cpu")

        def halved() -> list[np.ndarray]:
            found: dict[int, np.ndarray] = {}
            half.encode_for_index(texts, None, lambda number, encoding: found.__setitem__(number, encoding.vector))
            return [found[number] for number in range(len(texts))]

        found["library, 512, bfloat16"] = halved
    return found


def main() -> None:
    """Encode the same abstracts each way, in turn; print medians, ratios and the agreement."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("abstracts", type=Path, help="records as JSON lines, compressed by gzip")
    options.add_argument("--papers", type=int, default=128)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--bfloat16", action="store_true")
    arguments = options.parse_args()
    with gzip.open(arguments.abstracts) as file:
        papers = [orjson.loads(line) for line in itertools.islice(file, arguments.papers)]
    texts = [f"{paper['title']}\n{paper['text']}" for paper in papers]
    ways = contenders(texts, bfloat16=arguments.bfloat16)
    vectors = {name: np.array(way()) for name, way in ways.items()}  # an uncounted run of each
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(arguments.rounds):
        for name, way in ways.items():
            costs[name].append(cost(way))
    medians = {
        name: Cost(*(statistics.median(each) for each in zip(*found, strict=True))) for name, found in costs.items()
    }
    print(f"{len(texts)} abstracts, {torch.get_num_threads()} threads of torch")
    print(
        f"{'encoding':<26}{'abstracts/s':>12}{'512 / it':>10}{'processor ms':>14}{'512 / it':>10}{'difference':>12}"
    )
    whole = medians["library, 512"]
    for name, (wall, processor) in medians.items():
        difference = np.abs(vectors[name] - vectors["library, 512"]).max()
        print(
            f"{name:<26}{len(texts) / wall:>12.1f}{whole.wall / wall:>8.2f}{processor / len(texts) * 1e3:>14.1f}"
            f"{whole.processor / processor:>8.2f}{difference:>12.1e}"
        )


if __name__ == "__main__":
    main()
