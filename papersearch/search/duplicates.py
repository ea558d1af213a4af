"""Near-duplicates: fold the versions of one work into the version that comes first.

Hits are in rank order. All papers of a collection are in paper order.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.products import ROUNDING, row_dots
from papersearch.types import NearDuplicate, NearDuplicates

if TYPE_CHECKING:
    from papersearch.search.shards import Shards
    from papersearch.types import BoolArray, Float32Array

LIKENESS = 0.92
"""Least cosine of two versions of one work; figures in docs/ranking.md."""

_ROWS = 1_024
_COLUMNS = 8_192
"""Rows and first rows compared at once: their cosines take 32 MB."""


def fold(vectors: Float32Array) -> list[list[int]]:
    """Group the near-duplicates among `vectors` (K, D), unit rows in rank order.

    A row joins the first group whose first row is a near-duplicate. Groups are lists of row
    numbers, in the order of their first rows. Rows of zeros are like no row.
    """
    groups: dict[int, list[int]] = {}
    for start in range(0, len(vectors), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(vectors)))
        firsts = np.fromiter(groups, dtype=np.int64, count=len(groups))
        for at in range(0, len(firsts), _COLUMNS):
            columns = firsts[at : at + _COLUMNS]
            alike = _are_alike(vectors[rows], vectors[columns])
            joins = alike.any(axis=1)
            for row, first in zip(rows[joins].tolist(), columns[alike[joins].argmax(axis=1)].tolist(), strict=True):
                groups[first].append(row)
            rows = rows[~joins]
        _group_among(vectors, rows.tolist(), groups)
    return list(groups.values())


def find_near_duplicates(vectors: Float32Array, shards: Shards) -> NearDuplicates:
    """Group the near-duplicates among all papers, of which `vectors` (N, D) has the rows."""
    groups = [group for group in fold(vectors) if len(group) > 1]
    members = np.array([number for group in groups for number in group], dtype=np.int64)
    papers = iter(shards.papers(shards.holding(members)))
    return NearDuplicates(
        n_compared=shards.manifest.n_encoded,
        groups=tuple(
            tuple(
                NearDuplicate(
                    paper_id=paper.paper_id,
                    short_id=shards.short_id(paper),
                    title=paper.title,
                    year=paper.year,
                    likeness=likeness,
                )
                for paper, likeness in zip(islice(papers, len(group)), _likenesses(vectors[group]), strict=True)
            )
            for group in groups
        ),
    )


def _likenesses(vectors: Float32Array) -> list[float]:
    """Return the cosine of each row (K, D) with the first; that of the first itself is 1."""
    return [1.0, *row_dots(vectors[1:], vectors[0]).tolist()]


def _group_among(vectors: Float32Array, rows: list[int], groups: dict[int, list[int]]) -> None:
    """Group rows that are like no earlier first row: each joins a first row among them, or becomes one."""
    alike = _are_alike(vectors[rows], vectors[rows])
    later = set(np.nonzero(np.tril(alike, -1))[0].tolist())  # few rows have a near-duplicate before them
    firsts: list[int] = []
    for place, row in enumerate(rows):
        first = next((first for first in firsts if alike[place, first]), None) if place in later else None
        if first is None:
            firsts.append(place)
            groups[row] = [row]
        else:
            groups[rows[first]].append(row)


def _are_alike(rows: Float32Array, columns: Float32Array) -> BoolArray:
    """Compare rows (K, D) with columns (L, D): (K, L), True where their cosine is at least LIKENESS.

    Pairs within ROUNDING of the threshold are computed again by a sum that does not depend on the
    other rows.
    """
    cosines: Float32Array = rows @ columns.T
    alike: BoolArray = cosines >= LIKENESS
    is_doubtful: BoolArray = (cosines >= LIKENESS - ROUNDING) & (cosines < LIKENESS + ROUNDING)
    for column in np.flatnonzero(is_doubtful.any(axis=0)).tolist():
        doubtful = np.flatnonzero(is_doubtful[:, column])
        alike[doubtful, column] = row_dots(rows[doubtful], columns[column]) >= LIKENESS
    return alike
