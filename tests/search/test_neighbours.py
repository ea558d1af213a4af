"""Candidates that resemble each other vote for each other: against brute force in whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from papersearch.search.fusion import Signal, combine
from papersearch.search.neighbours import nearest, neighbours_of, with_neighbours
from papersearch.types import DEFAULT_WEIGHTS

if TYPE_CHECKING:
    from papersearch.types import Float32Array


def unit_rows(seed: int, n_rows: int, dimensions: int) -> Float32Array:
    """Random unit vectors."""
    rows = np.random.default_rng(seed).standard_normal((n_rows, dimensions)) + 1
    unit: Float32Array = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.mark.parametrize("n", [1, 2, 5, 19])
@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_by_brute_force(seed: int, n: int) -> None:
    """The others of greatest product in whole numbers, the first of equal ones; twins and zero rows too."""
    vectors = unit_rows(seed, 20, 384)
    vectors[[4, 11, 17]] = vectors[2]
    vectors[[5, 6]] = 0
    whole = [[round(4000 * value) for value in row] for row in vectors.tolist()]
    for place, found in enumerate(nearest(vectors, n).tolist()):
        likeness = [sum(a * b for a, b in zip(whole[place], other, strict=True)) for other in whole]
        others = [other for other in range(20) if other != place]
        assert found == sorted(sorted(others, key=lambda other: (-likeness[other], other))[:n])


def test_a_quarter_is_the_neighbours_mean() -> None:
    """With forty candidates two neighbours count: a quarter of the score is their mean, and contributions
    add up to the score; twins keep equal scores."""
    vectors = unit_rows(7, 40, 64)
    vectors[[9, 30]] = vectors[1]
    words, meaning = np.linspace(0, 8, 40), np.random.default_rng(1).random(40)
    words[[9, 30]], meaning[[9, 30]] = words[1], meaning[1]
    before = [Signal("keyword", words, 0.0, 8.0, 0.5), Signal("semantic", meaning, 0.0, 1.0, 0.5)]
    signals = with_neighbours(before, neighbours_of(vectors), DEFAULT_WEIGHTS.neighbours)
    assert [signal.name for signal in signals] == ["keyword", "semantic", "neighbours"]
    assert [signal.weight for signal in signals] == [0.375, 0.375, 0.25]
    own, scores = combine(before), combine(signals)
    for place, near in enumerate(nearest(vectors, 2).tolist()):
        assert scores[place] == pytest.approx(0.75 * own[place] + 0.25 * (own[near[0]] + own[near[1]]) / 2)
    assert scores[1] == scores[9] == scores[30]


@pytest.mark.parametrize(("n_candidates", "n_signals"), [(0, 1), (1, 1), (19, 1), (20, 2), (100, 2)])
def test_few_candidates_have_no_neighbours(n_candidates: int, n_signals: int) -> None:
    """Below twenty candidates the signals are as they were."""
    signals = [Signal("keyword", np.arange(n_candidates, dtype=np.float64), 0.0, 1.0, 1.0)]
    near = neighbours_of(unit_rows(0, n_candidates, 8))
    assert len(with_neighbours(signals, near, 0.25)) == n_signals
