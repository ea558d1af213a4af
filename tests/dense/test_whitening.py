"""Whitening: the covariance of a collection, shrunk and undone, exactly in any order of adding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersearch.dense.whitening import SHRINKAGE, UNIT, Whitening, sums_of, whitened, whitening_of

if TYPE_CHECKING:
    from papersearch.types import Float32Array, Float64Array


def unit_vectors(n: int, n_dimensions: int, seed: int) -> Float32Array:
    """Return unit rows that have a common direction, as the vectors of one field have."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, n_dimensions)) * np.linspace(1.0, 0.1, n_dimensions) + 0.5
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def rows_of(vectors: Float32Array, whitening: Whitening) -> Float64Array:
    return np.concatenate(list(whitened(vectors, whitening)))


@pytest.mark.parametrize(("n", "n_dimensions"), [(4000, 24), (1500, 7), (30, 24)])
def test_it_is_the_formula(n: int, n_dimensions: int) -> None:
    """Cosines are those of the textbook's formula in floating point, within rounding."""
    vectors = unit_vectors(n, n_dimensions, 1)
    plain = vectors.astype(np.float64)
    covariance = np.cov(plain.T, bias=True)
    shrunk = covariance + SHRINKAGE * np.trace(covariance) / n_dimensions * np.eye(n_dimensions)
    inverse = np.linalg.inv(shrunk)
    centred = plain[:20] - plain.mean(axis=0)
    products = centred @ inverse @ centred.T
    lengths = np.sqrt(np.diag(products))
    rows = rows_of(vectors[:20], whitening_of([sums_of(vectors)]))
    np.testing.assert_allclose(rows @ rows.T / UNIT, products / np.outer(lengths, lengths), atol=2e-3)


@settings(max_examples=30)
@given(st.integers(1, 3000), st.integers(1, 40), st.lists(st.floats(0, 1), max_size=5), st.integers(0, 9))
def test_any_cut_gives_the_same_bits(n: int, n_dimensions: int, cuts: list[float], seed: int) -> None:
    """Sums of parts, in any order, add up to the sum of all; rows do not depend on those beside them."""
    vectors = unit_vectors(n, n_dimensions, seed)
    parts = np.split(vectors, sorted(int(cut * n) for cut in cuts))
    whole, cut = whitening_of([sums_of(vectors)]), whitening_of([sums_of(part) for part in reversed(parts)])
    assert all(np.array_equal(one, other) for one, other in zip(whole, cut, strict=True))
    apart = [rows_of(part, whole) for part in parts if len(part)]
    assert np.array_equal(rows_of(vectors, whole), np.concatenate(apart))


def test_products_are_exact() -> None:
    """Every product is a whole number that float64 holds, also for as many dimensions as models have."""
    vectors = unit_vectors(300, 768, 2)
    whitening = whitening_of([sums_of(vectors)])
    rows = rows_of(vectors, whitening)
    assert np.array_equal(rows, np.rint(rows)) and np.array_equal(whitening.matrix, np.rint(whitening.matrix))
    exact = rows[:3].astype(np.int64) @ rows[:50].astype(np.int64).T
    assert np.array_equal(rows[:3] @ rows[:50].T, exact.astype(np.float64))


@pytest.mark.parametrize("n", [1, 2])
def test_papers_that_are_all_alike(n: int) -> None:
    """One paper, and papers with one text, have no direction of their own: rows of zeros."""
    vectors = np.repeat(unit_vectors(1, 8, 3), n, axis=0)
    rows = rows_of(vectors, whitening_of([sums_of(vectors)]))
    assert rows.shape == (n, 8) and np.isfinite(rows).all()
