"""Rankings by words, meaning and both, against float64 brute force."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from papersearch.dense.vectors import PaperVectors, quantize
from papersearch.search.ranking import by_both, by_meaning


def unit_rows(rng: np.random.Generator, n_papers: int, dimensions: int, spread: float) -> npt.NDArray[np.float32]:
    """Unit vectors around one direction: the smaller the spread, the closer their cosines."""
    rows = rng.standard_normal(dimensions) + spread * rng.standard_normal((n_papers, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("spread", [10.0, 0.5, 0.01])
@pytest.mark.parametrize("seed", range(5))
def test_int8_decides_nothing(seed: int, spread: float) -> None:
    """Rankings by meaning and by both are those of float64 brute force, however close the
    cosines are; papers alike keep paper order; no estimate errs by more than its margin."""
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng, 700, 24, spread)
    vectors[300:310] = vectors[5]  # ties
    query = unit_rows(rng, 1, 24, 10.0)[0]
    if seed == 0:
        query = vectors[5]
    exact = vectors.astype(np.float64) @ query.astype(np.float64)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(query)
    assert np.abs(cosines.estimates - exact).max() <= cosines.margin < 0.1
    np.testing.assert_allclose(cosines.bounds(), (exact.min(), exact.max()), atol=1e-12)
    allowed = np.flatnonzero(rng.random(700) < 0.9)
    keyword = np.where(rng.random(700) < 0.3, rng.random(700) * 20, 0.0)
    low, high = exact.min(), exact.max()
    both = 0.4 * keyword / keyword.max() + 0.6 * (exact - low) / (high - low)
    for k in (1, 10, 100, 650, 900):
        by_cosine = by_meaning(cosines, allowed, k)
        found = cosines.exact(by_cosine.papers)
        assert by_cosine.papers.tolist() == _brute_force(exact, allowed, k)
        np.testing.assert_allclose(by_cosine.scores, found)
        fused = by_both(keyword, cosines, allowed, k)
        assert fused.papers.tolist() == _brute_force(both, allowed, k)
        np.testing.assert_allclose(fused.scores, both[fused.papers], atol=1e-9)
        assert by_cosine.total == fused.total == len(allowed)


def _brute_force(scores: npt.NDArray[np.float64], allowed: npt.NDArray[np.int64], k: int) -> list[int]:
    """A full sort; what differs by less than arithmetic does counts as equal."""
    return sorted(allowed.tolist(), key=lambda doc: (-round(float(scores[doc]), 12), doc))[:k]


def test_convex_combination_by_hand() -> None:
    """Four papers, worked out with a pencil: words count .4, meaning .6, each from 0 to 1."""
    vectors = np.array([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6], [0.0, 1.0]], np.float32)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(np.array([1.0, 0.0], np.float32))
    ranking = by_both(np.array([0.0, 4.0, 2.0, 0.0]), cosines, np.arange(4), 3)
    assert ranking.papers.tolist() == [1, 2, 0]
    assert ranking.scores.tolist() == pytest.approx([0.76, 0.68, 0.6])


def test_vectors_that_say_nothing() -> None:
    """Papers whose vectors are zero are ranked all the same, in paper order."""
    vectors = np.zeros((3, 4), np.float32)
    cosines = PaperVectors(vectors, *quantize(vectors)).scan(np.ones(4, np.float32) / 2)
    assert by_meaning(cosines, np.arange(3), 2).papers.tolist() == [0, 1]
