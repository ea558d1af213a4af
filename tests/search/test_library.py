"""Papers for a reader's library: brute force, laws of order and of exclusion, and several interests."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import papersearch
from papersearch.dense.whitening import SHRINKAGE
from papersearch.errors import InvalidDate, LibraryEmpty
from papersearch.search import library
from papersearch.search.library import SOFTNESS
from papersearch.types import LibraryPaper
from tests.conftest import CORPUS
from tests.growing import encode_in_part


def as_written(index: papersearch.Index, places: list[int]) -> list[papersearch.Paper]:
    papers = index.papers()
    return [papers[place] for place in places]


@pytest.mark.parametrize("places", [[3], [3, 50], [5, 90, 91, 120, 250, 17, 3]])
def test_it_is_brute_force(real_index: papersearch.Index, places: list[int]) -> None:
    """Scores are the soft maximum of whitened cosines as numpy computes them, within rounding."""
    vectors = real_index._opened.vectors.exact.astype(np.float64)
    covariance = np.cov(vectors.T, bias=True)
    shrunk = covariance + SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    rows = (vectors - vectors.mean(axis=0)) @ np.linalg.cholesky(np.linalg.inv(shrunk))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    likenesses = rows @ rows[places].T
    expected = SOFTNESS * np.log(np.exp(likenesses / SOFTNESS).mean(axis=1))
    found = real_index.recommend(as_written(real_index, places), 20)
    numbers = [real_index.papers().find(hit.paper.paper_id) for hit in found]
    np.testing.assert_allclose([hit.score for hit in found], expected[numbers], atol=2e-3)
    others = np.delete(np.arange(len(vectors)), places)
    assert expected[numbers].min() >= np.sort(expected[others])[-20] - 4e-3
    for number, hit in zip(numbers, found, strict=True):
        assert hit.library_match is not None
        np.testing.assert_allclose(hit.library_match.likeness, likenesses[number].max(), atol=2e-3)


def test_what_the_library_has_is_left_out(real_index: papersearch.Index) -> None:
    """A paper of the library is left out, also under another name or spelling."""
    own = real_index.paper("gpipe")
    known = LibraryPaper(paper_id="mine", title=own.title.upper())
    found = real_index.recommend([known], k=400)
    assert own.paper_id not in {hit.paper.paper_id for hit in found} and found.total == len(real_index) - 1
    assert {hit.library_match.paper_id for hit in found if hit.library_match} == {"mine"}
    by_id = LibraryPaper(paper_id="mine", title="Another title", doi=None, arxiv_id=None)
    assert real_index.recommend([by_id], k=400).total == len(real_index)
    as_stored = real_index.recommend([own], k=400)  # the stored vector is taken, not one of the title alone
    assert [hit.score for hit in found] == [hit.score for hit in as_stored]


def test_the_order_of_a_library_has_no_effect(real_index: papersearch.Index) -> None:
    """Every order of the same papers gives the same bits."""
    library = as_written(real_index, [5, 90, 120, 250])
    assert real_index.recommend(library, 30) == real_index.recommend(library[::-1], 30)


def test_each_interest_is_served(real_index: papersearch.Index) -> None:
    """Of two interests that are far apart, both have hits among the first; the mean vector lies between."""
    library = [
        LibraryPaper(paper_id="a", title="Pipeline parallelism for training", abstract="Bubbles of pipelines."),
        LibraryPaper(paper_id="b", title="Speculative decoding", abstract="A draft model proposes tokens."),
    ]
    matched = {hit.library_match.paper_id for hit in real_index.recommend(library, 10) if hit.library_match}
    assert matched == {"a", "b"}


def test_filters_are_those_of_a_search(real_index: papersearch.Index) -> None:
    """Filters leave papers out before the first k are taken, and undated papers are counted."""
    library = as_written(real_index, [3, 50])
    every = real_index.recommend(library, 400)
    dated = real_index.recommend(library, 400, since="2025")
    kept = [hit.paper.paper_id for hit in every if (hit.paper.year or 0) >= 2025]
    assert [hit.paper.paper_id for hit in dated] == kept
    undated = [hit.paper for hit in every if hit.paper.year is None]
    assert dated.undated is not None and dated.undated.n_papers == len(undated)
    assert [paper.paper_id for paper in dated.undated.papers] == [paper.paper_id for paper in undated[:10]]


def test_what_cannot_be_ranked(real_index: papersearch.Index) -> None:
    """An empty library and a malformed date are errors."""
    with pytest.raises(LibraryEmpty):
        real_index.recommend([])
    with pytest.raises(InvalidDate):
        real_index.recommend(as_written(real_index, [3]), since="soon")


@pytest.mark.slow
@pytest.mark.parametrize("sample", [1, 20_000])
def test_few_encoded_papers_are_enough(
    any_index: papersearch.Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: int
) -> None:
    """Where few papers have a vector, these are ranked, also if a sample of all has none of them."""
    path = shutil.copytree(any_index.path, tmp_path / "index")
    encode_in_part(CORPUS, path, 3)
    monkeypatch.setattr(library, "SAMPLE", sample)
    partly = papersearch.open(path)
    found = partly.recommend([LibraryPaper(paper_id="mine", title="On routing tokens to experts")], 10)
    assert found.total == partly.encoded.n_encoded == len(found) < len(partly)
