"""Publications of one build: words first, parts while papers are encoded, the complete generation last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import papersearch
from papersearch.errors import IndexMissing, NoEarlierGeneration, NothingEncoded
from papersearch.index import files
from papersearch.index.generations import generations
from papersearch.index.layout import DENSE_FILES, generation_folder
from papersearch.index.meaning import LEAST_STEP, next_milestone
from papersearch.types import Filters
from tests.faults.killing import Moment, killed_at
from tests.growing import leftovers, quick_encoding, records, tree

N_PAPERS = 40


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    records(tmp_path / "corpus", *range(N_PAPERS))
    return tmp_path / "corpus"


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def make(corpus: Path, index_path: Path, small_model: Path) -> Iterator[Any]:
    """Build with an encoder that is quick, in many parts."""
    with quick_encoding():
        yield lambda **options: papersearch.build(
            corpus, options.pop("path", index_path), **{"model": str(small_model), **options}
        )


def folders(index_path: Path) -> list[str]:
    return sorted(path.name for path in index_path.glob("generation-*"))


class Watching:
    """A progress callback that calls `act` with the number of encoded papers at each new publication."""

    def __init__(self, index_path: Path, act: Callable[[int], None]) -> None:
        self.index_path, self.act, self.seen = index_path, act, ""

    def __call__(self, step: str, done: int, total: int) -> None:
        try:
            manifest = papersearch.open(self.index_path).manifest
        except IndexMissing:
            return
        if manifest.folder != self.seen:
            self.seen = manifest.folder
            self.act(manifest.n_encoded)


def words_of(index: papersearch.Index) -> Any:
    """Return answers that need no vector."""
    queries = ("pipeline 3", '"beside topic 7"', "title:topic -pipeline", "topic OR nothing")
    found = [
        index.search(query, 50, "keyword", facets=True, filters=Filters(dumps=("records.jsonl",)))
        for query in queries
    ]
    return [one.replace(encoded=None) for one in found], index.papers()[3], index.findings()


def test_every_publication_is_whole(make: Any, index_path: Path) -> None:
    """From the first publication on words answer as in the end; vectors double; every part passes the doctor."""
    seen: list[int] = []
    answers: list[Any] = []

    def look(n_encoded: int) -> None:
        index = papersearch.open(index_path)
        assert index.verify() == []
        seen.append(n_encoded)
        answers.append(words_of(index))
        assert int(np.linalg.norm(index._opened.vectors.exact, axis=1).round().sum()) == n_encoded

    report = make(progress=Watching(index_path, look))
    assert seen == [0, 4, 8, 16, 32]
    look(N_PAPERS)
    assert all(answer == answers[-1] for answer in answers)
    assert (report.n_encoded, report.manifest.part, report.manifest.generation) == (N_PAPERS, 0, 1)
    assert (folders(index_path), leftovers(index_path)) == ([generation_folder(1)], [])


def test_parts_lead_to_the_same_bytes(make: Any, index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last publication is that of a build in one go, byte for byte, its manifest included."""
    make()
    monkeypatch.setattr("papersearch.index.publishing.WORDS_FIRST", 1000)
    monkeypatch.setattr("papersearch.index.meaning.LEAST_STEP", 1000)
    other = index_path.with_name("other")
    make(path=other)
    assert tree(index_path / generation_folder(1)) == tree(other / generation_folder(1))


def test_parts_share_the_files_of_words(make: Any, index_path: Path) -> None:
    """A later part has the very files of the first one, except what encodings change."""
    make(words_only=True, model=None)
    with ExitStack() as held:  # else the system may give the number of a removed file to a new one
        first = {
            path.name: os.fstat(held.enter_context(path.open("rb")).fileno())
            for path in (index_path / generation_folder(1, 1)).iterdir()
        }
        make()
        last = {path.name: path.stat() for path in (index_path / generation_folder(1)).iterdir()}
    shared = {name for name in last if name in first and os.path.samestat(first[name], last[name])}
    assert shared == set(papersearch.open(index_path).manifest.files) - DENSE_FILES


