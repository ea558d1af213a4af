"""Parts and joins that are killed at any write: the index before answers, and the same commands go on."""

from __future__ import annotations

import errno
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.errors import IndexNotWritable
from tests.faults.disk_calls import failing, observed
from tests.faults.killing import Moment, killed_at
from tests.index.parts_of import build_parts, built_and_joined, contents, differing, records
from tests.index.test_joining import PAPERS
from tests.ingest.test_merging import pattern

QUERIES = ("pipeline bubbles", "moth maps", "annealing")


def answered(index_path: Path) -> list[Any]:
    index = papersearch.open(index_path)
    return [index.manifest.generation, *(index.search(query) for query in QUERIES)]


@pytest.mark.slow
@pytest.mark.parametrize("step", [101, pytest.param(17, marks=pytest.mark.soak)])
def test_a_kill_at_any_write(tmp_path: Path, small_model: Path, step: int) -> None:
    """After a kill the shards of one generation answer; the same commands then make what was wanted."""
    corpus, index_path = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    records(corpus / "a.jsonl", PAPERS[:3])
    records(corpus / "b.jsonl", PAPERS[3:])
    built_and_joined(corpus, index_path, 2, small_model)
    old = answered(index_path)
    kept = shutil.copytree(index_path, tmp_path / "kept")
    changed = {**PAPERS[0], "title": "On pipeline bubbles: a study", "abstract": PAPERS[0]["abstract"][:90]}
    records(corpus / "b.jsonl", [changed, *PAPERS[3:], {"title": "On apples", "abstract": pattern("apples")}])
    built_and_joined(corpus, index_path, 2, small_model)
    new, expected = answered(index_path), contents(index_path)
    assert new[0] == 2
    nth, generations = step, []
    while True:
        shutil.rmtree(index_path)
        shutil.copytree(kept, index_path)
        work = partial(built_and_joined, corpus, index_path, 2, small_model)
        if not killed_at(Moment(nth, halfway=False), index_path, work):
            break
        found = answered(index_path)
        assert found in (old, new)
        generations.append(found[0])
        built_and_joined(corpus, index_path, 2, small_model)
        assert differing(contents(index_path), expected) == []
        assert papersearch.open(index_path).verify() == []
        assert sorted(path.name for path in index_path.iterdir()) == [".lock", "parts", "shards", "shards.json"]
        assert sorted(path.name for path in (index_path / "shards").iterdir()) == [
            "00001-of-00002", "00002-of-00002", "generation-000001.json",
        ]  # fmt: skip
        nth += step
    assert len(generations) > 300 // step


@pytest.mark.slow
def test_writes_that_fail(tmp_path: Path, small_model: Path) -> None:
    """A write that fails in a join is an error that says so; the shards before answer, and the next join ends."""
    corpus, index_path = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    records(corpus / "a.jsonl", PAPERS[:3])
    built_and_joined(corpus, index_path, 2, small_model)
    old, nth = answered(index_path), 5
    records(corpus / "a.jsonl", PAPERS)
    build_parts(corpus, index_path, 2, small_model)
    while True:
        try:
            with observed(index_path, failing(nth, errno.ENOSPC)):
                papersearch.join_parts(index_path)
        except IndexNotWritable as error:
            assert "No space left" in error.message
        if answered(index_path) != old:
            break  # it was published, and only then something failed
        assert list(index_path.glob(".joining*")) == []
        nth += 61
    assert nth > 200
    assert papersearch.join_parts(index_path).n_papers == 5
    assert papersearch.open(index_path).verify() == []
