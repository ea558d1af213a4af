"""The cost of a served index: a cold query against one of a folder, and many clients at once.

    python benchmarks/serving.py [--index index] [--clients 50] [--seconds 120] [--rounds 15]

Starts `papersearch serve` on a free port of loopback. Prints processor times of cold queries, from
alternating runs, and throughput, latencies and errors of the clients, for each mode.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from measuring import crowd, process

import papersearch
from papersearch.types import MODES

PROJECT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "papersearch"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT)}

QUERIES = [
    "pipeline bubbles",
    "graph neural networks for molecules",
    "speech recognition without labels",
    "mixture of experts routing",
    "KV cache compression",
    "sampling from diffusion models",
    "reward hacking",
    "language models as agents",
]


@contextmanager
def served(index: str) -> Iterator[tuple[str, int]]:
    """Serve the index; yield its address and the id of the process."""
    command = [*COMMAND, "serve", "--index", index, "--port", "0", "--json"]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["address"], process.pid
    finally:
        process.terminate()
        process.wait()


def processor_time(pid: int) -> float:
    """Return the seconds of processor time that a running process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cold(index: str) -> float:
    """Return the processor time of one query as a cold process, in milliseconds."""
    return process([*COMMAND, "pipeline bubbles", "--json", "--index", index], ENVIRONMENT).processor * 1e3


def client(address: str, mode: papersearch.Mode) -> Callable[[int], None]:
    """Return a client with connections of its own, which asks for one query after another."""
    index = papersearch.open(address)

    def ask(number: int) -> None:
        index.search(QUERIES[number % len(QUERIES)], 10, mode)

    return ask


def main() -> int:
    """Print the figures; return 1 if a client met an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", default="index")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    n_errors = 0
    with served(given.index) as (address, pid):
        pairs = [(cold(given.index), cold(address)) for _ in range(given.rounds)]
        folder, server = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"cold hybrid query, processor time: folder {folder:.0f} ms, server {server:.0f} ms")
        for mode in MODES:
            before = processor_time(pid)
            clients = [client(address, mode) for _ in range(given.clients)]
            latencies, errors = crowd(clients, given.seconds / 3)
            used = (processor_time(pid) - before) / max(1, len(latencies))
            half, most = (latencies[int(len(latencies) * share)] for share in (0.5, 0.95))
            print(
                f"{mode}, {given.clients} clients: {len(latencies) / given.seconds * 3:.0f} answers/s, median "
                f"{half * 1e3:.0f} ms, 95th {most * 1e3:.0f} ms, longest {latencies[-1] * 1e3:.0f} ms, "
                f"{used * 1e3:.1f} ms of the server's processor each, {len(errors)} errors {errors[:1]}"
            )
            n_errors += len(errors)
    return 1 if n_errors else 0


if __name__ == "__main__":
    sys.exit(main())
