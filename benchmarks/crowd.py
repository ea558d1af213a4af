"""Readers, builds, rollbacks, copies and servers at once: every answer must be that of one known state.

    python benchmarks/crowd.py [--seconds 3600] [--readers 32] [--writers 4] [--pause 0.5] [--locks working]

`--locks refused` and `--locks silent` run it as on a file system without locks, and on one whose locks do
nothing. There an operation may be refused, but never answer wrongly. Prints one line of figures, and exits
with 1 if any is not as it should be.

There are five states of a corpus, whose papers are alike in number and length: files of two states have
the same sizes, so that only what a file says tells them apart. What each state answers is computed
beforehand, in an index of its own. `tests.growing` has the encoder, which needs no model library.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal, NamedTuple
from unittest import mock

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: forked processes have one thread

import numpy as np

import papersearch
from papersearch import saved, seen
from papersearch.cli import last_results, registry
from papersearch.cli.tui.half_typed import HalfTyped
from papersearch.cli.tui.live import LiveIndex, LiveQuery
from papersearch.errors import NoEarlierGeneration, PapersearchError, PartUnusable, StoredIndexError
from papersearch.evaluation import sharing
from papersearch.evaluation.judging import add_judgements
from papersearch.evaluation.qrels import read_qrels
from papersearch.evaluation.topics import Topic
from papersearch.index import locking, opened
from papersearch.index.manifest import Manifest
from papersearch.index.weights import remove_weights, write_weights
from papersearch.marks.file import change_marks, read_marks
from papersearch.marks.mark import Change
from papersearch.remote.index import RemoteIndex
from papersearch.types import Mode, Weights

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from tests.growing import QuickEncoder, quick_encoding  # noqa: E402  # needs the path above
from tests.locks import NoLocks  # noqa: E402
from tests.served import served  # noqa: E402

N_STATES = 5
N_PAPERS = 60
K = 50
TUNED = Weights(keyword=2.0, late_interaction=0.5)
ASKED: tuple[tuple[str, Mode], ...] = (
    ("pipeline topic", "keyword"),
    ("pipeline topic", "hybrid"),
    ("topic 120", "keyword"),
    ("study topic 130", "semantic"),
)
"""Queries and modes. Papers without a vector matter to all modes but one."""

Locks = Literal["working", "refused", "silent"]
Answer = list[tuple[str, float]]
Outcome = Counter[str]
Act = Callable[[], Outcome]


class Wrong(AssertionError):
    """An answer or a file that no order of the operations explains."""


class QueryEncoder(QuickEncoder):
    """The encoder of queries that belongs to `QuickEncoder`."""

    in_context = True

    def encode_many(self, texts: Sequence[str], prefix: str | None = None) -> list[Any]:
        return self.encode_together(texts)


class Scene(NamedTuple):
    """Where all of it happens, and what each state answers.

    expected: answers by state, by whether weights are tuned, and by what is asked
    """

    folder: Path
    model: Path
    locks: Locks
    expected: dict[tuple[int, bool], dict[tuple[str, Mode, bool], Answer]]

    @property
    def indexes(self) -> tuple[Path, Path]:
        """An index that is built in one go, and one in parts."""
        return self.folder / "index", self.folder / "in-parts"

    def corpus(self, state: int) -> Path:
        return self.folder / f"state-{state}"

    def user(self, name: str) -> Path:
        """Return a file that a reader keeps."""
        return self.folder / "user" / name

    def build(self, state: int, **options: Any) -> papersearch.BuildReport:
        return papersearch.build(self.corpus(state), self.indexes[0], model=str(self.model), **options)

    def build_part(self, state: int, number: int, **options: Any) -> None:
        papersearch.build_part(self.corpus(state), self.indexes[1], number, 2, model=str(self.model), **options)


def quick() -> ExitStack:
    """Let builds and queries encode without a model library."""
    stack = ExitStack()
    stack.enter_context(quick_encoding())
    stack.enter_context(mock.patch.object(opened, "open_query_encoder", lambda record: QueryEncoder()))
    return stack


def set_scene(folder: Path, model: Path, locks: Locks) -> Scene:
    """Write the states, compute what they answer, and build both indexes from the first."""
    scene = Scene(folder, model, locks, {})
    scene.user("").mkdir()
    for state in range(N_STATES):
        write_state(scene.corpus(state), state)
        alone = folder / f"alone-{state}"
        papersearch.build(scene.corpus(state), alone, model=str(model))
        for is_tuned in (False, True):
            if is_tuned:
                write_weights(alone, TUNED, "tuned")
            index = papersearch.open(alone)
            scene.expected[state, is_tuned] = {
                (*asked, fold): hits_of(index.search(asked[0], K, asked[1], fold=fold))
                for asked in ASKED
                for fold in (False, True)
            }
    scene.build(0)
    for number in (1, 2):
        scene.build_part(0, number)
    papersearch.join_parts(scene.indexes[1])
    said = [str(one) for one in scene.expected.values()]
    if len(set(said)) != len(said):
        raise ValueError("two states answer alike")
    return scene


def write_state(folder: Path, state: int) -> None:
    """Write 60 papers in three dumps; most of them are in the next state too, under other ids."""
    folder.mkdir()
    numbers = list(range(100 + 7 * state, 100 + 7 * state + N_PAPERS))
    random.Random(state).shuffle(numbers)
    for dump in range(3):
        lines = (
            {"_id": f"p{n}", "title": f"On topic {n}", "text": f"We study pipeline {n % 7} beside topic {n}. " * 3}
            for n in numbers[20 * dump : 20 * dump + 20]
        )
        (folder / f"{dump}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def state_of(manifest: Manifest) -> int:
    """Return the state that a generation was built from."""
    return int(str(manifest.corpus).rpartition("-")[2])


def hits_of(results: Any) -> Answer:
    return [(hit.paper.paper_id, hit.score) for hit in results]


def check_answers(scene: Scene, index: Any) -> None:
    """Ask every query, and raise Wrong for a wrong answer."""
    for query, mode in ASKED:
        check(scene, index, hits_of(index.search(query, K, mode)), query, mode)


def check(scene: Scene, index: Any, found: Answer, query: str, mode: Mode, *, fold: bool = False) -> None:
    """Raise Wrong unless an answer is that of the generation that is open, as far as it is encoded."""
    expected = scene.expected[state_of(index.manifest), index.weights is not None][query, mode, fold]
    if mode != "keyword" and index.manifest.is_partial:
        numbers = {int(paper_id[1:]) for paper_id, _ in found}
        first = 100 + 7 * state_of(index.manifest)
        if not numbers <= set(range(first, first + N_PAPERS)):
            raise Wrong(f"papers of another state than {index.manifest!r} has: {sorted(numbers)}")
    elif found != expected:
        raise Wrong(f"{query!r}, {mode}, {index.manifest!r}: {found[:3]}, expected {expected[:3]}")


def ask(scene: Scene, index: Any, drawn: random.Random, modes: Sequence[Mode] = ()) -> Outcome:
    """Ask a query; and count the vectors, which tells a part from another."""
    query, mode = drawn.choice([asked for asked in ASKED if not modes or asked[1] in modes])
    check(scene, index, hits_of(index.search(query, K, mode)), query, mode)
    if not modes and drawn.random() < 0.2:
        n_vectors, n_said = int((np.linalg.norm(index.vectors(), axis=1) > 0.5).sum()), index.manifest.n_encoded
        if n_vectors != n_said:
            raise Wrong(f"{n_vectors} vectors in {index.manifest!r}, whose manifest says {n_said}")
    return Counter(answers=1)


def opener(scene: Scene, drawn: random.Random) -> Act:
    """Open an index for every query."""
    return lambda: ask(scene, papersearch.open(drawn.choice(scene.indexes)), drawn)


def holder(scene: Scene, drawn: random.Random) -> Act:
    """Keep an index open, and open it anew now and then where it is not current."""
    index = papersearch.open(drawn.choice(scene.indexes))

    def act() -> Outcome:
        nonlocal index
        if drawn.random() < 0.3:
            index = index.renewed()
        return ask(scene, index, drawn)

    return act


def browser(scene: Scene, drawn: random.Random) -> Act:
    """Search as `browse` does, in a thread of the index, which a build renews."""
    live = LiveIndex(papersearch.open(drawn.choice(scene.indexes)))

    def act() -> Outcome:
        query, mode = drawn.choice(ASKED)
        found = asyncio.run(live.search(LiveQuery(HalfTyped(query, "", False), mode, ""), K))
        check(scene, live._index, hits_of(found.results), query, mode, fold=True)
        return Counter(answers=1)

    return act


def batcher(scene: Scene, drawn: random.Random) -> Act:
    """Answer many queries in two processes; all answers are of the generation that was opened."""

    def act() -> Outcome:
        index = papersearch.open(drawn.choice(scene.indexes))
        asked = [query for query, mode in ASKED if mode == "keyword"] * 4
        parts = [[Topic(str(number), query)] for number, query in enumerate(asked)]
        replies = sharing.answers(index, parts, sharing.rank_topics, sharing.Asking(K, "keyword", True, True), 2)
        for query, reply in zip(asked, replies, strict=True):
            check(scene, index, [tuple(row) for row in json.loads(reply)[0]], query, "keyword")
        return Counter(answers=len(asked))

    return act


def commander(scene: Scene, drawn: random.Random) -> Act:
    """Run the command: a search, or `doctor`."""

    def act() -> Outcome:
        index, query = drawn.choice(scene.indexes), "pipeline topic"
        if drawn.random() < 0.2:
            run_command(scene, "doctor", "--index", str(index))
            return Counter(doctors=1)
        said = json.loads(run_command(scene, query, "--mode", "keyword", "--json", f"-k{K}", "--index", str(index)))
        found = [(hit["paper_id"], hit["score"]) for hit in said["hits"]]
        if found not in (one[query, "keyword", False] for one in scene.expected.values()):
            raise Wrong(f"the command found {found[:3]}")
        return Counter(answers=1)

    return act


def run_command(scene: Scene, *arguments: str) -> bytes:
    """Run papersearch as a process; return its output. Raises Wrong where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "papersearch", *arguments]
    done = subprocess.run(command, cwd=scene.folder, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise Wrong(f"{arguments} ended with {done.returncode}: {(done.stdout + done.stderr).decode()[-900:]}")
    return done.stdout


def doctor(scene: Scene, drawn: random.Random) -> Act:
    """Verify an index, of which no fault may be found."""

    def act() -> Outcome:
        index = papersearch.open(drawn.choice(scene.indexes))
        if faults := index.verify():
            raise Wrong(f"{index.manifest!r} has faults: {faults[:3]}")
        return Counter(doctors=1)

    return act


def copier(scene: Scene, drawn: random.Random) -> Act:
    """Copy the folder of an index in one of four ways; the copy answers as one state, or is refused."""
    target = scene.folder / f"copy-{os.getpid()}"

    def act() -> Outcome:
        source = drawn.choice(scene.indexes)
        ways = ["cp", "tree", "slow", "locked"] if scene.locks == "working" else ["cp", "tree", "slow"]
        way = drawn.choice(ways)
        try:
            copy_folder(source, target, way, drawn)
            try:
                index = papersearch.open(target)
            except StoredIndexError:
                if way == "locked":
                    raise
                return Counter(copies_refused=1)
            check_answers(scene, index)
            if faults := index.verify():
                raise Wrong(f"a copy has faults, {way}: {faults[:3]}")
            return Counter({"copies": 1, f"copies_{way}": 1})
        finally:
            shutil.rmtree(target, ignore_errors=True)

    return act


def copy_folder(source: Path, target: Path, way: str, drawn: random.Random) -> None:
    """Copy a folder that changes meanwhile, as far as that succeeds."""
    if way == "tree":
        try:
            shutil.copytree(source, target)
        except (shutil.Error, OSError):
            return
    elif way == "slow":  # as over a network, by a program that lists first, and copies in any order
        files = [Path(folder, name) for folder, _, names in os.walk(source) for name in names]
        drawn.shuffle(files)
        for number, path in enumerate(files):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(path, place)
            except OSError:
                continue
            time.sleep(0.005 if number < 200 else 0)  # without locks nothing is removed: there are many
    else:
        held = ["flock", str(source / locking.LOCK)] if way == "locked" else []
        subprocess.run([*held, "cp", "-r", str(source), str(target)], capture_output=True, check=False)


def client(scene: Scene, drawn: random.Random) -> Act:
    """Ask the server of an index, which goes over to the generation that is published."""
    from papersearch.errors import GenerationGone

    addresses = json.loads((scene.folder / "addresses.json").read_text())
    index: RemoteIndex = papersearch.open(drawn.choice(addresses))  # type: ignore[assignment]  # an address

    def act() -> Outcome:
        nonlocal index
        if drawn.random() < 0.3:
            index = index.renewed()
        try:
            return ask(scene, index, drawn, ["keyword"])
        except GenerationGone:
            index = index.renewed()
            return Counter(generations_gone=1)

    return act


def writer(scene: Scene, drawn: random.Random) -> Act:
    """Build, roll back, and tune weights."""

    def act() -> Outcome:
        state = drawn.randrange(N_STATES)
        if drawn.random() < 0.35:
            return write_parts(scene, state, drawn)
        kind = drawn.choices(
            ("build", "words", "full", "few", "rollback", "tuned", "untuned"), (45, 12, 12, 6, 15, 5, 5)
        )[0]
        options = {"words": {"words_only": True}, "full": {"full": True}, "few": {"most_texts": 10}}
        if kind == "rollback":
            papersearch.rollback(scene.indexes[0])
        elif kind == "tuned":
            write_weights(scene.indexes[0], TUNED, "tuned")
        elif kind == "untuned":
            remove_weights(scene.indexes[0])
        else:
            report = scene.build(state, **options.get(kind, {}))
            if report.manifest is None or state_of(report.manifest) != state:
                raise Wrong(f"a build of state {state} reported {report.manifest!r}")
            kind = "builds" if report.outcome == "published" else "up to date"
        return Counter({kind: 1})

    return act


def write_parts(scene: Scene, state: int, drawn: random.Random) -> Outcome:
    """Build parts, join them, or roll back: parts of two states are refused."""
    kind = drawn.choices(("all", "part", "join", "rollback"), (60, 15, 10, 15))[0]
    if kind == "rollback":
        papersearch.rollback(scene.indexes[1])
        return Counter(rollback=1)
    for number in {"all": (1, 2), "part": (drawn.randint(1, 2),), "join": ()}[kind]:
        scene.build_part(state, number, full=drawn.random() < 0.1)
    if kind == "part":
        return Counter(parts=1)
    report = papersearch.join_parts(scene.indexes[1], full=drawn.random() < 0.2)
    return Counter({"joins" if report.outcome == "published" else "up to date": 1})


def keeper(scene: Scene, drawn: random.Random) -> Act:
    """Add what a reader keeps to every file of the kind, and remove the oldest: others do the same at once."""
    own: list[str] = []
    count = iter(range(1 << 30))
    searches, collections, marks, judged = map(
        scene.user, ("searches.toml", "collections.toml", "marks.jsonl", "judged.qrels")
    )

    def act() -> Outcome:
        name = f"k{os.getpid()}-{next(count)}"
        index = papersearch.open(scene.indexes[0])
        papers = [index.paper(index.ids_beginning_with("p1", 1)[0].paper_id)]
        own.append(name)
        saved.add(searches, saved.SavedSearch(name, "pipeline topic"))
        registry.add_collection(collections, name, scene.corpus(0), None)
        change_marks(marks, papers, Change(tags=(name,)), index)
        add_judgements(judged, name, {"p120": 1})
        with seen.taking_turns(searches):
            record = seen.Record(query="", since=0, shown={})
            seen.Seen(searches, "index", "run").keep({name: record})
        last_results.keep(index, [index.search("pipeline topic", 5, "keyword")])
        if (found := last_results.find()) is None or len(found.papers) not in (5, K):  # of a command
            raise Wrong(f"the last results of the session are {found}")
        if len(own) > 5:
            oldest = own.pop(0)
            saved.remove(searches, oldest)
            seen.forget(searches, oldest)
            registry.remove_collection(collections, oldest)
        scene.user(f"own-{os.getpid()}").write_text(json.dumps([own, name]))
        return Counter(kept=1)

    return act


def check_kept(scene: Scene) -> None:
    """Raise Wrong unless every file has what the keepers have left in it, and nothing else."""
    left = [json.loads(path.read_text()) for path in scene.user("").glob("own-*")]
    names = {name for own, _ in left for name in own}
    n_made = sum(int(last.rpartition("-")[2]) + 1 for _, last in left)
    records = json.loads(seen.file_beside(scene.user("searches.toml")).read_text())["searches"]
    found = {
        "searches": set(saved.read(scene.user("searches.toml"))),
        "collections": set(registry.read_collections(scene.user("collections.toml"))),
        "what was shown": set(records),
    }
    for what, kept in found.items():
        if kept != names:
            raise Wrong(f"{what}: {sorted(names - kept)} lost, {sorted(kept - names)} too many")
    tags = {tag for mark in read_marks(scene.user("marks.jsonl")) for tag in mark.tags}
    for what, n in (("tags", len(tags)), ("judgements", len(read_qrels(scene.user("judged.qrels"))))):
        if n != n_made:
            raise Wrong(f"{what}: {n}, and {n_made} were added")


Role = Callable[[Scene, random.Random], Act]

READERS: tuple[tuple[Role, int], ...] = (
    (opener, 1), (holder, 1), (copier, 8), (client, 1), (browser, 1), (opener, 1), (doctor, 8), (commander, 20),
    (holder, 1), (opener, 1), (batcher, 20), (client, 1), (opener, 1), (holder, 1), (copier, 8), (browser, 1),
)  # fmt: skip
"""Kinds of readers, in turn, each with how many times as long as others it pauses."""

_OF_PROCESSES = (client, commander, batcher)
"""Readers that start other processes, whose locks cannot be replaced."""

_REFUSALS = (NoEarlierGeneration, PartUnusable)
"""Errors of writers that are right: nothing to go back to, and parts of two states."""


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
            if scene.locks != "working" or (role is writer and isinstance(error, _REFUSALS)):
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
    fit = [one for one in READERS if scene.locks == "working" or one[0] not in _OF_PROCESSES]
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


def make_model(folder: Path) -> Path:
    """Make the model of the tests, in a process of its own, since it needs its library."""
    code = "import sys, pathlib, tests.conftest as made; made.make_model(pathlib.Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    model = folder / "model" / "small"
    model.parent.mkdir()
    subprocess.run([sys.executable, "-c", code, str(model)], check=True, env=environment, stderr=subprocess.DEVNULL)
    return model


def settle(folder: Path) -> None:
    """Let files of the user's lie in the scene."""
    os.environ |= {
        "PAPERSEARCH_SESSION": "crowd",
        "PAPERSEARCH_TIMEOUT": "300",
        **{f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "STATE", "CACHE", "DATA")},
    }


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
