"""File systems without locks: what two writers at once, and readers, can lose there, and what they cannot."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import papersearch
from papersearch.dense.encoding import TextEncoding
from papersearch.errors import IndexDamaged, IndexNotWritable, PartUnusable, StoredIndexError
from papersearch.index import locking
from papersearch.index.journal import Journal
from papersearch.index.layout import generation_folder
from papersearch.index.locking import is_locked, writing
from tests.faults.disk_calls import WRITING, AtCall, observed
from tests.growing import quick_encoding, records
from tests.locks import NoLocks

RENAMING = ("rename", "replace")

OLD, ONE, OTHER = range(100, 110), range(200, 214), range(300, 314)


@pytest.fixture(params=["silent", pytest.param("refused", marks=pytest.mark.slow)])
def no_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "fcntl", NoLocks(is_silent=request.param == "silent"))


@pytest.fixture
def corpora(tmp_path: Path) -> dict[str, Path]:
    """Write corpora of three states; the files of two of them are alike in everything but what they say."""
    found = {"old": OLD, "one": ONE, "other": OTHER}
    for name, numbers in found.items():
        (tmp_path / name).mkdir()
        records(tmp_path / name, *numbers[: len(numbers) // 2])
        (tmp_path / name / "records.jsonl").rename(tmp_path / name / "a.jsonl")
        records(tmp_path / name, *numbers[len(numbers) // 2 :])
    return {name: tmp_path / name for name in found}


def answered(index_path: Path) -> tuple[str, Any]:
    """Return the corpus that an index says it has, and its answer, vectors included."""
    index = papersearch.open(index_path)
    assert index.verify() == []
    hits = [(hit.paper.paper_id, hit.score) for hit in index.search("pipeline topic", 50, "keyword")]
    vectors = index.vectors()
    norms = np.linalg.norm(vectors, axis=1) > 0.5
    assert int(norms.sum()) == index.manifest.n_encoded
    return Path(str(index.manifest.corpus)).name, (hits, vectors[norms].tolist() if norms.all() else None)


def check_every_interleaving(
    index_path: Path,
    corpora: dict[str, Path],
    make: Callable[[str, Path], object],
    at: tuple[Collection[str], int],
) -> None:
    """Make one state, and within that another one, at every nth call of some names."""
    names, step = at
    alone = {}
    for name in corpora:
        shutil.rmtree(index_path.with_name(f"alone-{name}"), ignore_errors=True)
        make(name, index_path.with_name(f"alone-{name}"))
        alone[name] = answered(index_path.with_name(f"alone-{name}"))[1]
    kept = index_path.with_name("alone-old")
    nth, is_within = step, True
    while is_within:
        shutil.rmtree(index_path, ignore_errors=True)
        shutil.copytree(kept, index_path)
        other = AtCall(nth, lambda: make("other", index_path), names, after=("rename",))
        with observed(index_path, other), suppress(StoredIndexError):
            make("one", index_path)
        is_within = other.was_done
        name, answer = answered(index_path)
        assert answer in ([alone[name], (alone[name][0], None)])
        make("one", index_path)
        assert answered(index_path) == ("one", alone["one"])
        nth += step
    assert nth > 3 * step


@pytest.mark.slow
@pytest.mark.parametrize("at", [(RENAMING, 1), (WRITING, 41)])
def test_builds_at_once_never_mix(
    tmp_path: Path, corpora: dict[str, Path], small_model: Path, no_locks: None, at: tuple[Collection[str], int]
) -> None:
    """Two builds at once leave the index of one of them, whole, or an error; the next build succeeds."""

    def make(name: str, index_path: Path) -> None:
        papersearch.build(corpora[name], index_path, model=str(small_model))

    with quick_encoding():
        check_every_interleaving(tmp_path / "index", corpora, make, at)


@pytest.mark.slow
@pytest.mark.parametrize("at", [(RENAMING, 5), (WRITING, 197), pytest.param((WRITING, 97), marks=pytest.mark.soak)])
def test_joins_at_once_never_mix(
    tmp_path: Path, corpora: dict[str, Path], small_model: Path, no_locks: None, at: tuple[Collection[str], int]
) -> None:
    """Parts and joins at once leave the shards of one state, or an error; the next ones succeed."""

    def make(name: str, index_path: Path) -> None:
        make_parts(corpora[name], index_path, small_model)
        papersearch.join_parts(index_path)

    with quick_encoding():
        check_every_interleaving(tmp_path / "index", corpora, make, at)


def make_parts(corpus: Path, index_path: Path, model: Path) -> None:
    for number in (1, 2):
        papersearch.build_part(corpus, index_path, number, 2, model=str(model))


@pytest.mark.slow
def test_parts_that_change_during_a_join_are_refused(
    tmp_path: Path, corpora: dict[str, Path], small_model: Path, no_locks: None
) -> None:
    """A join publishes nothing if a part was built again after it began, at any of its steps."""
    index_path, steps = tmp_path / "index", []
    with quick_encoding():
        make_parts(corpora["old"], index_path, small_model)
        papersearch.join_parts(index_path, progress=lambda step, done, total: steps.append(step))
        before = answered(index_path)
        for number in sorted(map(steps.index, set(steps))):
            make_parts(corpora["one"], index_path, small_model)
            left = iter(range(number, -1, -1))

            def build_other(*progress: object, left: Iterator[int] = left) -> None:
                if next(left, None) == 0:
                    make_parts(corpora["other"], index_path, small_model)

            with pytest.raises(PartUnusable, match=r"changed|missing|was built again during the join|another"):
                papersearch.join_parts(index_path, progress=build_other)
            assert answered(index_path) == before


def test_a_reader_keeps_what_it_reads_for_a_day(
    tmp_path: Path, corpora: dict[str, Path], small_model: Path, no_locks: None
) -> None:
    """Nobody knows of a reader: what it has opened stays for a day, and what is removed then is an error."""
    index_path = tmp_path / "index"
    with quick_encoding():
        papersearch.build(corpora["old"], index_path, model=str(small_model))
        readers = [papersearch.open(index_path) for _ in range(2)]
        for name in ("one", "other", "one"):
            papersearch.build(corpora[name], index_path, model=str(small_model), full=True)
        assert readers[0].search("pipeline topic", 50, "keyword").hits
        long_ago = index_path.stat().st_mtime - 90_000
        for folder in index_path.glob("generation-*"):
            os.utime(folder, (long_ago, long_ago))
        papersearch.build(corpora["other"], index_path, model=str(small_model))
    assert not (index_path / generation_folder(1)).exists()
    with pytest.raises(IndexDamaged, match=r"was removed by a later build: try again"):
        readers[1].search("pipeline topic", 50, "keyword")


def test_a_number_that_is_taken_is_refused(
    tmp_path: Path, corpora: dict[str, Path], small_model: Path, no_locks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation that another build has written is not replaced, and the error says why."""
    index_path = tmp_path / "index"
    papersearch.build(corpora["old"], index_path, words_only=True, model=str(small_model))
    before = answered(index_path)
    monkeypatch.setattr("papersearch.index.publishing.next_generation", lambda path: 1)
    monkeypatch.setattr("papersearch.index.publishing.next_part", lambda path, generation: 1)
    with pytest.raises(IndexNotWritable, match="another build wrote it, and no locks keep builds apart here"):
        papersearch.build(corpora["one"], index_path, words_only=True, model=str(small_model))
    assert answered(index_path) == before


