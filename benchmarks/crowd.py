"""Readers, builds, rollbacks, copies and servers at once: every answer must be that of one known state.

    python benchmarks/crowd.py [--seconds 3600] [--readers 32] [--writers 4] [--pause 0.5] [--locks working]

`--locks refused` and `--locks silent` run it as on a file system without locks, and on one whose locks do
nothing. There an operation may be refused, but never answer wrongly. Prints one line of figures, and exits
with 1 if any is not as it should be.

`crowded.scene` has the states of the corpus and what each answers, `crowded.readers` and `crowded.writers`
what the processes do. `tests.growing` has the encoder, which needs no model library.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: forked processes have one thread

sys.path.insert(0, str(Path(__file__).parents[1]))

from crowded.readers import OF_PROCESSES, READERS  # needs the path above
from crowded.scene import Act, Outcome, Role, Scene, Wrong, check_answers, make_model, quick, set_scene, settle
from crowded.writers import REFUSALS, check_kept, keeper, writer

import papersearch
from papersearch.errors import PapersearchError
from papersearch.index import locking
from tests.locks import NoLocks
from tests.served import served


def live(role: Role, scene: Scene, seed: int, pause: float, goes_on: Callable[[int], bool]) -> None:
    """Act in this process until it is over, and write what came of it."""
    drawn = random.Random(seed)
    tally: Outcome = Counter()
    trouble: list[str] = []
    act: Act | None = None
    n_done = 0
    while goes_on(n_done):
        n_done += 1
        try:
            act = act or role(scene, drawn)
            tally += act()
        except PapersearchError as error:
            if scene.locks != "working" or (role is writer and isinstance(error, REFUSALS)):
                tally["refused"] += 1
                tally[type(error).__name__] += 1
            else:
                trouble.append(traceback.format_exc())
        except Exception:
            trouble.append(traceback.format_exc())
        if pause:
            time.sleep(drawn.expovariate(1 / pause))
    (scene.folder / f"tally-{os.getpid()}.json").write_text(json.dumps([tally, [role.__name__, trouble[:3]]]))


@contextmanager
def servers(scene: Scene) -> Iterator[None]:
    """Serve both indexes, where locks work."""
    with ExitStack() as stack:
        running = scene.indexes if scene.locks == "working" else ()
        addresses = [stack.enter_context(served(path)).address for path in running]
        (scene.folder / "addresses.json").write_text(json.dumps(addresses))
        yield


def crowd(scene: Scene, n_readers: int, n_writers: int, pause: float, over: Callable[[int], bool]) -> Outcome:
    """Let readers, writers and keepers act at once; return what came of it. Raises Wrong.

    over: tells a reader or a keeper, by the number of its acts, whether it ends; writers end with the last
    """
    fit = [one for one in READERS if scene.locks == "working" or one[0] not in OF_PROCESSES]
    roles = list(islice(cycle(fit), n_readers)) + [(keeper, 4)] * (4 if scene.locks == "working" else 0)
    stop = scene.folder / "stop"
    with servers(scene):
        running = {}
        for number, (role, slowness) in enumerate([*roles, *[(writer, 3)] * n_writers]):
            ends = (lambda n: stop.exists()) if role is writer else over
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    if scene.locks != "working":
                        locking.fcntl = NoLocks(is_silent=scene.locks == "silent")  # type: ignore[assignment]  # in its place
                    live(role, scene, number, pause * slowness, lambda n, ends=ends: not ends(n))
                    status = 0
                finally:
                    os._exit(status)
            running[child] = role
        n_waited, failed = len(roles), []
        while running:
            if n_waited == 0:
                stop.touch()
            child, status = os.waitpid(next(iter(running)), 0)
            role = running.pop(child)
            n_waited -= role is not writer
            failed += [role.__name__] if status else []
    tallies = [json.loads(path.read_text()) for path in scene.folder.glob("tally-*.json")]
    trouble = [f"{role}: {one}" for _, (role, troubles) in tallies for one in troubles]
    if failed or trouble:
        raise Wrong("\n".join([f"processes ended: {failed}", *trouble[:8]]))
    total: Outcome = Counter()
    for tally, _ in tallies:
        total += Counter(tally)
    if scene.locks == "working":
        check_kept(scene)
    check_end(scene)
    return total


def check_end(scene: Scene) -> None:
    """Raise Wrong unless the next builds of both indexes succeed, and leave nothing behind."""
    scene.build(1, full=True)
    for number in (1, 2):
        scene.build_part(1, number, full=True)
    papersearch.join_parts(scene.indexes[1], full=True)
    for path in scene.indexes:
        index = papersearch.open(path)
        check_answers(scene, index)
        litter = [one.name for one in path.rglob(".*") if one.name != locking.LOCK]
        if index.verify() or (litter and scene.locks == "working"):
            raise Wrong(f"the last build left {litter} and faults {index.verify()}")


def main() -> int:
    """Run it for some seconds; return 1 if anything was wrong."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--seconds", type=float, default=3600)
    options.add_argument("--readers", type=int, default=32)
    options.add_argument("--writers", type=int, default=4)
    options.add_argument("--pause", type=float, default=0.5, help="mean pause of a reader, in seconds")
    options.add_argument("--acts", type=int, help="in place of seconds: what each reader does before it ends")
    options.add_argument("--model", type=Path, help="in place of one that is made, which needs its library")
    options.add_argument("--locks", choices=("working", "refused", "silent"), default="working")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="crowd-") as name, quick():
        folder = Path(name)
        settle(folder)
        scene = set_scene(folder, arguments.model or make_model(folder), arguments.locks)
        begun, acts = time.monotonic(), arguments.acts

        def is_over(n_done: int) -> bool:
            return time.monotonic() > begun + arguments.seconds if acts is None else n_done >= acts

        try:
            total = crowd(scene, arguments.readers, arguments.writers, arguments.pause, is_over)
        except Wrong as error:
            print(error)
            return 1
    said = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in sorted(total.items()))
    print(
        f"{arguments.readers} readers, {arguments.writers} writers, locks {arguments.locks}, "
        f"{time.monotonic() - begun:,.0f} s: {said}; none wrong or mixed"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
