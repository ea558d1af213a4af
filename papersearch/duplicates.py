"""Papers that say nearly the same: versions of one work, folded into the one that ranks best."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papersearch.types import Float32Array

LIKENESS = 0.92
"""Cosine from which two papers are taken for versions of one work. Figures in
docs/ranking.md."""


def fold(vectors: Float32Array) -> list[list[int]]:
    """Groups of places in `vectors` (K, D), unit rows in rank order. A row belongs to the first
    group whose first row is like it; groups are in the order of their first rows."""
    cosines = vectors @ vectors.T
    groups: list[list[int]] = []
    for place in range(len(vectors)):
        for group in groups:
            if cosines[group[0], place] >= LIKENESS:
                group.append(place)
                break
        else:
            groups.append([place])
    return groups
