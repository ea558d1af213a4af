"""Ways to use several processors: the start of two workers, and their analysis of a corpus.

    python benchmarks/processes.py RECORDS.jsonl.gz [--records 16000] [--rounds 5]

RECORDS has a JSON object per line, with `title` and `text`. Each way is a program of its own.
CPU time includes all its processes. All ways return the same chunks. The pools do not return a
worker's summary, which a build needs too.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from papersearch.lexical.chunks import AnalysedChunk, Analyst
from papersearch.lexical.workers import analyse_there, analysing, summaries_of
from papersearch.processes import employed, in_order

CHUNK = 1024
N_PROCESSES = 2

Chunk = tuple[list[str], list[int]]
_analysts: list[Analyst] = []


def analyse(chunk: Chunk) -> AnalysedChunk:
    """Analyse a chunk in a pool's process."""
    if not _analysts:
        _analysts.append(Analyst())
    return _analysts[0].analyse(*chunk)


def loky() -> AbstractContextManager[Any]:
    """Make a pool of joblib's loky."""
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.backend.context import get_context

    pool: AbstractContextManager[Any] = ProcessPoolExecutor(N_PROCESSES, context=get_context("loky"))
    return pool


def standard(method: str) -> Callable[[], AbstractContextManager[Any]]:
    """Make pools of the standard library."""

    def pool() -> AbstractContextManager[Any]:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        return ProcessPoolExecutor(N_PROCESSES, mp_context=multiprocessing.get_context(method))

    return pool


POOLS = {"loky": loky, **{method: standard(method) for method in ("spawn", "forkserver", "fork")}}
CONTENDERS = ["one process", "workers", *POOLS]


def by(contender: str, chunks: Sequence[Chunk]) -> Iterable[AnalysedChunk]:
    """Analyse the chunks; yield them in order."""
    if contender in POOLS:
        with POOLS[contender]() as pool:
            yield from pool.map(analyse, chunks)
        return
    n_workers = N_PROCESSES - 1 if contender == "workers" else 0
    with employed(analysing, n_workers) as workers:
        yield from in_order(chunks, analyse, workers, lambda worker, chunk: analyse_there(worker, *chunk))
        summaries_of(workers)


def start(contender: str) -> None:
    """Start two workers, and wait until both have analysed something."""
    if contender in POOLS:
        with POOLS[contender]() as pool:
            list(pool.map(analyse, [([], [])] * N_PROCESSES))
    elif contender == "workers":
        with employed(analysing, N_PROCESSES) as workers:
            summaries_of(workers)


def run_one(contender: str, task: str, records: Path, n_records: int) -> None:
    """Do a task in a contender's way; print a checksum of the result."""
    if task == "start":
        return start(contender)
    with gzip.open(records) as lines:
        papers = list(map(orjson.loads, islice(lines, n_records)))
    texts = [f"{paper['title']}\n{paper['text']}" for paper in papers]
    lengths = [len(paper["title"]) for paper in papers]
    places = range(0, len(texts), CHUNK)
    chunks = [(texts[place : place + CHUNK], lengths[place : place + CHUNK]) for place in places]
    checksum = hashlib.sha256()
    for chunk in by(contender, chunks):
        checksum.update(np.concatenate([chunk.title_positions, np.sort(chunk.block.tf)]).tobytes())
        checksum.update(repr(sorted(chunk.definitions.items())).encode())
    print(checksum.hexdigest())
    return None


def measured(command: Sequence[str]) -> tuple[float, float, bytes]:
    """Run a program; return its wall-clock seconds, CPU seconds of all its processes, and output."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, cpu, printed


def main() -> None:
    """Run every contender in turn, `rounds` times; print medians and ratios."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("file", type=Path)
    options.add_argument("--records", type=int, default=16_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--run", nargs=2, metavar=("CONTENDER", "TASK"), help="what the benchmark calls itself")
    arguments = options.parse_args()
    if arguments.run:
        contender, task = arguments.run
        return run_one(contender, task, arguments.file, arguments.records)
    print(f"{arguments.records} records, {os.cpu_count()} processors, medians of {arguments.rounds} rounds")
    itself = [sys.executable, __file__, str(arguments.file), "--records", str(arguments.records), "--run"]
    for task in ("start", "analyse"):
        found: dict[str, list[tuple[float, float, bytes]]] = {name: [] for name in CONTENDERS}
        for _ in range(arguments.rounds):
            for name in CONTENDERS:
                found[name].append(measured([*itself, name, task]))
        if len({printed for one in found.values() for _, _, printed in one}) != 1:
            raise SystemExit("the contenders bring different chunks")
        base = [statistics.median(column) for column in list(zip(*found["one process"], strict=True))[:2]]
        for name, one in found.items():
            wall, cpu = (statistics.median(column) for column in list(zip(*one, strict=True))[:2])
            ratios = f"wall {wall:6.2f} s {wall / base[0]:5.2f}   CPU {cpu:6.2f} s {cpu / base[1]:5.2f}"
            print(f"{task:8} {name:12} {ratios}", flush=True)
    return None


if __name__ == "__main__":
    main()
