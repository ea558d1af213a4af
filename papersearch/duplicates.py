"""Papers that say nearly the same: versions of one work, folded into the one that ranks best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float32Array

LIKENESS = 0.92
"""Cosine from which two papers are taken for versions of one work. Figures in
docs/ranking.md."""


def fold(vectors: Float32Array) -> list[list[int]]:
    """Groups of places in `vectors` (K, D), unit rows in rank order. A row belongs to the first
    group whose first row is like it; groups are in the order of their first rows."""
    alike = vectors @ vectors.T >= LIKENESS
    later = set(np.nonzero(np.tril(alike, -1))[0].tolist())  # those with one like them before; nearly none
    groups: list[list[int]] = []
    for place in range(len(vectors)):
        group = next((group for group in groups if alike[group[0], place]), None) if place in later else None
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return groups
