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
    has_earlier: list[bool] = np.tril(alike, -1).any(axis=1).tolist()  # nearly no paper has
    groups: list[list[int]] = []
    for place, is_like_one in enumerate(has_earlier):
        group = next((group for group in groups if alike[group[0], place]), None) if is_like_one else None
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return groups
