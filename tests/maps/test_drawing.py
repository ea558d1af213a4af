"""Maps of an open index: which papers are on them, and the same for every form of one index."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import papersearch
from papersearch.api import Index
from papersearch.index.generations import open_current
from papersearch.maps import drawing
from papersearch.maps.drawing import draw_answer, draw_collection
from papersearch.maps.paper_map import PaperMap
from tests.conftest import CORPUS
from tests.growing import encode_in_part
from tests.rewriting import record_anew
from tests.search.cutting import every_nth, held


def quietly(step: str, done: int, total: int) -> None:
    """Pass over a step."""


@pytest.fixture(scope="module")
def whole(any_index: Index) -> PaperMap:
    """Return the map of the committed corpus."""
    return draw_collection(any_index, "All", quietly)


def test_the_collection_is_on_its_map(any_index: Index, whole: PaperMap) -> None:
    """Every paper of an index has a place, in paper order, and belongs to named groups."""
    assert [paper.paper_id for paper in whole.papers] == [paper.paper_id for paper in any_index.papers()]
    assert whole.n_shown == len(any_index) == len(whole.places)
    assert whole.n_missing == 0
    assert sum(group.n_papers for group in whole.groups) == len(any_index)
    assert all(group.terms for group in whole.groups)


def test_an_answer_is_shown_before_its_collection(any_index: Index, whole: PaperMap) -> None:
    """The map of an answer has the places and names of the collection's, and only hits and examples are shown."""
    hits = any_index.search("moe routing", 12).hits
    example = any_index.papers()[7]
    drawn = draw_answer(any_index, "moe routing", hits, [example], quietly)
    assert np.array_equal(drawn.places, whole.places)
    assert drawn.groups == whole.groups
    assert {drawn.papers[number].paper_id: hit.rank for number, hit in drawn.hits.items()} == {
        hit.paper.paper_id: hit.rank for hit in hits
    }
    assert drawn.examples == {7}
    shown = {drawn.papers[number].paper_id for number in np.flatnonzero(drawn.is_shown).tolist()}
    assert shown == {hit.paper.paper_id for hit in hits} | {example.paper_id}


def test_an_answer_of_a_large_collection_is_alone(any_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a collection above the limit, only hits and examples are placed."""
    monkeypatch.setattr(drawing, "MOST_BEHIND", 100)
    hits = any_index.search("moe routing", 12).hits
    drawn = draw_answer(any_index, "moe routing", hits, [hits[0].paper], quietly)
    assert [paper.paper_id for paper in drawn.papers] == [hit.paper.paper_id for hit in hits]
    assert drawn.n_shown == len(hits)


def test_shards_give_the_map_of_one_index(any_index: Index, whole: PaperMap) -> None:
    """Places, groups and names do not depend on how an index is cut into shards."""
    shards = Index(held(open_current(any_index.path), every_nth(len(any_index), 3)))
    drawn = draw_collection(shards, "All", quietly)
    assert np.array_equal(drawn.places, whole.places)
    assert (drawn.groups, drawn.fine_groups) == (whole.groups, whole.fine_groups)


def test_papers_without_a_vector_are_counted(any_index: Index, tmp_path: Path) -> None:
    """A partly encoded index gives the map of its encoded papers, and the number of the others."""
    path = shutil.copytree(any_index.path, tmp_path / "index")
    encode_in_part(CORPUS, path, 60)
    index = papersearch.open(path)
    n_encoded = index.encoded.n_encoded
    assert 0 < n_encoded < len(index)
    drawn = draw_collection(index, "All", quietly)
    assert (len(drawn.papers), drawn.n_missing) == (n_encoded, len(index) - n_encoded)
    vectors = index.vectors()
    on_map = {paper.paper_id for paper in drawn.papers}
    assert on_map == {paper.paper_id for paper, vector in zip(index.papers(), vectors, strict=True) if vector.any()}
    hits = index.search("moe routing", 40, mode="keyword").hits
    answer = draw_answer(index, "moe routing", hits, [], quietly)
    assert answer.n_missing == sum(hit.paper.paper_id not in on_map for hit in hits) > 0
    assert answer.n_shown + answer.n_missing == len(hits)


def test_an_index_of_words_has_no_map(any_index: Index, tmp_path: Path) -> None:
    """Before any paper is encoded, an error says so and names the index."""
    papersearch.build(CORPUS, tmp_path / "index", words_only=True)
    index = papersearch.open(tmp_path / "index")
    hits = index.search("moe routing", 5).hits
    for draw in (
        lambda: draw_collection(index, "All", quietly),
        lambda: draw_answer(index, "moe routing", hits, [], quietly),
    ):
        with pytest.raises(papersearch.NothingEncoded, match="encoded") as caught:
            draw()
        assert caught.value.index_path == index.path


def test_too_many_papers(any_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection above the limit is refused before anything is placed; an answer of it is not."""
    monkeypatch.setattr(drawing, "MOST_PAPERS", 100)
    monkeypatch.setattr(drawing, "MOST_BEHIND", 100)
    with pytest.raises(papersearch.MapTooLarge, match=f"{len(any_index):,} papers.*100"):
        draw_collection(any_index, "All", quietly)
    assert draw_answer(any_index, "x", any_index.search("moe", 3).hits, [], quietly).n_shown == 3


def test_a_server_gives_no_vectors(server: Any, patient: None) -> None:
    """An index on a server is refused with an error that says so."""
    index = papersearch.open(server.address)
    with pytest.raises(papersearch.NotServed, match="vectors"):
        draw_collection(index, "All", quietly)
    with pytest.raises(papersearch.NotServed, match="vectors"):
        draw_answer(index, "x", index.search("moe", 3).hits, [], quietly)


def test_vectors_are_those_of_the_index(any_index: Index) -> None:
    """Vectors come in paper order, or in the order of names, and have length one."""
    vectors = any_index.vectors()
    assert vectors.shape == (len(any_index), 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    names = [any_index.papers()[number].paper_id for number in (5, 0, 9)]
    assert np.array_equal(any_index.vectors(names), vectors[[5, 0, 9]])
    assert len(any_index.vectors([])) == 0
    with pytest.raises(papersearch.PaperNotFound):
        any_index.vectors(["nothing of this name"])


def test_a_vector_that_is_not_a_number(any_index: Index, tmp_path: Path) -> None:
    """A damaged vector is damage of the index, not an error of a library."""
    path = shutil.copytree(any_index.path, tmp_path / "index")
    (file,) = path.glob("generation-*/vectors.npy")
    content = bytearray(file.read_bytes())
    content[-4:] = np.float32("nan").tobytes()
    file.write_bytes(content)
    record_anew(path, file.parent, file.name)
    with pytest.raises(papersearch.IndexDamaged, match="not a number"):
        draw_collection(papersearch.open(path), "All", quietly)
