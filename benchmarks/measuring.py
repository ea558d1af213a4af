"""Shared measuring: interleaved rounds, medians, ratios, cost and memory of a process, many clients at once.

Machines are noisy, so every round runs each contender once, in turn. Only ratios of medians of one
run are quoted.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

# The installed command beside this Python, as a user starts it.
PAPERSEARCH = str(Path(sys.executable).with_name("papersearch"))

ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
ENVIRONMENT.pop("PYTHONPATH", None)


class Cost(NamedTuple):
    """Seconds of the clock, and of all processors."""

    wall: float
    processor: float


def process(words: Sequence[str | Path], environment: Mapping[str, str]) -> Cost:
    """Run a process; return what it costs, with those that it starts."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*map(str, words)], env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - start, processor)


def crowd(clients: Sequence[Callable[[int], None]], seconds: float) -> tuple[list[float], list[str]]:
    """Let clients ask at once, one thing after another; return sorted latencies of answers, and the errors.

    clients: functions that ask for the thing with a number, and raise an error where the answer is wrong
    """
    latencies: list[float] = []
    errors: list[str] = []
    end = time.perf_counter() + seconds

    def work(ask: Callable[[int], None], number: int) -> None:
        while time.perf_counter() < end:
            start = time.perf_counter()
            try:
                ask(number)
                latencies.append(time.perf_counter() - start)
            except Exception as error:  # the other clients go on
                errors.append(f"{type(error).__name__}: {error}")
            number += 1

    threads = [threading.Thread(target=work, args=(ask, number)) for number, ask in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(latencies), errors


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