def test_without_links_files_are_copied(make: Any, index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system makes no links, parts have copies, and the doctor finds nothing."""

    def refuse(*arguments: Any, **options: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(files.os, "link", refuse)
    make()
    assert papersearch.open(index_path).verify() == []


def test_words_only(make: Any, index_path: Path) -> None:
    """Words need no model, and twice is once; a build goes on without reading a dump; vectors are kept."""
    report = make(words_only=True, model="/nowhere")
    assert (report.n_encoded, report.manifest.n_encoded, report.manifest.encoder) == (0, 0, None)
    assert make(words_only=True, model=None).outcome == "up to date"
    steps: set[str] = set()
    assert make(progress=lambda step, done, total: steps.add(step)).n_encoded == N_PAPERS
    assert "reading dumps" not in steps
    assert (make().outcome, make(words_only=True, model=None).outcome) == ("up to date", "up to date")
    records(index_path.with_name("corpus"), *range(3, N_PAPERS + 2))
    manifest = make(words_only=True, model=None).manifest
    assert (manifest.folder, manifest.n_encoded) == (generation_folder(2, 1), N_PAPERS - 3)
    assert (make().n_encoded, folders(index_path)) == (2, [generation_folder(1), generation_folder(2)])


def test_nothing_is_encoded_yet(make: Any, index_path: Path) -> None:
    """Before the first vector, hybrid mode answers by words and says why; meaning alone is an error."""
    make(words_only=True, model=None)
    index = papersearch.open(index_path)
    found, words = index.search("pipeline 3"), index.search("pipeline 3", mode="keyword")
    assert (found.mode_used, found.hits) == ("keyword", words.hits)
    assert "none of the 40 papers is encoded yet" in str(found.mode_reason)
    for ask in (lambda: index.search("x", mode="semantic"), lambda: index.similar(["p1"])):
        with pytest.raises(NothingEncoded, match="none of the 40 papers"):
            ask()


@pytest.mark.slow
def test_an_interrupt_at_every_publication(make: Any, index_path: Path) -> None:
    """An interrupt leaves the last publication; the next build goes on, and ends as if nothing had been."""
    for place in range(1, 6):
        path = index_path.with_name(f"index-{place}")
        seen: list[int] = []

        def stop(n_encoded: int, seen: list[int] = seen, place: int = place) -> None:
            seen.append(n_encoded)
            if len(seen) == place:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            make(path=path, progress=Watching(path, stop))
        index = papersearch.open(path)
        assert (index.manifest.n_encoded, index.verify()) == (seen[-1], [])
        index.search("topic", new=True)
        report = make(path=path)
        assert report.n_encoded <= N_PAPERS - seen[-1]
        make(path=index_path)
        assert tree(path / generation_folder(1)) == tree(index_path / generation_folder(1))
        assert leftovers(path) == []


def test_a_rollback_undoes_the_build(make: Any, corpus: Path, index_path: Path) -> None:
    """Going back from any part leads to the build before, and the papers of the last build are its own."""
    make()
    with pytest.raises(NoEarlierGeneration):
        papersearch.rollback(index_path)
    records(corpus, *range(5, N_PAPERS + 20))
    assert make(words_only=True, model=None).manifest.part == 1
    new = papersearch.open(index_path).search("topic", 100, new=True, mode="keyword")
    assert {hit.paper.paper_id for hit in new} == {f"p{n}" for n in range(N_PAPERS, N_PAPERS + 20)}
    manifest = papersearch.rollback(index_path)
    assert (manifest.generation, manifest.part, papersearch.open(index_path).verify()) == (1, 0, [])
    make()
    assert papersearch.open(index_path).manifest.generation == 3
    again = papersearch.open(index_path).search("topic", 100, new=True, mode="keyword")
    assert [hit.paper for hit in again] == [hit.paper for hit in new]
    assert generations(index_path) == [1, 3]


def test_a_part_stays_while_it_is_read(make: Any, index_path: Path) -> None:
    """A reader of the first part still answers after the build, and the part goes with the reader."""
    readers: list[papersearch.Index] = []
    make(progress=Watching(index_path, lambda n: readers.append(papersearch.open(index_path)) if n == 0 else None))
    assert len(readers[0].search("pipeline 3", mode="keyword")) == 10
    assert folders(index_path) == [generation_folder(1), generation_folder(1, 1)]
    readers.clear()
    make(full=True)
    assert folders(index_path) == [generation_folder(1), generation_folder(2)]


def test_vectors_are_never_lost_on_the_way(make: Any, index_path: Path, small_model: Path, tmp_path: Path) -> None:
    """While everything is encoded anew, for another model or from scratch, the complete index stays."""
    make()
    other = shutil.copytree(small_model, tmp_path / "other")
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    for options in ({"full": True}, {"model": str(other)}):
        seen: list[int] = []
        make(progress=Watching(index_path, seen.append), **options)
        assert seen == [N_PAPERS]


def test_words_made_anew_keep_vectors(make: Any, index_path: Path) -> None:
    """Words alone, from scratch, leave the vectors as they are."""
    make()
    report = make(words_only=True, model=None, full=True)
    assert (report.manifest.generation, report.manifest.n_encoded) == (2, N_PAPERS)


def test_another_corpus_is_searched_at_once(make: Any, corpus: Path, index_path: Path) -> None:
    """Where no paper of the index remains, nothing is lost by publishing words first."""
    make()
    records(corpus, *range(100, 130))
    seen: list[int] = []
    make(progress=Watching(index_path, seen.append))
    assert seen[:2] == [N_PAPERS, 0]


def test_a_damaged_part_is_read_anew(make: Any, index_path: Path) -> None:
    """A build does not go on with files that differ from their checksums."""
    make(words_only=True, model=None)
    path = index_path / generation_folder(1, 1) / "papers.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[:-5] + b"x" + content[-4:])
    make()
    assert papersearch.open(index_path).verify() == []


def test_milestones_double() -> None:
    """There are few milestones, however large a corpus is, and none soon after another."""
    reached, n = 0, 0
    while reached < 700_000:
        later = next_milestone(reached)
        assert later - reached >= max(LEAST_STEP, reached)
        reached, n = later, n + 1
    assert n < 15


@pytest.mark.slow
@pytest.mark.parametrize("step", [61, pytest.param(7, marks=pytest.mark.soak)])
def test_a_kill_at_any_write(make: Any, corpus: Path, index_path: Path, step: int, at_one_time: None) -> None:
    """Killed at any call that writes, in any part, a build leaves a whole index, and the next one goes on."""
    records(corpus, *range(5))
    make()
    small = words_of(papersearch.open(index_path))
    kept = shutil.copytree(index_path, index_path.with_name("kept"))
    records(corpus, *range(N_PAPERS + 30))
    make(path=index_path.with_name("fresh"), full=True)
    fresh = papersearch.open(index_path.with_name("fresh"))
    large, expected = words_of(fresh), tree(index_path.with_name("fresh") / generation_folder(1))
    nth, n_killed, parts = step, 0, set()
    while True:
        shutil.rmtree(index_path)
        shutil.copytree(kept, index_path)
        if not killed_at(Moment(nth, halfway=False), index_path, make):
            break
        n_killed += 1
        index = papersearch.open(index_path)
        parts.add(index.manifest.folder)
        assert words_of(index) in (small, large)
        assert index.verify() == []
        del index
        make()
        ours = tree(index_path / papersearch.open(index_path).manifest.folder)
        when = ("manifest.json", "papers.since.npy", "papers.added.npy", "checksums.npy")
        ours = {name: content for name, content in ours.items() if name not in when}
        assert {name: expected[name] for name in ours} == ours
        assert leftovers(index_path) == []
        nth += step
    assert n_killed > 400 // step
    assert len(parts) > 2
