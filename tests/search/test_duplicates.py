"""Papers that say nearly the same, folded."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import papersearch
from papersearch.search import duplicates
from papersearch.search.duplicates import LIKENESS, fold
from tests.conftest import page, sentence
from tests.growing import encode_in_part
from tests.memory import with_peak


def test_fold_by_hand() -> None:
    """A row joins the first group whose first row is like it, not one that is like another of its rows."""
    near, far = np.arccos(LIKENESS) * 0.9, np.arccos(LIKENESS) * 1.7
    angles = np.array([0.0, 2.0, near, far, 2.0])
    rows = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert fold(rows) == [[0, 2], [1, 4], [3]]
    assert fold(rows[:0]) == []


def grouped(rows: Any) -> list[list[int]]:
    """Group rows by the rule itself, one row and one first row at a time."""
    groups: list[list[int]] = []
    for number, row in enumerate(rows.astype(float)):
        like = (group for group in groups if math.fsum(row * rows[group[0]].astype(float)) >= LIKENESS)
        group = next(like, None)
        if group is None:
            groups.append([number])
        else:
            group.append(number)
    return groups


@given(
    st.lists(st.sampled_from([0.0, 0.3, 0.37, 0.41, 0.44, 0.8, 2.0]) | st.floats(0, 3), max_size=25),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sets(st.integers(0, 24), max_size=3),
)
def test_blocks_change_no_group(angles: list[float], n_rows: int, n_columns: int, unencoded: set[int]) -> None:
    """However many rows are compared at once, groups are those of the rule, and rows of zeros are alone."""
    rows = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    rows[[place for place in unencoded if place < len(rows)]] = 0
    with mock.patch.multiple(duplicates, _ROWS=n_rows, _COLUMNS=n_columns):
        found = fold(rows)
    assert found == grouped(rows)
    assert all(len(group) == 1 for group in found if not rows[group[0]].any())


def test_the_threshold_is_exact() -> None:
    """Pairs whose cosine differs from the threshold by less than a product in float32 errs are decided by it."""
    random = np.random.default_rng(5)
    first = random.standard_normal(384)
    first /= np.linalg.norm(first)
    rows = [first]
    for shift in np.linspace(-4e-7, 4e-7, 81):
        other = random.standard_normal(384)
        other -= (other @ first) * first
        cosine = LIKENESS + shift
        rows.append(cosine * first + math.sqrt(1 - cosine * cosine) * other / np.linalg.norm(other))
    near = np.array(rows, dtype=np.float32)
    found = fold(near)
    assert found == grouped(near)
    assert 10 < len(found[0]) < 72


def test_memory_is_bounded() -> None:
    """Memory grows with the number of rows, and not with its square."""
    rows = np.zeros((20_000, 8), dtype=np.float32)
    rows[:, 0] = 1
    rows[::2] = 0
    found, peak = with_peak(lambda: fold(rows))
    assert len(found) == 10_001
    assert peak < 100_000_000


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> papersearch.Index:
    """Build an index in which one paper has two titles."""
    folder = tmp_path_factory.mktemp("twins")
    (folder / "corpus").mkdir()
    same = sentence("pipeline bubbles", 900)
    papers = [
        ("On pipeline bubbles", same),
        ("On protein folding", sentence("protein folding", 700)),
        ("Pipeline bubbles, revisited", same + " This version corrects a table."),
    ]
    (folder / "corpus" / "page.txt").write_text(page(papers), encoding="utf-8")
    papersearch.build(folder / "corpus", folder / "index", model=str(small_model))
    return papersearch.open(folder / "index")


def test_near_duplicates_are_folded(twins: papersearch.Index) -> None:
    """A folded hit names its near-duplicates, and no paper is lost; without folding all are hits."""
    rows = twins._opened.vectors.exact
    assert float(rows[0] @ rows[2]) >= LIKENESS  # what the test is about
    apart = twins.search("pipeline bubbles")
    folded = twins.search("pipeline bubbles", fold=True)
    names = [hit.paper.paper_id for hit in apart]
    seen = [name for hit in folded for name in (hit.paper.paper_id, *(twin.paper_id for twin in hit.duplicates))]
    assert len(apart) == folded.total == 3
    assert len(folded) < len(apart)
    assert sorted(seen) == sorted(names)
    assert [hit.rank for hit in folded] == list(range(1, len(folded) + 1))
    assert all(hit.duplicates == () for hit in apart)
    assert twins.search("pipeline bubbles", k=1, fold=True)[0] == folded[0]


def test_folding_changes_nothing_where_papers_differ(real_index: papersearch.Index) -> None:
    """Without near-duplicates among the hits, folding shows the same hits."""
    plain = real_index.search("pipeline bubbles", k=20)
    vectors = real_index._opened.vectors.exact
    ids = {name: place for place, name in enumerate(real_index._opened.paper_ids)}
    rows = vectors[[ids[hit.paper.paper_id] for hit in plain]]
    assert ((rows @ rows.T) - np.eye(len(rows)) < LIKENESS).all()
    assert real_index.search("pipeline bubbles", k=20, fold=True).hits == plain.hits


@pytest.mark.slow
def test_all_papers_are_compared(twins: papersearch.Index, real_index: papersearch.Index) -> None:
    """Groups of a collection are those of all its vectors by the rule, with the cosines in them."""
    for index in (twins, real_index):
        rows, papers = index.vectors(), list(index.papers())
        found = index.near_duplicates()
        assert found.n_compared == len(index)
        assert [[one.paper_id for one in group] for group in found.groups] == [
            [papers[number].paper_id for number in group] for group in grouped(rows) if len(group) > 1
        ]
        for group in found.groups:
            [first, *others] = index.vectors([one.paper_id for one in group])
            assert group[0].likeness == 1
            assert [one.likeness for one in group[1:]] == pytest.approx([float(other @ first) for other in others])
            assert [index.paper(one.short_id).title for one in group] == [one.title for one in group]
    assert len(twins.near_duplicates().groups) == 1


@pytest.mark.parametrize("n_encoded", [0, 3])
def test_what_is_not_encoded_is_not_compared(small_corpus: Path, small_index: Path, n_encoded: int) -> None:
    """Papers without a vector are in no group, and are not counted as compared."""
    encode_in_part(small_corpus, small_index, n_encoded)
    index = papersearch.open(small_index)
    found = index.near_duplicates()
    assert found.n_compared == n_encoded
    assert [len(group) for group in grouped(index.vectors()) if len(group) > 1] == list(map(len, found.groups))
