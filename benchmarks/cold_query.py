"""What one query costs as a cold process, against two peers on the same 302 papers.

    python benchmarks/cold_query.py [--index FOLDER] [--rounds 9]

Peers: `python -c "import numpy, typer, rich.table"`, the floor of any such tool, and
`plain_script.py`, the script this tool replaces. Every round runs each of them once, in
turn, so that a noisy machine is noisy for all; the ratios are of medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import papersearch

HERE = Path(__file__).parent
QUERY = "pipeline bubbles"


def seconds(command: list[str], env: dict[str, str]) -> float:
    """Wall-clock time of one process that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Build what is missing, measure, print medians and ratios."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--index", type=Path, help="an index built from corpus/; built if not given")
    options.add_argument("--rounds", type=int, default=9, help="at least 7")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        index = arguments.index or Path(scratch) / "index"
        if arguments.index is None:
            papersearch.build(HERE.parent / "corpus", index)
        lines = Path(scratch) / "papers.jsonl"
        opened = papersearch.open(index)
        generation = index / f"generation-{opened.manifest.generation:06d}"
        lines.write_bytes((generation / "papers.jsonl").read_bytes())
        pickled = Path(scratch) / "plain.pickle"
        plain = [sys.executable, str(HERE / "plain_script.py")]
        subprocess.run([*plain, "build", str(lines), str(pickled)], check=True, stderr=subprocess.DEVNULL)
        # The installed command beside this Python, as a user starts it.
        command = [str(Path(sys.executable).with_name("papersearch")), "--index", str(index), QUERY]
        contenders = {
            "imports": [sys.executable, "-c", "import numpy, typer, rich.table"],
            "plain": [*command, "--format", "plain"],
            "json": [*command, "--json"],
            "table": [*command, "--format", "table"],
            "keyword": [*command, "--mode", "keyword"],
            "script": [*plain, "query", str(pickled), QUERY],
        }
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        for warm_up in contenders.values():
            seconds(warm_up, env)
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(max(arguments.rounds, 7)):
            for name, contender in contenders.items():
                times[name].append(seconds(contender, env))
        medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{len(opened)} papers, {max(arguments.rounds, 7)} rounds, medians")
    print(f"{'process':<10}{'seconds':>9}{'x imports':>11}{'script / it':>13}")
    for name, median in medians.items():
        print(f"{name:<10}{median:>9.3f}{median / medians['imports']:>11.2f}{medians['script'] / median:>13.1f}")


if __name__ == "__main__":
    main()
