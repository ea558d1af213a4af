"""The cost of a shard, measured on one index, and what it says of larger ones. docs/scale-out.md has the table.

    python benchmarks/scale_out.py INDEX [--shards 8] [--rounds 7]
    python benchmarks/scale_out.py INDEX --url http://127.0.0.1:8765 [--clients 50] [--seconds 120]

An index that is not in shards is cut into as many as asked for, in a temporary folder. Benchmarks of
size make indexes with random vectors: `scale.build_here`. With `--url`, clients ask a server that
serves the same index, and what they get is compared with it.
"""

from __future__ import annotations

import argparse
import pickle
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests.search.cutting, which cuts an index

from measuring import crowd

import papersearch
from papersearch.api import Index
from papersearch.index.collection import Collection, open_collection
from papersearch.index.opened import OpenedIndex, analyzer_of
from papersearch.search.shard import Shard
from papersearch.search.shards import in_process
from papersearch.types import MODES, Mode
from tests.search.cutting import cut, ranges

QUERIES = (
    "language model learning",
    "pipeline bubbles",
    "graph neural network",
    '"reinforcement learning" robot',
    "diffusion model video",
)
OPERATED = (
    "(language OR vision) AND model NOT survey",
    '"language model" OR "fine-tuning" data -survey',
    "train* AND robot*",
    "title:diffusion AND video",
    "(graph OR tree) AND (neural OR kernel) NOT image",
    "year:2025 AND agent",
    'u-net OR "pre-training"',
)
"""Queries with operators, phrases, beginnings of words and fields."""

SIZES = (10_000_000, 100_000_000, 250_000_000)
SHARD = 5_000_000
COPIES = 2
NODE_BYTES = 45e9
BYTES_PER_S = 10e9
ABSTRACTS_PER_S = (20, 3_000)

_MAPPED = ("vectors.int8", "postings")
"""Beginnings of the names of files that every query reads."""


class Round(NamedTuple):
    """What one call carried."""

    n_calls: int
    sent: int
    received: int


class Counted:
    """A transport to shards in this process, which counts calls and bytes as they would be sent."""

    def __init__(self, collection: Collection) -> None:
        analyzer = analyzer_of(collection.manifest, collection.path)
        indexes = [OpenedIndex(one, analyzer) for one in collection.generations]
        shards = [Shard(one, numbers) for one, numbers in zip(indexes, collection.numbers, strict=True)]
        self._call = in_process(shards)
        self.rounds: list[Round] = []

    def __call__(self, method: str, asked: Sequence[tuple[int, Any]], /) -> list[Any]:
        answers = self._call(method, asked)
        sent = sum(len(pickle.dumps(request, protocol=5)) for _, request in asked)
        received = sum(len(pickle.dumps(answer, protocol=5)) for answer in answers)
        self.rounds.append(Round(len(asked), sent, received))
        return answers


