"""The effect of a loss of power on an index, on a mounted file system that then forgets what was not synced.

    lazyfs MOUNT --config-path CONFIG -o modules=subdir -o subdir=ROOT
    python benchmarks/lazyfs.py MOUNT ROOT FIFO DONE [--losses 100] [--minutes 60] [--seed 1]

LazyFS (https://github.com/dsrhaslab/lazyfs) passes names on at once, and contents when they are synced.
CONFIG names FIFO as `fifo_path`, and DONE as `fifo_path_completed`. A process that changes an index is
killed at one of its calls, or ends, and the cache is cleared. Then the index is asked, verified, and
changed again. Prints one line of figures, and each broken law. Exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import posix
import random
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: forked builds have one thread

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faults.changes import CHANGES, Place, Trial  # needs the path above
from tests.faults.killing import killed_at, killed_by, moments


def truncate(descriptor: int, size: int) -> None:
    """Truncate a file; LazyFS does not find one without a cached page, which is empty."""
    with suppress(FileNotFoundError):
        posix.ftruncate(descriptor, size)


def main() -> int:
    """Lose power at the end of each change, then at other moments; return 1 if a law is broken."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    for name in ("mount", "root", "fifo", "done"):
        options.add_argument(name, type=Path)
    options.add_argument("--losses", type=int, default=100)
    options.add_argument("--minutes", type=float, default=60, help="time after which fewer are enough")
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()
    os.fsync, os.ftruncate = posix.fsync, truncate  # tests.conftest lets fsync do nothing
    drawn, end = random.Random(arguments.seed), time.monotonic() + 60 * arguments.minutes
    n_lost = n_broken = 0
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: Path(scratch, str(number)) for number, name in enumerate(CHANGES)}
        trials = {name: Trial(name, folder) for name, folder in folders.items()}
        at_calls = [(name, moment) for name, trial in trials.items() for moment in moments(trial.disk, trial.make)]
        drawn.shuffle(at_calls)
        for name, moment in [*((name, None) for name in trials), *at_calls][: arguments.losses]:
            if time.monotonic() > end:
                break
            trial, fresh = trials[name], f"{os.getpid()}-{n_lost}"  # LazyFS does not forget a path entirely
            shutil.copytree(folders[name] / "kept", arguments.root / fresh / "disk")
            shutil.copytree(folders[name] / "corpus", arguments.root / fresh / "corpus")
            trial.disk = arguments.mount / fresh / "disk"
            corpus, index = arguments.mount / fresh / "corpus", trial.disk / "folder" / "index"
            trial.place = Place(corpus, index, trial.place.model)
            if moment is None:
                killed_by(lambda child: None, trial.make)
            else:
                killed_at(moment, trial.disk, trial.make)
            arguments.fifo.write_text("lazyfs::clear-cache\n")
            with arguments.done.open() as answered:  # its end does not come
                answered.readline()
            n_lost += 1
            for law in trial.broken(is_done=moment is None):
                n_broken += 1
                print(f"{name}, {moment or 'at its end'}: not {law}", flush=True)
            shutil.rmtree(arguments.root / fresh)
    print(f"{n_lost:,} losses of power on LazyFS in {len(CHANGES)} changes of an index: {n_broken} broken laws")
    return 1 if n_broken else 0


if __name__ == "__main__":
    sys.exit(main())
