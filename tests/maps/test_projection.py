"""Places of papers: the same for the same vectors, and near for papers that are alike."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import papersearch
from papersearch.maps.projection import check_installed, place


def blobs(n_papers: int, n_blobs: int, seed: int = 0) -> tuple[Any, Any]:
    """Return unit vectors around some directions, (N, 32) float32, and the direction of each."""
    random = np.random.default_rng(seed)
    middles = random.normal(size=(n_blobs, 32))
    labels = random.integers(0, n_blobs, n_papers)
    vectors = middles[labels] + random.normal(0, 0.3, (n_papers, 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def test_the_same_vectors_give_the_same_places() -> None:
    """Places do not depend on the number of threads, nor on the last digits of the vectors."""
    vectors, _ = blobs(120, 4)
    expected = place(vectors)
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            assert np.array_equal(place(vectors), expected)
    noise = np.random.default_rng(1).normal(0, 1e-9, vectors.shape)
    assert np.array_equal(place(vectors + noise), expected)


def test_papers_that_are_alike_lie_together() -> None:
    """The nearest neighbours of nearly every paper on the map have its direction."""
    vectors, labels = blobs(300, 6)
    places = place(vectors)
    away = np.square(places[:, np.newaxis] - places).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    nearest = np.argsort(away, axis=1)[:, :5]
    assert (labels[nearest] == labels[:, np.newaxis]).mean() > 0.97


@pytest.mark.parametrize("n_papers", [0, 1, 2, 3, 5, 7, 8, 9, 12, 40])
@pytest.mark.parametrize("kind", ["different", "equal", "two kinds", "narrow"])
def test_any_number_of_papers(n_papers: int, kind: str) -> None:
    """Any papers, equal ones too, have finite places in the unit square, which is wider than high."""
    vectors, _ = blobs(n_papers, 3)
    if kind == "equal":
        vectors[:] = vectors[:1]
    elif kind == "two kinds":
        vectors[::2] = vectors[:1]
    elif kind == "narrow":
        vectors = vectors[:, :1]
    places = place(vectors)
    assert places.shape == (n_papers, 2)
    assert np.isfinite(places).all()
    assert ((places >= 0) & (places <= 1)).all()
    if n_papers > 1:
        assert np.ptp(places[:, 0]) >= np.ptp(places[:, 1])


def test_the_steps_are_told() -> None:
    """The progress never falls, and ends with all steps."""
    told: list[tuple[int, int]] = []
    place(blobs(40, 2)[0], lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 0


@pytest.mark.parametrize("module", ["openTSNE", "sklearn.decomposition"])
def test_a_package_that_is_missing_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a package of the extra, the error says which one."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(papersearch.MapUnavailable, match=module):
        check_installed()
