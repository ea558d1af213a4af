"""Many queries in one warm process, both cores, with and without late interaction.

    python benchmarks/batch.py [--index FOLDER] [--queries 1000] [--rounds 3]

Queries are two to four neighbouring words of titles. Rankings are what a TREC run needs;
results have papers, verdicts and evidence besides.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", str(os.cpu_count() or 1))

from measuring import medians, print_table, timed  # after the threads are set

import papersearch


def main() -> None:
    """Answer the same queries each way, in turn; print medians per query and queries per second."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--index", type=Path, help="an index built from corpus/; built if not given")
    options.add_argument("--queries", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = arguments.index or Path(scratch) / "index"
        if arguments.index is None:
            papersearch.build(Path(__file__).parents[1] / "corpus", path)
        index = papersearch.open(path)
        titles = [paper.title.split() for paper in index.papers()]
        chosen = random.Random(3)
        queries = []
        for number in range(arguments.queries):
            words = titles[chosen.randrange(len(titles))]
            start = chosen.randrange(len(words))
            queries.append(" ".join(words[start : start + 2 + number % 3]))

        def per_query(answers: Callable[[], Iterable[object]]) -> Callable[[], float]:
            return lambda: timed(lambda: [None for _ in answers()]) / len(queries)

        times = medians(
            {
                "rankings, without late interaction": per_query(lambda: index.rank_many(queries, late=False)),
                "rankings": per_query(lambda: index.rank_many(queries)),
                "results, without late interaction": per_query(lambda: index.search_many(queries, late=False)),
                "results": per_query(lambda: index.search_many(queries)),
                "encoding alone": per_query(lambda: index._parts.encoder.encode_batch(queries)),
            },
            arguments.rounds,
        )
    print(f"{len(index)} papers, {len(queries)} queries, medians of {arguments.rounds} rounds")
    print_table(times, "per query", {"queries/s": lambda value: 1 / value})


if __name__ == "__main__":
    main()