def main() -> None:
    """Measure the index, or the server."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("index", type=Path)
    options.add_argument("--shards", type=int, default=8)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--url")
    options.add_argument("--clients", type=int, default=50)
    options.add_argument("--seconds", type=float, default=120.0)
    arguments = options.parse_args()
    if arguments.url:
        load(arguments.index, arguments.url, arguments.clients, arguments.seconds)
        return
    whole = open_collection(arguments.index)
    sizes = bytes_of_a_paper(whole)
    print_sizes(sizes)
    with tempfile.TemporaryDirectory() as scratch:
        shards = whole
        if len(whole.generations) == 1:
            shards = cut(arguments.index, Path(scratch) / "cut", ranges(whole.manifest.n_papers, arguments.shards))
            compare(whole, shards, arguments.rounds)
        measure_rounds(shards)
        measure_memory(shards)
    print_arithmetic(sizes)


def modes_of(collection: Collection) -> tuple[Mode, ...]:
    """Return the modes in which an index can be asked: words alone, if nothing is encoded."""
    return MODES if collection.manifest.n_encoded else ("keyword",)


def bytes_of_a_paper(collection: Collection) -> dict[str, float]:
    """Return the bytes of each file, divided by the number of papers."""
    n_papers = collection.manifest.n_papers
    return {name: record.size / n_papers for name, record in collection.manifest.files.items()}


def print_sizes(sizes: dict[str, float]) -> None:
    print("bytes a paper, files of 10 and more")
    for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]):
        if size >= 10:
            print(f"  {name:<28}{size:>10,.0f}")
    print(f"  {'sum':<28}{sum(sizes.values()):>10,.0f}")


def compare(whole: Collection, shards: Collection, rounds: int) -> None:
    """Print the CPU time of queries over shards in this process, relative to the one index."""
    contenders = {"one index": Index(whole), "shards": Index(shards)}
    print(
        f"\nCPU time of queries over {len(shards.generations)} shards here, relative to one index; all fields equal"
    )
    for name, queries in {"plain words": QUERIES, "operators": OPERATED}.items():
        for mode in modes_of(whole):
            spent: dict[str, list[float]] = {contender: [] for contender in contenders}
            for _ in range(rounds):
                found = {}
                for contender, index in contenders.items():
                    start = time.process_time()
                    found[contender] = [index.search(query, mode=mode) for query in queries]
                    spent[contender].append(time.process_time() - start)
                assert found["one index"] == found["shards"]
            one, many = (statistics.median(spent[contender]) for contender in contenders)
            each = one / len(queries) * 1e3
            print(f"  {name:<14}{mode:<10}{many / one:>6.2f}   ({each:.1f} ms a query in one index)")


def measure_rounds(shards: Collection) -> None:
    """Print the rounds of a query, and what they would carry."""
    call = Counted(shards)
    index = Index(shards, call)
    index.search("warm")
    print(f"\na query over {len(shards.generations)} shards, of {len(QUERIES)}")
    for mode in modes_of(shards):
        call.rounds.clear()
        for query in QUERIES:
            index.search(query, mode=mode)
        n = len(QUERIES)
        calls, sent, received = (sum(column) / n for column in zip(*call.rounds, strict=True))
        print(
            f"  {mode:<10}{len(call.rounds) / n:>5.1f} rounds{calls:>7.1f} calls"
            f"{sent / 1e3:>9.1f} kB out{received / 1e3:>9.1f} kB in"
        )


def measure_memory(shards: Collection) -> None:
    """Print the peak of what a query allocates, per paper of a shard: one shard works at a time here."""
    index = Index(shards)
    largest = max(one.manifest.n_papers for one in shards.generations)
    index.search(QUERIES[0])
    tracemalloc.start()
    print(f"\nlargest allocation at once, divided by the {largest:,} papers of the largest shard")
    for mode in modes_of(shards):
        peak = 0
        for query in QUERIES:
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            index.search(query, mode=mode)
            peak = max(peak, tracemalloc.get_traced_memory()[1] - before)
        print(f"  {mode:<10}{peak / largest:>7.0f} bytes a paper")
    tracemalloc.stop()


def print_arithmetic(sizes: dict[str, float]) -> None:
    """Print what larger collections need, with every assumption."""
    total = sum(sizes.values())
    mapped = sum(size for name, size in sizes.items() if name.startswith(_MAPPED))
    scanned = sum(size for name, size in sizes.items() if name.startswith("vectors.int8"))
    print(
        f"\narithmetic, not measured. Assumed: shards of {SHARD:,} papers, {COPIES} copies of each,"
        f" {NODE_BYTES / 1e9:.0f} GB of a node's memory for files, {BYTES_PER_S / 1e9:.0f} GB/s read by a node,"
        f" {ABSTRACTS_PER_S[0]} or {ABSTRACTS_PER_S[1]:,} abstracts encoded a second; vocabulary left out"
    )
    rows: list[tuple[str, Callable[[int], str]]] = [
        ("papers", lambda n: f"{n:,}"),
        ("shards", lambda n: f"{-(-n // SHARD)}"),
        ("disk, all copies", lambda n: f"{n * total * COPIES / 1e9:,.0f} GB"),
        ("read by every query, a copy", lambda n: f"{n * mapped / 1e9:,.0f} GB"),
        ("nodes", lambda n: f"{_nodes(n, mapped)}"),
        ("scan of a query", lambda n: f"{n * scanned / min(_nodes(n, mapped), n // SHARD) / BYTES_PER_S:.1f} s"),
        *(
            (f"encoding at {rate:,} a second", lambda n, rate=rate: f"{n / rate / 3600:,.0f} h")
            for rate in ABSTRACTS_PER_S
        ),
    ]
    for name, told in rows:
        print(f"  {name:<30}" + "".join(f"{told(size):>16}" for size in SIZES))


def _nodes(n_papers: int, mapped: float) -> int:
    return max(COPIES, -int(-n_papers * mapped * COPIES // NODE_BYTES))


def load(path: Path, url: str, n_clients: int, seconds: float) -> None:
    """Ask a server from many threads, each with a connection of its own, and compare every answer."""
    one = papersearch.open(path)
    asked = [(query, mode) for query in QUERIES for mode in MODES]
    wanted = {(query, mode): one.search(query, mode=mode) for query, mode in asked}

    def client() -> Callable[[int], None]:
        there = papersearch.open(url)

        def ask(number: int) -> None:
            query, mode = asked[number % len(asked)]
            assert there.search(query, mode=mode) == wanted[query, mode], "wrong answer"

        return ask

    took, faults = crowd([client() for _ in range(n_clients)], seconds)
    quantiles = {share: took[int(share / 100 * (len(took) - 1))] for share in (50, 95, 99, 100)}
    print(f"{n_clients} clients, {seconds:.0f} s: {len(took)} answers, {len(took) / seconds:.1f} a second")
    print("latency: " + ", ".join(f"{share} % within {value:.2f} s" for share, value in quantiles.items()))
    print(f"errors: {len(faults)}" + (f", such as {faults[0]}" if faults else ""))


if __name__ == "__main__":
    main()
