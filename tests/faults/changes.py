"""Ways in which an index changes on disk, each with its answers before and after, to be disturbed by faults."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import papersearch
from papersearch.errors import IndexMissing, PartsNotJoined
from papersearch.index.generation import Generation
from papersearch.index.generations import has_shards, open_current
from papersearch.index.layout import CHECKSUMS, MANIFEST
from papersearch.index.locking import LOCK
from papersearch.index.shards import open_shards
from papersearch.index.verification import Fault
from papersearch.index.weights import read_weights, remove_weights, write_weights
from papersearch.types import Weights
from tests.faults.power_loss import Keep, Recording, record, write_disk
from tests.growing import quick_encoding


class Place(NamedTuple):
    """A corpus, its index, and a model whose files are only hashed."""

    corpus: Path
    index: Path
    model: Path

    def write(self, *numbers: int) -> None:
        """Write two dumps of short papers; every fourth paper is in both, and merging makes a text of its own."""
        self.corpus.mkdir(exist_ok=True)
        for dump, rest in (("a", 0), ("b", 1)):
            chosen = [n for n in numbers if n % 2 == rest or n % 4 == 0]
            lines = [json.dumps(_record(n, is_other=n % 2 != rest)) + "\n" for n in chosen]
            path, content = self.corpus / f"{dump}.jsonl", "".join(lines).encode()
            if not path.exists() or path.read_bytes() != content:  # a dump that is written again counts as changed
                path.write_bytes(content)

    def build(self, **options: Any) -> None:
        """Build the index, or bring it up to date."""
        papersearch.build(self.corpus, self.index, model=str(self.model), **options)

    def build_parts(self) -> None:
        """Build both parts and join them."""
        for number in (1, 2):
            papersearch.build_part(self.corpus, self.index, number, 2, model=str(self.model))
        papersearch.join_parts(self.index)

    def roll_back(self) -> None:
        """Make the first generation current."""
        if papersearch.open(self.index).manifest.generation > 1:
            papersearch.rollback(self.index)


class Change(NamedTuple):
    """A change of an index: the steps before it, the change itself, and whether a rollback undoes it."""

    before: tuple[Callable[[Place], object], ...]
    make: Callable[[Place], object]
    is_undone: bool = False


class Answer(NamedTuple):
    """What an index answers: hits by words, the vector of each paper, and the weights in force.

    hits: None without an index
    """

    hits: list[tuple[str, float]] | None
    vectors: list[bytes]
    weights: Weights | None

    def is_of(self, other: Answer) -> bool:
        """Return whether this is the other answer, or a part of it that has some of its vectors."""
        if self._replace(vectors=[]) != other._replace(vectors=[]) or len(self.vectors) != len(other.vectors):
            return False
        return all(a == b or not any(a) for a, b in zip(self.vectors, other.vectors, strict=True))


class Trial:
    """One change in a scratch folder: its answers before and after, and the laws that faults may break.

    Faults disturb `disk`, the folder in which the index is; the corpus is elsewhere.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.change = CHANGES[name]
        self.disk, self._kept = folder / "disk", folder / "kept"
        self.disk.mkdir(parents=True)
        model = folder / "model"
        model.mkdir()
        for file in ("config.json", "model.safetensors", "vocab.txt"):
            (model / file).write_text("{}\n")
        self.place = Place(folder / "corpus", self.disk / "folder" / "index", model)
        self._earlier = [answer(self.place.index)]
        for step in self.change.before:
            with settled():
                step(self.place)
            self._earlier.append(answer(self.place.index))
        shutil.copytree(self.disk, self._kept)
        self.make()
        self._new = answer(self.place.index)
        self._contents, self._names = contents(self.place.index), names(self.place.index)
        self.start()

    def start(self) -> None:
        """Bring back the state before the change."""
        shutil.rmtree(self.disk)
        shutil.copytree(self._kept, self.disk)

    def make(self) -> None:
        """Make the change, or go on with it."""
        with settled():
            self.change.make(self.place)

    def record(self) -> Recording:
        """Make the change, or go on with it, and record it."""
        return record(self.disk, self.make)

    def lose_power(self, recording: Recording, n: int, keep: Keep, drawn: random.Random) -> None:
        """Put the disk into a state after a loss of power that follows n operations."""
        shutil.rmtree(self.disk)
        self.disk.mkdir()
        write_disk(recording.disk(n, keep, drawn), self.disk)

    def broken(self, *, is_done: bool = False) -> list[str]:
        """Return the laws that the index breaks as it is, and when the change is made again.

        is_done: the change had ended, so that only the new state is right
        """
        try:
            return [law for law, holds in [*self._now(is_done), *self._later()] if not holds]
        except Exception as error:  # any is a broken law, and other faults are to be tried
            return [f"nothing fails: {error!r}"]

    def _now(self, is_done: bool) -> Iterator[tuple[str, bool]]:
        found = answer(self.place.index)
        is_old = found == self._earlier[-1] and not is_done
        yield "the old or the new index answers", is_old or found.is_of(self._new)
        yield "doctor finds nothing", found.hits is None or not self._faults()

    def _later(self) -> Iterator[tuple[str, bool]]:
        self.make()
        index = self.place.index
        yield "the next build ends with the new answer", answer(index) == self._new
        yield "its files are those of a build without faults", contents(index) == self._contents
        yield "nothing is left behind", names(index) <= self._names
        yield "doctor finds nothing afterwards", not self._faults()
        if self.change.is_undone:
            papersearch.rollback(index)
            yield "a rollback brings back an earlier answer", answer(index) in self._earlier

    def _faults(self) -> list[Fault]:
        return papersearch.open(self.place.index).verify()


