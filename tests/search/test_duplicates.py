"""Papers that say nearly the same, folded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import papersearch
from papersearch.search.duplicates import LIKENESS, fold
from tests.conftest import page, sentence


def test_fold_by_hand() -> None:
    """A row joins the first group whose first row is like it, not one that is like another of its rows."""
    near, far = np.arccos(LIKENESS) * 0.9, np.arccos(LIKENESS) * 1.7
    angles = np.array([0.0, 2.0, near, far, 2.0])
    rows = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert fold(rows) == [[0, 2], [1, 4], [3]]
    assert fold(rows[:0]) == []


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
