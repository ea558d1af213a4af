"""The cost of size: builds, updates, and queries as cold processes, at several sizes of one collection.

    python benchmarks/scale.py ABSTRACTS.jsonl.gz [--papers 42606 700000] [--rounds 7] [--keep FOLDER]

The abstracts are real; further ones are put together from halves of two of them. Vectors are random
unit vectors: encoding is measured in `encoding.py`, and a scan takes the same time for any vectors.
The small index has 302 papers. The others are compared with it in every mode, with common terms,
with a phrase and with a filter. An update adds a dump of 1,000 papers to the built index.
`--keep` leaves the corpora and indexes in FOLDER, and takes those that are there already.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import orjson
from measuring import PAPERSEARCH, commands, medians, peak_private_bytes, print_table, timed

import papersearch
from papersearch.dense.encoding import TextEncoding, without_pieces
from papersearch.index import meaning

SMALL = 302
N_NEW = 1_000
QUERIES = {
    "hybrid": ["pipeline bubbles"],
    "common terms": ["language model learning"],
    "phrase and filter": ['"language model" learning', "--until", "2026", "--include-undated"],
    "keyword": ["language model learning", "--mode", "keyword"],
}


def main() -> None:
    """Build each size in a process of its own, then time queries and scans."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("abstracts", type=Path, help="records as JSON lines, compressed by gzip")
    options.add_argument("--papers", type=int, nargs="+", default=[42_606, 700_000])
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--keep", type=Path, help="the folder of corpora and indexes; without it they are removed")
    options.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.build:
        build_here(arguments.abstracts, arguments.build)
        return
    with ExitStack() as opened:
        scratch = arguments.keep or Path(opened.enter_context(tempfile.TemporaryDirectory()))
        indexes = {}
        for n_papers in (SMALL, *arguments.papers):
            corpus, indexes[n_papers] = scratch / f"corpus-{n_papers}", scratch / f"index-{n_papers}"
            if not indexes[n_papers].exists():
                build_and_update(arguments.abstracts, n_papers, corpus, indexes[n_papers])
        for n_papers in arguments.papers:
            print(f"\n{n_papers:,} papers, cold, medians of {arguments.rounds} rounds")
            processes = {
                f"{name}, {size:,}": [PAPERSEARCH, "--index", str(indexes[size]), "--format", "plain", *query]
                for name, query in QUERIES.items()
                for size in (SMALL, n_papers)
            }
            times = medians(commands(processes), arguments.rounds)
            for name in QUERIES:
                pair = {size: times[f"{name}, {size:,}"] for size in (SMALL, n_papers)}
                peak = peak_private_bytes(processes[f"{name}, {n_papers:,}"])
                print(
                    f"{name:<20}{pair[SMALL] * 1e3:>9.0f} ms{pair[n_papers] * 1e3:>9.0f} ms"
                    f"{pair[n_papers] / pair[SMALL]:>7.2f} x{peak / 1e6:>8.0f} MB private"
                )
            time_scan(indexes[n_papers])


def build_and_update(source: Path, n_papers: int, corpus: Path, index: Path) -> None:
    """Build an index of `n_papers`, add a dump of `N_NEW` to it, and remove that dump again."""
    corpus.mkdir(parents=True)
    command = [sys.executable, __file__, str(corpus), "--build", str(index)]
    papers = made_papers(source, n_papers + N_NEW)
    write_abstracts(islice(papers, n_papers), corpus / "papers.jsonl")
    subprocess.run(command, check=True)
    files = [path.stat().st_size for path in index.rglob("*") if path.is_file()]
    dump_size = (corpus / "papers.jsonl").stat().st_size
    print(f"{dump_size / 1e6:,.0f} MB of dumps, {sum(files) / 1e6:,.0f} MB of index", flush=True)
    more = corpus / "more.jsonl"
    write_abstracts(papers, more)
    subprocess.run(command, check=True)
    more.unlink()
    subprocess.run(command, check=True)


def write_abstracts(papers: Iterable[dict[str, Any]], target: Path) -> None:
    """Write papers as JSON lines."""
    with target.open("wb") as out:
        for paper in papers:
            out.write(orjson.dumps(paper, option=orjson.OPT_APPEND_NEWLINE))


