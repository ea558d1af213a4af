"""Copies of an index folder that are made while builds replace what is in it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.errors import IndexDamaged, StoredIndexError
from papersearch.index.layout import MANIFEST, SHARDS, generation_folder
from papersearch.index.shards import shard_folder
from tests.faults.disk_calls import WRITING, AtCall, observed
from tests.growing import quick_encoding, records

STATES = (range(100, 130), range(200, 230), range(300, 330))


@pytest.fixture(autouse=True)
def quick() -> Any:
    with quick_encoding():
        yield


@pytest.fixture
def make(tmp_path: Path, small_model: Path) -> Callable[..., None]:
    """Return a function that builds one of three states whose files have the same sizes."""

    def build(state: int, index_path: Path, *, in_parts: bool = False) -> None:
        corpus = tmp_path / f"state-{state}"
        if not corpus.exists():
            corpus.mkdir()
            records(corpus, *STATES[state][15:])
            (corpus / "records.jsonl").rename(corpus / "others.jsonl")
            records(corpus, *STATES[state][:15])
        if not in_parts:
            papersearch.build(corpus, index_path, model=str(small_model))
            return
        for number in (1, 2):
            papersearch.build_part(corpus, index_path, number, 2, model=str(small_model))
        papersearch.join_parts(index_path)

    return build


def answered(index_path: Path) -> Any:
    """Return what an index answers; none of its files may be damaged."""
    index = papersearch.open(index_path)
    assert index.verify() == []
    return Path(str(index.manifest.corpus)).name, index.search("pipeline topic", 50, "keyword").hits


class SlowCopy:
    """A copy of a folder, of which each step copies one file: a build may change what is not copied yet."""

    def __init__(self, source: Path, target: Path, drawn: random.Random) -> None:
        self._source, self._target = source, target
        self._left = sorted(path for path in source.rglob("*") if path.is_file())
        order = drawn.randrange(3)
        if order == 1:
            self._left.reverse()
        elif order == 2:
            drawn.shuffle(self._left)

    def step(self) -> None:
        if self._left:
            path = self._left.pop()
            place = self._target / path.relative_to(self._source)
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                shutil.copyfile(path, place)

    def end(self) -> None:
        while self._left:
            self.step()


@pytest.mark.slow
@pytest.mark.parametrize("in_parts", [False, True], ids=["in one go", "in parts"])
@pytest.mark.parametrize("n_copies", [8, pytest.param(60, marks=pytest.mark.soak)])
def test_a_copy_is_one_index_or_refused(
    tmp_path: Path, make: Callable[..., None], n_copies: int, in_parts: bool, at_one_time: None
) -> None:
    """A copy that goes on while two builds write answers as one of the indexes that were there, or is refused."""
    index_path, copy = tmp_path / "index", tmp_path / "copy"
    expected = {}
    for state in range(3):
        make(state, tmp_path / f"alone-{state}", in_parts=in_parts)
        name, answer = answered(tmp_path / f"alone-{state}")
        expected[name] = answer
    make(0, index_path, in_parts=in_parts)
    n_answered = 0
    for seed in range(n_copies):
        slow = SlowCopy(index_path, copy, random.Random(seed))
        with observed(index_path, AtCall(None, slow.step, WRITING, after=("rename",))):
            make((seed + 1) % 3, index_path, in_parts=in_parts)
        make((seed + 2) % 3, index_path, in_parts=in_parts)
        slow.end()
        with suppress(StoredIndexError):
            name, answer = answered(copy)
            assert answer == expected[name]
            n_answered += 1
        shutil.rmtree(copy)
    assert n_answered


MADE_DURING_A_BUILD = "as in a copy made during a build"
TORN: dict[str, Callable[[Path, Path], object]] = {
    "a manifest that is newer than the files": lambda one, other: (
        shutil.rmtree(one / generation_folder(1)),
        shutil.copytree(other / generation_folder(1), one / generation_folder(2)),
    ),
    "the manifest of another build": lambda one, other: shutil.copyfile(other / MANIFEST, one / MANIFEST),
    "the files of another build": lambda one, other: (
        shutil.rmtree(one / generation_folder(1)),
        shutil.copytree(other / generation_folder(1), one / generation_folder(1)),
    ),
    "an inner manifest that is empty": lambda one, other: (one / generation_folder(1) / MANIFEST).write_bytes(b""),
    "an inner manifest that is cut": lambda one, other: (one / generation_folder(1) / MANIFEST).write_bytes(b"{"),
    "no inner manifest": lambda one, other: (one / generation_folder(1) / MANIFEST).unlink(),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", TORN)
def test_what_two_builds_made_is_refused(tmp_path: Path, make: Callable[..., None], case: str) -> None:
    """A manifest opens with its own files alone, though those of another build have the same names and sizes."""
    one, other = tmp_path / "one", tmp_path / "other"
    make(1, one)
    make(2, other)
    sizes = [
        sorted((path.name, path.stat().st_size) for path in (index_path / generation_folder(1)).glob("*.npy"))
        for index_path in (one, other)
    ]
    assert sizes[0] == sizes[1]
    TORN[case](one, other)
    with pytest.raises(IndexDamaged, match=MADE_DURING_A_BUILD):
        papersearch.open(one)
    make(1, one)
    assert answered(one)[0] == "state-1"


def test_shards_of_two_joins_are_refused(tmp_path: Path, make: Callable[..., None]) -> None:
    """Shards open with their own `shards.json` alone, each in the generation that it names."""
    one, other = tmp_path / "one", tmp_path / "other"
    make(1, one, in_parts=True)
    make(2, other, in_parts=True)
    second = shard_folder(2, 2)
    kept = (one / SHARDS).read_bytes()
    for torn in (SHARDS, f"{second}/{generation_folder(1)}"):
        place = one / torn
        if place.is_dir():
            shutil.rmtree(place)
            shutil.copytree(other / torn, place)
        else:
            shutil.copyfile(other / torn, place)
        with pytest.raises(IndexDamaged, match="SHA-256"):
            papersearch.open(one)
        (one / SHARDS).write_bytes(kept)


def test_no_number_is_used_twice(tmp_path: Path, make: Callable[..., None], small_model: Path) -> None:
    """A build that goes on after a rollback keeps the later generation, whose number then stays taken."""
    index_path = tmp_path / "index"
    make(0, tmp_path / "alone")
    papersearch.build(tmp_path / "state-0", index_path, model=str(small_model), words_only=True)
    make(1, index_path)
    assert papersearch.open(index_path).manifest.folder == generation_folder(2)
    assert papersearch.rollback(index_path).folder == generation_folder(1, 1)
    make(0, index_path)
    assert papersearch.open(index_path).manifest.folder == generation_folder(1)
    make(2, index_path)
    assert papersearch.open(index_path).manifest.folder == generation_folder(3)


def test_doctor_is_not_misled_by_a_build(tmp_path: Path, make: Callable[..., None]) -> None:
    """The index that was opened has no faults, though builds replace the manifest before it is verified."""
    make(0, tmp_path / "index")
    opened = papersearch.open(tmp_path / "index")
    make(1, tmp_path / "index")
    assert opened.verify() == []