def test_an_encoding_of_another_build_is_not_taken(tmp_path: Path) -> None:
    """Two builds that write one journal read an error there, and not each other's encodings."""
    texts = [bytes([number]) * 32 for number in range(2)]
    encodings = [
        TextEncoding(
            np.full(8, number, np.float32),
            np.zeros(1, np.uint32),
            np.zeros(1, np.uint32),
            np.full((1, 4), number, np.int8),
        )
        for number in range(2)
    ]
    journals = [Journal(tmp_path, "key") for _ in range(2)]
    with closing(journals[0]), closing(journals[1]):
        journals[0].add(texts[0], encodings[0])
        journals[1].load()
        journals[1]._end = 0  # as if both had begun before either wrote
        journals[1].add(texts[1], encodings[1])
        assert journals[1][texts[1]].vector.tolist() == encodings[1].vector.tolist()
        with pytest.raises(IndexNotWritable, match="changed during the build"):
            journals[0][texts[0]]


def test_a_holder_knows_whether_locks_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write lock is seen while it is held, and never where locks are missing or do nothing."""
    assert not is_locked(tmp_path)
    with writing(tmp_path, print):
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    for fcntl in (None, NoLocks(is_silent=False), NoLocks(is_silent=True)):
        monkeypatch.setattr(locking, "fcntl", fcntl)
        with writing(tmp_path, print):
            assert not is_locked(tmp_path)
