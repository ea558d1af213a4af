"""Many queries by `papersearch batch`, on every core, with and without late interaction.

    python benchmarks/batch.py [--index FOLDER] [--queries 2000] [--rounds 3]

Queries are two to four neighbouring words of titles. Rankings are written as a TREC run of ten
papers; results as JSON lines with papers, verdicts and evidence. The time of one query is
subtracted, as it is the command's start. Both outputs are also made on one core and compared byte
for byte.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import tempfile
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from measuring import PAPERSEARCH, commands, medians, print_table, timed  # after the threads are set

import papersearch
from papersearch.processes import n_cores

WAYS = {
    "rankings, without late interaction": ["--format", "trec", "--top", "10", "--no-late"],
    "rankings": ["--format", "trec", "--top", "10"],
    "results, without late interaction": ["--no-late"],
    "results": [],
}


def main() -> None:
    """Answer the same queries each way, in turn; print medians per query and queries per second."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--index", type=Path, help="an index built from corpus/; built if not given")
    options.add_argument("--queries", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = arguments.index or Path(scratch) / "index"
        if arguments.index is None:
            papersearch.build(Path(__file__).parents[1] / "corpus", path)
        index = papersearch.open(path)
        queries = phrases([paper.title for paper in index.papers()], arguments.queries)
        many, one = Path(scratch) / "many.txt", Path(scratch) / "one.txt"
        many.write_text("\n".join(queries))
        one.write_text(queries[0])
        asked = {
            (name, topics): [PAPERSEARCH, "batch", str(topics), "--index", str(path), *how]
            for name, how in WAYS.items()
            for topics in (many, one)
        }
        for name in WAYS:
            compare(asked[name, many])
        times = medians(
            {
                **commands({f"{name}, {topics.stem}": command for (name, topics), command in asked.items()}),
                "encoding alone, one core": lambda: timed(lambda: encode(index, queries)),
            },
            arguments.rounds,
        )
    per_query = {name: (times[f"{name}, many"] - times[f"{name}, one"]) / (len(queries) - 1) for name in WAYS} | {
        "encoding alone, one core": times["encoding alone, one core"] / len(queries)
    }
    print(f"{len(index)} papers, {len(queries)} queries, {n_cores()} cores, medians of {arguments.rounds} rounds")
    print_table(per_query, "per query", {"queries/s": lambda value: 1 / value})


def phrases(titles: list[str], n_queries: int) -> list[str]:
    """Draw `n_queries` queries of two to four neighbouring words of titles."""
    chosen = random.Random(3)
    queries = []
    for number in range(n_queries):
        words = chosen.choice(titles).split()
        start = chosen.randrange(len(words))
        queries.append(" ".join(words[start : start + 2 + number % 3]))
    return queries


def encode(index: papersearch.Index, queries: list[str]) -> None:
    """Encode all queries, in parts as large as in a batch search."""
    for start in range(0, len(queries), 128):
        index._opened.encoder.encode_many(queries[start : start + 128])


def compare(command: list[str]) -> None:
    """Check that all cores together give the same bytes as one core."""
    on_all = subprocess.run(command, capture_output=True, check=True).stdout
    core = min(os.sched_getaffinity(0))
    on_one = subprocess.run(
        command, capture_output=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    ).stdout
    if on_all != on_one:
        raise SystemExit(f"not the same on one core: {' '.join(command)}")


if __name__ == "__main__":
    main()
