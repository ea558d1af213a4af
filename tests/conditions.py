"""Run the quick tests under other kernels, orders and loads, to predict other machines.

    python -m tests.conditions [--rounds N] [--at-once] [--only NAME...] [pytest's arguments...]

Each round runs every condition once, each time with another random order and hash seed. Prints one
line per run and finally the number of failures. The output of a failed run is kept in a file, whose
name is printed.

With --at-once the runs of a round are made at the same time. Each then has a busy machine, without
busy loops, and a round takes half as long.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PARALLEL = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "worksteal")


class Condition(NamedTuple):
    """A condition to run the tests under.

    kernel: of OpenBLAS; empty for the processor's own
    wrapper: a command that runs another one
    arguments: pytest's arguments
    n_busy: busy loops beside the tests
    """

    kernel: str = ""
    wrapper: tuple[str, ...] = ()
    arguments: tuple[str, ...] = PARALLEL
    n_busy: int = 0


CONDITIONS = {
    "haswell": Condition("Haswell"),
    "zen": Condition("Zen"),
    "skylakex": Condition("SkylakeX"),  # skipped unless the processor has AVX-512
    "prescott": Condition("Prescott"),
    "one-core": Condition("Haswell", ("taskset", "-c", "0"), ()),
    "busy": Condition("Zen", ("nice", "-n", "2"), PARALLEL, 4),  # with the default of 10 it takes an hour
}


def has_avx512() -> bool:
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


@contextmanager
def busy_loops(n: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def run(condition: Condition, seed: int, arguments: list[str], log: Path) -> str:
    """Run the tests under `condition`, with all output in `log`; return pytest's last line."""
    command = [*condition.wrapper, sys.executable, "-m", "pytest", "-p", "randomly", f"--randomly-seed={seed}"]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    if condition.kernel:
        environment["OPENBLAS_CORETYPE"] = condition.kernel
    with busy_loops(condition.n_busy), log.open("w") as output:
        done = subprocess.run(
            [*command, *condition.arguments, *arguments], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    lines = log.read_text(errors="replace").splitlines()
    return f"{'passed' if done.returncode == 0 else 'FAILED'}: {lines[-1] if lines else 'nothing printed'}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--at-once", action="store_true")
    chosen, arguments = parser.parse_known_args()
    names = [name for name in chosen.only if name != "skylakex" or has_avx512()]
    if names != chosen.only:
        print("skylakex is left out: this processor has no AVX-512", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="conditions-"))

    def passes(round_number: int, name: str) -> bool:
        condition = CONDITIONS[name]._replace(n_busy=0) if chosen.at_once else CONDITIONS[name]
        seed, begun = random.SystemRandom().randrange(1, 10**6), time.monotonic()
        log = folder / f"{round_number}-{name}"
        said = run(condition, seed, arguments, log)
        where = f"\n  {log}" if said.startswith("FAILED") else ""
        print(f"{round_number} {name} (seed {seed}, {time.monotonic() - begun:.0f} s) {said}{where}", flush=True)
        return not where

    passed: list[bool] = []
    with ThreadPoolExecutor(max(1, len(names)) if chosen.at_once else 1) as threads:
        for round_number in range(1, chosen.rounds + 1):
            passed += threads.map(passes, [round_number] * len(names), names)
    print(f"{passed.count(True)} passed, {passed.count(False)} failed")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
