"""The effect on an index of SIGKILL, at any moment of any change of it.

    python benchmarks/kills.py [--kills 1000] [--minutes 600] [--seed 1] [--folder FOLDER]

A process makes the change. Half of them are killed at a call that changes the disk, or halfway through a
write, each in turn; the others after a random time. Then, by chance, further processes go on and are
killed too. At last the index is asked, verified, and changed again.
Prints one line of figures, and each broken law. Exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: forked builds have one thread

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faults.changes import CHANGES, Trial  # needs the path above
from tests.faults.killing import killed_at, killed_by, moments


def after(seconds: float) -> Callable[[int], None]:
    """Return a function that kills a process after some time."""

    def kill(child: int) -> None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)

    return kill


def main() -> int:
    """Kill changes until there are enough; return 1 if any breaks a law."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--minutes", type=float, default=600, help="time after which fewer are enough")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=Path, help="folder for scratch files, for instance in memory")
    arguments = options.parse_args()
    drawn = random.Random(arguments.seed)
    died: Counter[str] = Counter()
    n_broken, end = 0, time.monotonic() + 60 * arguments.minutes
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        trials = {name: Trial(name, Path(scratch, str(number))) for number, name in enumerate(CHANGES)}
        durations, at_calls = {}, []
        for name, trial in trials.items():
            start = time.perf_counter()
            killed_by(lambda child: None, trial.make)
            durations[name] = time.perf_counter() - start
            trial.start()
            at_calls += [(name, moment) for moment in moments(trial.disk, trial.make)]
        drawn.shuffle(at_calls)
        in_turn = cycle(at_calls)
        for number in count():
            if died.total() >= arguments.kills or time.monotonic() > end:
                break
            at_call = number % 2 == 0
            name, moment = next(in_turn) if at_call else drawn.choice(at_calls)
            trial, longest = trials[name], 1.2 * durations[name]
            trial.start()
            if at_call:
                died["at a call"] += killed_at(moment, trial.disk, trial.make)
            else:
                died["at a random time"] += killed_by(after(drawn.uniform(0, longest)), trial.make)
            while drawn.random() < 0.6:
                died["as they went on"] += killed_by(after(drawn.uniform(0, longest)), trial.make)
            for law in trial.broken():
                n_broken += 1
                print(f"{name}, {moment if at_call else 'at a random time'}: not {law}", flush=True)
    print(
        f"{died.total():,} killed processes in {len(CHANGES)} changes of an index ({len(at_calls):,} moments): "
        f"{', '.join(f'{n:,} {when}' for when, n in sorted(died.items()))}; {n_broken} broken laws"
    )
    return 1 if n_broken else 0


if __name__ == "__main__":
    sys.exit(main())
