"""Papers that say nearly the same: versions of one work, folded into the one that ranks best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.products import row_dots

if TYPE_CHECKING:
    from papersearch.types import BoolArray, Float32Array

LIKENESS = 0.92
"""Cosine from which two papers are taken for versions of one work. Figures in
docs/ranking.md."""

_DOUBT = 1e-5
"""More than float32 arithmetic can be off."""


def fold(vectors: Float32Array) -> list[list[int]]:
    """Groups of places in `vectors` (K, D), unit rows in rank order. A row belongs to the first
    group whose first row is like it; groups are in the order of their first rows."""
    alike = _are_alike(vectors)
    later = set(np.nonzero(np.tril(alike, -1))[0].tolist())  # those with one like them before; nearly none
    groups: list[list[int]] = []
    for place in range(len(vectors)):
        group = next((group for group in groups if alike[group[0], place]), None) if place in later else None
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return groups


def _are_alike(vectors: Float32Array) -> BoolArray:
    """(K, K): whether the cosine of two rows is at least LIKENESS; where float32 leaves it in doubt,
    by a sum that does not depend on the other rows."""
    cosines = vectors @ vectors.T
    alike: BoolArray = cosines >= LIKENESS
    for first, second in np.argwhere(np.abs(cosines - LIKENESS) < _DOUBT).tolist():
        alike[first, second] = row_dots(vectors[[first]], vectors[second])[0] >= LIKENESS
    return alike