@contextmanager
def settled() -> Iterator[None]:
    """Let builds encode quickly, and all happen at one time, so that their files are comparable."""
    with quick_encoding(), mock.patch("papersearch.index.first_seen._time_of_build", lambda newest: 1767225600):
        yield


def opened(index_path: Path) -> list[Generation]:
    """Open the current generation of an index, or of each of its shards."""
    if has_shards(index_path):
        return list(open_shards(index_path, leased=False).generations)
    return [open_current(index_path, leased=False)]


def answer(index_path: Path) -> Answer:
    """Ask an index for what there is."""
    weights = read_weights(index_path)
    try:
        hits = papersearch.open(index_path).search("pipeline topic", 100, "keyword")
    except (IndexMissing, PartsNotJoined):
        return Answer(None, [], weights)
    vectors = [row.tobytes() for one in opened(index_path) for row in one.array("vectors.npy")]
    return Answer([(hit.paper.paper_id, hit.score) for hit in hits], vectors, weights)


def contents(index_path: Path) -> list[dict[str, Any]]:
    """Return the contents of all current files of each shard, apart from the numbers of generations."""
    found = []
    for one in opened(index_path):
        folder = one.index_path / one.manifest.folder
        of_one: dict[str, Any] = {path.name: path.read_bytes() for path in folder.iterdir()}
        del of_one["papers.since.npy"], of_one[CHECKSUMS]
        of_one[MANIFEST] = one.manifest.replace(generation=0, files={})
        found.append(of_one)
    return found


def names(index_path: Path) -> set[str]:
    """Return the places of what there is, apart from generations and what they have."""
    places = (str(path.relative_to(index_path)) for path in index_path.rglob("*"))
    return {place for place in places if "generation-" not in place and not place.endswith(LOCK)}


def _record(n: int, *, is_other: bool) -> dict[str, str]:
    title = f"On topic {n}" + (": a study" if is_other else "")
    text = f"We study pipeline {n % 7} beside topic {n}. " * (2 if is_other else 3)
    return {"_id": f"p{n}", "title": title, "text": text, "doi": f"10.1000/{n}"}


def _built(n: int, **options: Any) -> Callable[[Place], None]:
    def build(place: Place) -> None:
        place.write(*range(n))
        place.build(**options)

    return build


def _in_parts(n: int) -> Callable[[Place], None]:
    def build(place: Place) -> None:
        place.write(*range(n))
        place.build_parts()

    return build


def _weighed(place: Place) -> None:
    write_weights(place.index, Weights(keyword=0.5), "By hand.")


CHANGES = {
    "a first build": Change((), _built(5)),
    "an update": Change((_built(5),), _built(7), is_undone=True),
    "an update after a rollback": Change((_built(5), _built(8), Place.roll_back), _built(7), is_undone=True),
    "a build in parts": Change((_built(5),), _built(70), is_undone=True),
    "words alone": Change((_built(5),), _built(30, words_only=True), is_undone=True),
    "a build anew": Change((_built(30),), _built(31, full=True)),
    "a first join": Change((), _in_parts(8)),
    "a join": Change((_in_parts(8),), _in_parts(13), is_undone=True),
    "a rollback": Change((_built(5), _built(8)), Place.roll_back),
    "a rollback of shards": Change((_in_parts(8), _in_parts(13)), Place.roll_back),
    "weights": Change((_built(5),), _weighed),
    "weights that go": Change((_built(5), _weighed), lambda place: remove_weights(place.index)),
}
"""Every way in which an index changes, by name."""
