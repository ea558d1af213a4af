"""Groups of places: nested, numbered by size, and never across a gap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from papersearch.maps.clusters import MOST_COARSE, group

COORDINATES = st.integers(0, 12).map(lambda number: number / 12)


@settings(max_examples=150)
@given(st.lists(st.tuples(COORDINATES, COORDINATES), max_size=60))
@example([(0.0, 1 / 12), (1 / 12, 0.0)])  # as a matrix, it could be one of distances
def test_groups_are_nested_and_numbered_by_size(points: list[tuple[float, float]]) -> None:
    """Each paper has one group of each level, a fine group lies in one coarse group, and sizes fall."""
    found = group(np.array(points, dtype=np.float64).reshape(-1, 2))
    assert len(found.coarse) == len(found.fine) == len(points)
    for labels in found:
        sizes = np.bincount(labels).tolist()
        assert 0 not in sizes
        assert sizes == sorted(sizes, reverse=True)
    assert len(set(found.coarse.tolist())) <= MOST_COARSE
    pairs = set(zip(found.fine.tolist(), found.coarse.tolist(), strict=True))
    assert len(pairs) == len(set(found.fine.tolist()))
    by_place = dict(zip(points, found.coarse.tolist(), strict=True))
    assert [by_place[point] for point in points] == found.coarse.tolist()


@pytest.mark.parametrize("n_papers", [400, 5000])
def test_a_gap_parts_groups(n_papers: int) -> None:
    """Eight heaps of papers with gaps between them are the eight groups, however many the papers."""
    random = np.random.default_rng(0)
    middles = np.array([(x, y) for x in (0.1, 0.4, 0.7, 0.95) for y in (0.1, 0.9)])
    heaps = random.integers(0, 8, n_papers)
    found = group(middles[heaps] + random.normal(0, 0.01, (n_papers, 2)))
    assert len(set(zip(heaps.tolist(), found.coarse.tolist(), strict=True))) == 8
    assert len(set(found.coarse.tolist())) == 8
