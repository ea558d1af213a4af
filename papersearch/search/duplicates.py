"""Near-duplicates: fold the versions of one work into the version that ranks best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.products import ROUNDING, row_dots

if TYPE_CHECKING:
    from papersearch.types import BoolArray, Float32Array

LIKENESS = 0.92
"""Least cosine of two versions of one work; figures in docs/ranking.md."""


def fold(vectors: Float32Array) -> list[list[int]]:
    """Group the near-duplicates among `vectors` (K, D), unit rows in rank order.

    A row joins the first group whose first row is a near-duplicate. Groups are lists of row
    numbers, in the order of their first rows.
    """
    alike = _are_alike(vectors)
    later = set(np.nonzero(np.tril(alike, -1))[0].tolist())  # few rows have a near-duplicate before them
    groups: list[list[int]] = []
    for place in range(len(vectors)):
        group = next((group for group in groups if alike[group[0], place]), None) if place in later else None
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return groups


def _are_alike(vectors: Float32Array) -> BoolArray:
    """Compare all pairs of rows: (K, K), True where their cosine is at least LIKENESS.

    Pairs within ROUNDING of the threshold are computed again by a sum that does not depend on the
    other rows.
    """
    cosines = vectors @ vectors.T
    alike: BoolArray = cosines >= LIKENESS
    for first, second in np.argwhere(np.abs(cosines - LIKENESS) < ROUNDING).tolist():
        alike[first, second] = row_dots(vectors[[first]], vectors[second])[0] >= LIKENESS
    return alike
