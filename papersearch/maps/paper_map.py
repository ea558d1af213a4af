"""A map as a value: which papers it shows, where, in which groups, and how they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.maps.clusters import group
from papersearch.maps.naming import name_groups
from papersearch.maps.periods import Period, divide, period_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from papersearch.text.analysis import Analyzer
    from papersearch.types import BoolArray, Float64Array, Hit, IntArray, Paper


class Group(NamedTuple):
    """A group of papers.

    terms: the most telling first; empty if nothing tells its papers from others
    place: where its name is written
    coarse: the coarse group to which it belongs; its own number if it is one
    """

    terms: tuple[str, ...]
    place: tuple[float, float]
    n_papers: int
    coarse: int

    @property
    def name(self) -> str:
        """The terms in a row, for people."""
        return ", ".join(self.terms) or "no common term"


class PaperMap(NamedTuple):
    """A map of N papers.

    title: the query, or the name of the collection
    places: (N, 2) in [0, 1], from the upper left corner
    coarse, fine: (N,) the groups of each paper
    groups, fine_groups: by number
    periods: (N,) the period of each paper's year; None if it is unknown
    hits: the answers to the query, by the index of the paper
    examples: indices of the papers that the query names
    is_shown: (N,) False for papers that are only behind an answer
    n_missing: papers that have no vector, and therefore no place
    """

    title: str
    papers: Sequence[Paper]
    places: Float64Array
    coarse: IntArray
    fine: IntArray
    is_shown: BoolArray
    groups: tuple[Group, ...]
    fine_groups: tuple[Group, ...]
    periods: Sequence[int | None]
    known_periods: tuple[Period, ...]
    hits: Mapping[int, Hit]
    examples: frozenset[int]
    n_missing: int

    @property
    def n_shown(self) -> int:
        """Number of papers that are not behind: all, or those that answer."""
        return int(np.count_nonzero(self.is_shown))


def make_map(
    title: str,
    papers: Sequence[Paper],
    places: Float64Array,
    *,
    analyzer: Analyzer,
    hits: Mapping[int, Hit] | None = None,
    examples: frozenset[int] = frozenset(),
    n_missing: int = 0,
) -> PaperMap:
    """Make a map of papers at these places, all of a collection or of an answer: group and name them.

    Papers behind an answer are grouped with it, so that names and colours are those of the collection.
    """
    answering = {*(hits or ()), *examples}
    is_shown = np.array([not answering or number in answering for number in range(len(papers))])
    grouping = group(places)
    names, fine_names = name_groups(papers, places, grouping, analyzer)
    parents = np.zeros(len(fine_names), dtype=np.int64)
    parents[grouping.fine] = grouping.coarse
    known = divide([paper.year for paper, shown in zip(papers, is_shown.tolist(), strict=True) if shown])
    return PaperMap(
        title=title,
        papers=papers,
        places=places,
        coarse=grouping.coarse,
        fine=grouping.fine,
        is_shown=is_shown,
        groups=_groups(names, places, grouping.coarse, range(len(names))),
        fine_groups=_groups(fine_names, places, grouping.fine, parents.tolist()),
        periods=[period_of(paper.year, known) for paper in papers],
        known_periods=tuple(known),
        hits=hits or {},
        examples=examples,
        n_missing=n_missing,
    )


def _groups(
    names: Sequence[tuple[str, ...]], places: Float64Array, labels: IntArray, coarse: Sequence[int]
) -> tuple[Group, ...]:
    found = []
    for number, (terms, parent) in enumerate(zip(names, coarse, strict=True)):
        members = places[labels == number]
        x, y = np.median(members, axis=0).tolist()
        found.append(Group(terms, (x, y), len(members), parent))
    return tuple(found)