def made_papers(source: Path, n_papers: int) -> Iterator[dict[str, Any]]:
    """Yield `n_papers` papers: the real ones, then halves of two abstracts put together."""
    chosen = random.Random(1)
    with gzip.open(source) as file:
        papers = [orjson.loads(line) for line in file]
    sentences = [re.split(r"(?<=[.!?]) ", paper["text"]) for paper in papers]
    for number in range(n_papers):
        paper, copy = papers[number % len(papers)], number // len(papers)
        if copy:
            mine, other = sentences[number % len(papers)], sentences[chosen.randrange(len(papers))]
            text = " ".join(mine[: len(mine) // 2] + other[len(other) // 2 :]) or paper["text"]
            paper = {"_id": f"{paper['_id']}-{copy}", "title": f"{paper['title']} {copy}", "text": text}
        yield paper


class RandomVectors:
    """An encoder of papers that gives them random unit vectors and no word pieces."""

    def encode_for_index(
        self, texts: Sequence[str], constants: object, receive: Callable[[int, TextEncoding], None]
    ) -> None:
        """Pass a vector for each text to `receive`; read the text, as an encoder would."""
        numbers = np.random.default_rng(0)
        for start in range(0, len(texts), 4096):
            rows = numbers.standard_normal((min(4096, len(texts) - start), 384), dtype=np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            for place, row in enumerate(rows, start):
                texts[place]
                receive(place, without_pieces(row))


@contextmanager
def encoding_by(encoder: object, module: ModuleType = meaning) -> Iterator[None]:
    """Let a module of builds encode papers by this encoder in place of a model."""
    with mock.patch.object(module, "open_paper_encoder", lambda *rest: encoder):
        yield


def build_here(corpus: Path, index: Path) -> None:
    """Build one index; report the time of each step and the memory it needed."""
    began: list[tuple[str, float]] = []

    def progress(step: str, done: int, total: int) -> None:
        if not began or began[-1][0] != step:
            began.append((step, time.perf_counter()))

    with encoding_by(RandomVectors()), peak_bytes() as peak:
        report = papersearch.build(corpus, index, late=False, progress=progress)
    ends = [start for _, start in began[1:]] + [time.perf_counter()]
    took = {step: end - start for (step, start), end in zip(began, ends, strict=True)}
    steps = ", ".join(f"{step} {spent:.1f} s" for step, spent in took.items())
    rest = sum(spent for step, spent in took.items() if not step.endswith("the model"))
    processor = sum(os.times()[:4])  # and of the workers, which have ended
    print(
        f"{report.n_papers:,} papers in {ends[-1] - began[0][1]:.0f} s, {processor:.0f} s of processor:"
        f" {report.n_papers / rest:,.0f} abstracts/s without the model"
        f" ({steps}); peak {peak[0] / 1e9:.2f} GB",
        flush=True,
    )


@contextmanager
def peak_bytes() -> Iterator[list[int]]:
    """Return the largest memory of this process and its children that was seen at once.

    It is the sum of their proportional set sizes, sampled five times a second. Their `ru_maxrss` would
    not do: a child's starts at its parent's.
    """
    peak, is_over = [0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.2):
            peak[0] = max(peak[0], sum(map(proportional_bytes, [os.getpid(), *children()])))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield peak
    finally:
        is_over.set()
        looking.join()


def children() -> list[int]:
    """Return the processes that this one has started, from any thread."""
    lists = (path.read_text() for path in Path("/proc/self/task").glob("*/children"))
    return [int(pid) for pids in lists for pid in pids.split()]


def proportional_bytes(pid: int) -> int:
    """Return a process's memory, each shared page divided by its users; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def time_scan(index_path: Path) -> None:
    """Time the int8 scan against reading the same bytes once, in one warm process and one thread."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    vectors = papersearch.open(index_path)._opened.vectors
    query = np.array(vectors.exact[len(vectors.exact) // 2])
    coarse, exact = np.asarray(vectors.coarse), np.asarray(vectors.exact)
    words = coarse.reshape(-1).view(np.uint64)
    times = medians(
        {
            "reading the bytes": lambda: timed(lambda: np.bitwise_or.reduce(words)),
            "int8 scan": lambda: timed(lambda: vectors.scan(query)),
            "float32, numpy": lambda: timed(lambda: exact @ query),
        },
        7,
    )
    print_table(times, "scan", {"x reading": lambda value: value / times["reading the bytes"]})


if __name__ == "__main__":
    main()
