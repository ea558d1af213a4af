"""Shared measuring: interleaved rounds, medians, ratios, memory of a process.

Machines are noisy, so every round runs each contender once, in turn. Only ratios of medians of one
run are quoted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# The installed command beside this Python, as a user starts it.
PAPERSEARCH = str(Path(sys.executable).with_name("papersearch"))

ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
ENVIRONMENT.pop("PYTHONPATH", None)


def seconds(command: Sequence[str]) -> float:
    """Return the wall-clock time of one process that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return each contender's median seconds, after one uncounted run of each."""
    for contender in contenders.values():
        contender()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            times[name].append(contender())
    return {name: statistics.median(values) for name, values in times.items()}


def commands(processes: Mapping[str, Sequence[str]]) -> dict[str, Callable[[], float]]:
    """Return contenders that run whole processes."""

    def contender(command: Sequence[str]) -> Callable[[], float]:
        return lambda: seconds(command)

    return {name: contender(command) for name, command in processes.items()}


def print_table(times: Mapping[str, float], first: str, ratios: Mapping[str, Callable[[float], float]]) -> None:
    """Print one line per contender: milliseconds, and each ratio."""
    width = max(len(first), *map(len, times))
    print(f"{first:<{width}}{'ms':>11}" + "".join(f"{name:>18}" for name in ratios))
    for name, value in times.items():
        print(
            f"{name:<{width}}{value * 1e3:>11.3f}" + "".join(f"{ratio(value):>18.2f}" for ratio in ratios.values())
        )


def peak_private_bytes(command: Sequence[str]) -> int:
    """Return the largest private memory of a process (RssAnon, without mapped files) that was seen.

    It is 0 if the system does not report it.
    """
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _private_bytes(process.pid))
        time.sleep(0.002)
    return peak


def _private_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def environment(**changes: str) -> Iterator[None]:
    """Set environment variables for the processes started inside the block."""
    before = dict(ENVIRONMENT)
    ENVIRONMENT.update(changes)
    try:
        yield
    finally:
        ENVIRONMENT.clear()
        ENVIRONMENT.update(before)
