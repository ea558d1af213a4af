"""The effect of a loss of power on an index, at any moment of any change of it.

    python benchmarks/power_loss.py [--states 1000] [--seed 1] [--folder FOLDER]

The calls of each change are recorded. A state is what a disk may have after the first n of them, if it
has lost all, some or parts of what was not synced. One in five states comes of two losses: the second
is in the change that is made again. In each state the index is asked, verified, and changed again.
Prints one line of figures, and each broken law. Exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy, so that processor time is that of one thread

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faults.changes import CHANGES, Trial  # needs the path above
from tests.faults.power_loss import KEPT


def main() -> int:
    """Try the states, those at the end of each change first; return 1 if any breaks a law."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--states", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=Path, help="folder for scratch files, for instance in memory")
    arguments = options.parse_args()
    drawn = random.Random(arguments.seed)
    broken: Counter[str] = Counter()
    n_twice = 0
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        trials = {name: Trial(name, Path(scratch, str(number))) for number, name in enumerate(CHANGES)}
        recordings = {name: trial.record() for name, trial in trials.items()}
        ends = [(name, len(recordings[name].operations), kept) for name in trials for kept in KEPT]
        others = [(name, n, kept) for name, end, kept in ends for n in range(end)]
        drawn.shuffle(others)
        chosen = [*ends, *others][: arguments.states]
        for name, n, kept in chosen:
            trial, recording = trials[name], recordings[name]
            trial.lose_power(recording, n, KEPT[kept], drawn)
            is_done, again = n == len(recording.operations), ""
            if not is_done and drawn.random() < 0.2:
                recording = trial.record()
                again_n = drawn.randrange(len(recording.operations) + 1)
                trial.lose_power(recording, again_n, KEPT[kept], drawn)
                is_done, again = again_n == len(recording.operations), f", again after {again_n}"
                n_twice += 1
            for law in trial.broken(is_done=is_done):
                broken[law] += 1
                print(f"{name}, after {n} of its operations, {kept}{again}: not {law}", flush=True)
    print(
        f"{len(chosen):,} losses of power in {len(trials)} changes of an index, after any of their "
        f"{sum(len(one.operations) for one in recordings.values()):,} operations, {n_twice:,} of them followed by "
        f"another one: {broken.total()} broken laws"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
