"""The quality of hybrid mode while an index is being encoded.

    python benchmarks/partial.py COLLECTION... [--indexes FOLDER] [--seeds 2]

Collections and indexes are those of `quality.py`. Of each index a copy is made in which a random
part of the papers is encoded, as a build leaves it that is interrupted. Prints nDCG@10 of words
alone and of hybrid mode, as in the table of docs/ranking.md.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from quality import Collection, dump_of

import papersearch
from papersearch.index import previous

SHARES = (0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0)


def encode_in_part(corpus: Path, index_path: Path, share: float, seed: int) -> None:
    """Publish a part of the index at `index_path` in which `share` of the texts are encoded."""
    real: Callable[..., Any] = previous.encodings

    def some(*arguments: Any, **options: Any) -> Any:
        known, constants = real(*arguments, **options)
        kept = random.Random(seed).sample(sorted(known), round(share * len(known)))
        return {digest: known[digest] for digest in kept}, constants

    with mock.patch.object(previous, "encodings", some):
        papersearch.build([corpus], index_path, words_only=True)  # a named dump is read in any case


def measure(folder: Path, indexes: Path, share: float, seed: int) -> float:
    """Return nDCG@10 of hybrid mode with `share` of the papers encoded."""
    with tempfile.TemporaryDirectory() as scratch:
        if share == 1.0:
            return Collection(folder, indexes).by_mode("hybrid")
        shutil.copytree(indexes / folder.name, Path(scratch) / folder.name)
        encode_in_part(dump_of(folder), Path(scratch) / folder.name, share, seed)
        return Collection(folder, Path(scratch)).by_mode("hybrid")


def main() -> None:
    """Build what is missing, measure, print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("collections", nargs="+", type=Path, metavar="COLLECTION")
    options.add_argument("--indexes", type=Path, help="where indexes are kept; nowhere, if not given")
    options.add_argument("--seeds", type=int, default=2, help="random parts of each size")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        indexes = arguments.indexes or Path(scratch)
        for folder in arguments.collections:
            Collection(folder, indexes)
        print("| encoded |", " | ".join(folder.name for folder in arguments.collections), "| mean |")
        print("|---|" + "---|" * (len(arguments.collections) + 1))
        for share in SHARES:
            n_seeds = arguments.seeds if 0 < share < 1 else 1
            values = [
                sum(measure(folder, indexes, share, seed) for seed in range(n_seeds)) / n_seeds
                for folder in arguments.collections
            ]
            cells = [f"{value:.4f}"[1:] for value in (*values, sum(values) / len(values))]
            print(f"| {share:.0%} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
