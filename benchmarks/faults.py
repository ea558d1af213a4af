"""The effect of killed builds, concurrent readers and mangled dumps on an index.

    python benchmarks/faults.py [--kills 500] [--parts 200] [--publishes 50] [--mutations 10000]

Prints one line of figures per kind, and exits with 1 if any is not as it should be. Everything
happens in a scratch folder, with a model of two layers made for it.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: forked builds have one thread

import papersearch
from papersearch.index import files
from papersearch.ingest.reading import ingest

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from tests.growing import quick_encoding, records  # noqa: E402  # needs the path above

QUERY = "pipeline bubbles"
PREPARE = """
import sys
from pathlib import Path
import papersearch
from tests.conftest import make_model
model, index, *corpora = map(Path, sys.argv[1:])
make_model(model)
for corpus in corpora:
    papersearch.build(corpus, index, model=str(model))
"""

Answer = list[tuple[str, float]]


class Project:
    """Two states of a corpus and an index that knows the texts of both.

    So no build of either state needs the model.
    """

    def __init__(self, folder: Path) -> None:
        self.corpus, self.index, self.model = folder / "corpus", folder / "index", folder / "model" / "small"
        self.model.parent.mkdir()
        self.corpus.mkdir()
        states = [folder / "state-0", folder / "state-1"]
        for state, copy in enumerate(states):
            self.set_state(state)
            shutil.copytree(self.corpus, copy)
        command = [sys.executable, "-c", PREPARE, str(self.model), str(self.index), *map(str, states)]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
        self.expected: dict[int, Answer] = {}
        for state in (0, 1):
            self.set_state(state)
            self.build()
            self.expected[state] = self.answer()
        assert self.expected[0] != self.expected[1]

    def set_state(self, state: int) -> None:
        """Write twelve papers, or these and twelve others."""
        topics = ["pipeline bubbles", "protein folding", "graph colouring", "speech recognition"]
        for part in range(state + 1):
            records = [
                {
                    "_id": f"{part}-{n}",
                    "title": f"On {topic} {part}",
                    "text": f"We study {topic}, {n} of {part}. " * 5,
                }
                for n, topic in enumerate(topics * 3)
            ]
            (self.corpus / f"{part}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        if state == 0:
            (self.corpus / "1.jsonl").unlink(missing_ok=True)

    def build(self) -> None:
        papersearch.build(self.corpus, self.index, model=str(self.model))

    def answer(self) -> Answer:
        results = papersearch.open(self.index).search(QUERY, k=50)
        return [(hit.paper.paper_id, round(hit.score, 5)) for hit in results]


def die_at(call: int) -> None:
    """Let this process kill itself at its nth call that writes."""
    real, seen = files.os, 0

    class Deadly:
        def __getattr__(self, name: str) -> Any:
            nonlocal seen
            if name in ("open", "write", "fsync", "mkdir", "rename", "replace", "link"):
                seen += 1
                if seen == call:
                    os.kill(os.getpid(), signal.SIGKILL)
            return getattr(real, name)

    files.os = Deadly()  # type: ignore[assignment]  # replaces the module, to count its calls


def killed_build(project: Project | Growing, until: Callable[[int], None], prepare: Callable[[], None]) -> bool:
    """Fork a build that `until` may kill; return whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            prepare()
            project.build()
        finally:
            os._exit(0)
    until(child)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def after(seconds: float) -> Callable[[int], None]:
    """Return a function that kills a process after some time."""

    def kill(child: int) -> None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)

    return kill


def kills(project: Project, n: int, drawn: random.Random) -> bool:
    """Kill builds at random moments and at every call that writes."""
    project.set_state(0)
    start = time.perf_counter()
    project.build()
    duration = time.perf_counter() - start
    died = answered = clean = recovered = 0
    for round_ in range(n):
        state = (round_ + 1) % 2
        project.set_state(state)
        if round_ % 2:
            call = 1 + round_ // 2 % 220
            died += killed_build(project, lambda child: None, lambda call=call: die_at(call))
        else:
            died += killed_build(project, after(drawn.uniform(0, 1.2 * duration)), lambda: None)
        answered += project.answer() in project.expected.values()
        clean += not papersearch.open(project.index).verify()
        project.build()
        recovered += project.answer() == project.expected[state] and not list(project.index.glob(".building*"))
    print(
        f"{n} builds, {died} killed: {answered} times the old or the new index answered, {clean} times doctor "
        f"was clean, {recovered} times the next build succeeded and left no litter"
    )
    return answered == clean == recovered == n


