"""How well papers for a reader's library are ranked, beside the mean vector.

    python benchmarks/library.py COLLECTION... --indexes FOLDER [--trials N]

A collection is a folder with `qrels.tsv`, as `benchmarks/quality.py` reads it, whose index of the
same name is in FOLDER. A library is made of half of the relevant papers of 1, 3 or 8 random topics
with six or more; the other halves are to be found among all other papers. Prints the mean average
precision over N libraries of each size, and the mean gain over the mean vector with its standard error.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import papersearch
from papersearch.evaluation.qrels import read_qrels

SIZES = (1, 3, 8)
Ranker = Callable[[papersearch.Index, Sequence[papersearch.Paper]], list[str]]


def by_library(index: papersearch.Index, library: Sequence[papersearch.Paper]) -> list[str]:
    return [hit.paper.paper_id for hit in index.recommend(library, len(index))]


def by_mean(index: papersearch.Index, library: Sequence[papersearch.Paper]) -> list[str]:
    return [hit.paper.paper_id for hit in index.similar([paper.paper_id for paper in library], k=len(index))]


RANKERS: dict[str, Ranker] = {"mean vector": by_mean, "--library": by_library}


def average_precision(ranking: Sequence[str], wanted: set[str]) -> float:
    places = np.flatnonzero([paper_id in wanted for paper_id in ranking])
    return float((np.arange(1, len(places) + 1) / (places + 1)).sum()) / len(wanted)


def measure(folder: Path, index: papersearch.Index, n_trials: int) -> None:
    papers = {paper.paper_id: paper for paper in index.papers()}
    relevant: dict[str, list[str]] = {}
    for qrel in read_qrels(folder / "qrels.tsv"):
        if qrel.relevance > 0 and qrel.doc_id in papers:
            relevant.setdefault(qrel.query_id, []).append(qrel.doc_id)
    topics = sorted(topic for topic, found in relevant.items() if len(found) >= 6)
    rng = np.random.default_rng(0)
    for size in SIZES:
        figures = []
        for _ in range(n_trials):
            library: set[str] = set()
            wanted: set[str] = set()
            for topic in rng.choice(topics, size, replace=False):
                found = list(rng.permutation(relevant[topic]))
                library.update(found[: len(found) // 2])
                wanted.update(found[len(found) // 2 :])
            if wanted - library:
                own = [papers[paper_id] for paper_id in sorted(library)]
                figures.append([average_precision(rank(index, own), wanted - library) for rank in RANKERS.values()])
        columns = np.array(figures).T
        gain = columns[1] - columns[0]
        means = "  ".join(f"{name} {column.mean():.3f}" for name, column in zip(RANKERS, columns, strict=True))
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        print(f"{folder.name}, {size} topics: {means}  gain {gain.mean():+.3f} ± {error:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--indexes", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=30)
    given = parser.parse_args()
    for folder in given.collections:
        measure(folder, papersearch.open(given.indexes / folder.name), given.trials)


if __name__ == "__main__":
    main()
