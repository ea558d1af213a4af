"""The copies of shards as plain objects, which is what Ray makes actors of."""

from __future__ import annotations

import pickle
import shutil
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.api import Index
from papersearch.cluster.actors import Directory, ShardCopy
from papersearch.cluster.copies import Copies
from papersearch.cluster.published import Published, current_publication, open_published
from papersearch.errors import IndexBusy, ShardRefused
from tests.search.cutting import cut, every_nth, ranges

QUERIES = ("pipeline bubbles", "attention", '"language model"', "unheardofword", "RAG")


def in_process(published: Published) -> Copies:
    """Return a transport to one copy of each shard, whose values are pickled on their way."""

    def copy_of(number: int) -> Any:
        actor = ShardCopy(published, number)

        def begin(method: str, request: Any) -> Future[Any]:
            future: Future[Any] = Future()
            sent = pickle.loads(pickle.dumps(request))
            future.set_result(pickle.loads(pickle.dumps(actor.answer(published.stamp, method, sent))))
            return future

        return begin

    return Copies([[copy_of(number)] for number in range(published.n_shards)])


@pytest.mark.parametrize("n_shards", [1, 3])
def test_copies_answer_as_the_index(any_index: papersearch.Index, tmp_path: Path, n_shards: int) -> None:
    """Copies that were opened from what is named to them answer as the one index, in every field."""
    cut(any_index.path, tmp_path, every_nth(len(any_index), n_shards))
    published, _ = current_publication(tmp_path)
    published = pickle.loads(pickle.dumps(published))
    there = Index(open_published(published), in_process(published).call)
    for query in QUERIES:
        assert there.search(query, explain=True) == any_index.search(query, explain=True)


def test_an_index_of_one_piece_is_one_shard(any_index: papersearch.Index) -> None:
    """An index that is not in shards is served as one."""
    published, _ = current_publication(any_index.path)
    assert published.n_shards == 1
    there = Index(open_published(published), in_process(published).call)
    assert there.search(QUERIES[0]) == any_index.search(QUERIES[0])


@pytest.mark.parametrize("what", ["release", "format", "generation"])
def test_other_versions_are_refused(any_index: papersearch.Index, what: str) -> None:
    """A request of another release, format or generation is refused by name, and not answered."""
    published, _ = current_publication(any_index.path)
    stamp = published.stamp._replace(**{what: "of yesterday"})
    found = ShardCopy(published, 0).answer(stamp, "idf", ["attent"])
    assert isinstance(found, ShardRefused)
    assert (found.what, found.asked) == (what, "of yesterday")
    assert ShardCopy(published, 0).answer(published.stamp, "idf", ["attent"])


def test_only_methods_of_shards_are_called(any_index: papersearch.Index) -> None:
    """A request can name a method of the protocol, and nothing else of a shard."""
    published, _ = current_publication(any_index.path)
    for method in ("__init__", "_work", "__class__", ""):
        with pytest.raises(ValueError, match="unknown method"):
            ShardCopy(published, 0).answer(published.stamp, method, None)


def test_a_copy_without_files_is_no_answer(any_index: papersearch.Index, tmp_path: Path) -> None:
    """A copy that cannot open its files fails, so that another is asked; one that is open goes on."""
    index = tmp_path / "index"
    cut(any_index.path, index, ranges(len(any_index), 2))
    published, _ = current_publication(index)
    opened = ShardCopy(published, 1)
    opened.answer(published.stamp, "idf", ["attent"])
    shutil.rmtree(index / "shards")
    with pytest.raises(RuntimeError):
        ShardCopy(published, 1).answer(published.stamp, "idf", ["attent"])
    assert opened.answer(published.stamp, "idf", ["attent"])


def test_a_publication_is_opened_as_it_was(build: Any, small_index: Path) -> None:
    """What was published since is not taken for what was named."""
    published, _ = current_publication(small_index)
    build(full=True)
    with pytest.raises(IndexBusy):
        open_published(published)


def test_a_directory_keeps_the_last_list() -> None:
    """A directory returns what was put last."""
    directory = Directory()
    assert directory.get() == []
    directory.put(["new"])  # type: ignore[list-item]
    assert directory.get() == ["new"]