def publishes(project: Project, n: int) -> bool:
    """Let four readers search in a loop while builds publish."""
    script = (
        "import sys, collections, pathlib, papersearch\n"
        "seen = collections.Counter()\n"
        "while not seen or not pathlib.Path(sys.argv[3]).exists():\n"
        "    results = papersearch.open(sys.argv[1]).search(sys.argv[2], k=50)\n"
        "    seen[str([(hit.paper.paper_id, round(hit.score, 5)) for hit in results])] += 1\n"
        "print(dict(seen))\n"
    )
    stop = project.index.with_name("stop")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", script, str(project.index), QUERY, str(stop)]
    readers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)
    ]
    for round_ in range(n):
        project.set_state(round_ % 2)
        project.build()
    stop.touch()
    asked = wrong = failed = 0
    right = {str(answer) for answer in project.expected.values()}
    for reader in readers:
        printed, told = reader.communicate()
        failed += bool(told)
        for answer, times in ast.literal_eval(printed or "{}").items():
            asked += times
            wrong += times if answer not in right else 0
    print(f"4 readers, {n} builds published: {asked} answers, {wrong} wrong or mixed, {failed} failed")
    return asked > 0 and wrong == failed == 0


class Growing:
    """An index of five papers whose corpus has grown to 70: its build publishes in five parts.

    `tests.growing` has the encoder, which needs no model library.
    """

    def __init__(self, folder: Path, model: Path) -> None:
        self.corpus, self.index, self.model = folder / "growing", folder / "growing-index", model
        self.corpus.mkdir()
        records(self.corpus, *range(5))
        self.build()
        self.answers = {self.answer()}
        self.kept = shutil.copytree(self.index, folder / "growing-kept")
        records(self.corpus, *range(70))
        self.build()
        self.answers.add(self.answer())
        self.files = self.read_files()

    def build(self) -> None:
        with quick_encoding():
            papersearch.build(self.corpus, self.index, model=str(self.model))

    def answer(self) -> str:
        hits = papersearch.open(self.index).search("pipeline topic", 50, "keyword")
        return str([(hit.paper.paper_id, hit.score) for hit in hits])

    def read_files(self) -> dict[str, bytes]:
        """Return the files of the current generation, without those that count generations."""
        folder = self.index / papersearch.open(self.index).manifest.folder
        names = {path.name for path in folder.iterdir()} - {"manifest.json", "papers.since.npy"}
        return {name: (folder / name).read_bytes() for name in names}

    def start_again(self) -> None:
        shutil.rmtree(self.index)
        shutil.copytree(self.kept, self.index)


def parts(growing: Growing, n: int, drawn: random.Random) -> bool:
    """Kill builds that publish in parts, and the builds that go on with them."""
    growing.start_again()
    start = time.perf_counter()
    growing.build()
    duration = time.perf_counter() - start
    died = answered = clean = recovered = 0
    found: set[str] = set()
    for round_ in range(n):
        growing.start_again()
        for _ in range(2):
            if round_ % 2:
                call = drawn.randrange(1, 600)
                died += killed_build(growing, lambda child: None, lambda call=call: die_at(call))
            else:
                died += killed_build(growing, after(drawn.uniform(0, 1.2 * duration)), lambda: None)
        found.add(papersearch.open(growing.index).manifest.folder)
        answered += growing.answer() in growing.answers
        clean += not papersearch.open(growing.index).verify()
        growing.build()
        recovered += growing.read_files() == growing.files and not list(growing.index.glob(".building*"))
    print(
        f"{2 * n} builds in parts, {died} killed, leaving {len(found)} publications: {answered} times the "
        f"words of the old or the new index answered, {clean} times doctor was clean, {recovered} times the next "
        "build ended with the bytes of one in one go"
    )
    return answered == clean == recovered == n


def reads_of_parts(growing: Growing, n: int) -> bool:
    """Let four readers search in a loop while builds publish in parts."""
    script = (
        "import sys, collections, pathlib, numpy, papersearch\n"
        "seen, wrong = collections.Counter(), 0\n"
        "while not seen or not pathlib.Path(sys.argv[2]).exists():\n"
        "    index = papersearch.open(sys.argv[1])\n"
        "    hits = index.search('pipeline topic', 50, 'keyword')\n"
        "    vectors = index._opened.vectors.exact\n"
        "    wrong += int((numpy.linalg.norm(vectors, axis=1) > 0.5).sum()) != index.encoded.n_encoded\n"
        "    seen[str([(hit.paper.paper_id, hit.score) for hit in hits])] += 1\n"
        "print((dict(seen), wrong))\n"
    )
    stop = growing.index.with_name("stop-growing")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", script, str(growing.index), str(stop)]
    readers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)
    ]
    for round_ in range(n):
        records(growing.corpus, *range(round_ * 100, round_ * 100 + 5 + 65 * (round_ % 2)))
        growing.build()
        growing.answers.add(growing.answer())
    stop.touch()
    asked = wrong = failed = 0
    for reader in readers:
        printed, told = reader.communicate()
        failed += bool(told)
        seen, torn = ast.literal_eval(printed or "({}, 1)")
        wrong += torn
        for answer, times in seen.items():
            asked += times
            wrong += times if answer not in growing.answers else 0
    print(f"4 readers, {n} builds published in parts: {asked} answers, {wrong} wrong or mixed, {failed} failed")
    return asked > 0 and wrong == failed == 0


def mutations(n: int, drawn: random.Random, scratch: Path) -> bool:
    """Mangle the lines of one paper of a dump; check that every paper not beside it is still found."""
    dumps = sorted((PROJECT / "corpus").glob("0*.txt"))
    records = scratch / "records.jsonl"
    titles = [f"Paper number {n} on topic {n * 7}" for n in range(40)]
    records.write_text(
        "".join(json.dumps({"_id": str(n), "title": t, "text": t * 9}) + "\n" for n, t in enumerate(titles))
    )
    sources = [(path.read_bytes(), ingest([path]).papers) for path in [*dumps, records]]
    survived = missing = 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # a forked process starts with its parent's
    target = scratch / "mutated"
    for _ in range(n):
        content, papers = drawn.choice(sources)
        chosen = drawn.randrange(len(papers))
        place = papers[chosen].provenance[0]
        lines = content.split(b"\n")
        region = b"\n".join(lines[place.first_line - 1 : place.last_line])
        mangled = mangle(region, drawn)
        target.write_bytes(b"\n".join([*lines[: place.first_line - 1], mangled, *lines[place.last_line :]]))
        found = {paper.title for paper in ingest([target]).papers}
        survived += 1
        intact = [paper.title for n, paper in enumerate(papers) if abs(n - chosen) > 1]
        missing += len([title for title in intact if title not in found])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) // 1024
    print(f"{n} mangled dumps: {survived} read without exception, {missing} intact papers missed, {grown} MB more")
    return survived == n and missing == 0 and grown < 200


def mangle(region: bytes, drawn: random.Random) -> bytes:
    """Replace bytes, remove, double or cut off a piece, or insert random bytes."""
    place = drawn.randrange(len(region) + 1)
    other = min(len(region), place + drawn.choice((1, 5, 200)))
    noise = drawn.choice(
        (b"\x00", b"\xff\xfe", b"\x1b]0;x\x07", b"\r", b'"', b"{", "\u202e".encode(), drawn.randbytes(20))
    )
    noise = noise.replace(b"\n", b" ")
    return drawn.choice(
        (
            region[:place] + noise + region[other:],
            region[:place] + region[other:],
            region[:place] + region[place:other] * 3 + region[other:],
            region[:place],
            region[:place] + noise + region[place:],
        )
    )


def main() -> int:
    """Run the chosen kinds; return 1 if any figure is not as it should be."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--kills", type=int, default=500)
    options.add_argument("--parts", type=int, default=200)
    options.add_argument("--publishes", type=int, default=50)
    options.add_argument("--mutations", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()
    drawn = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        mangled = mutations(arguments.mutations, drawn, scratch)  # first, since it reports memory
        project = Project(scratch)
        growing = Growing(scratch, project.model)
        good = [
            mangled,
            kills(project, arguments.kills, drawn),
            parts(growing, arguments.parts, drawn),
            reads_of_parts(growing, arguments.publishes),
            publishes(project, arguments.publishes),
        ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
