"""Maps of an open index: of the whole collection, or of an answer.

An answer of a small collection has the rest of it behind, so that its place in the whole is seen. In
a large one, where placing all papers takes minutes, its papers are placed alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.errors import MapTooLarge, NothingEncoded
from papersearch.index.opened import analyzer_of
from papersearch.maps.paper_map import PaperMap, make_map
from papersearch.maps.projection import check_installed, place

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.types import Float32Array, Float64Array, Hit, IntArray, Paper

MOST_PAPERS = 100_000
"""Greatest number of papers of a map."""

MOST_BEHIND = 3_000
"""Greatest number of papers of a collection that is shown behind an answer: placing them takes seconds."""

MOST_HITS = 200
"""Number of best papers of an answer among which a map shows those that are not weak."""

MOST_SIMILAR = 50
"""Number of papers similar to examples that a map shows: they have no verdict that would end the list."""

Progress = Callable[[str, int, int], None]
"""Callback with a step, the amount done and the total amount; the total is 0 if it is unknown."""


def draw_collection(index: Index, title: str, progress: Progress) -> PaperMap:
    """Draw the map of all papers of an index.

    Raises MapUnavailable, MapTooLarge, NothingEncoded, and NotServed for an index on a server.
    """
    check_installed()
    if len(index) > MOST_PAPERS:
        raise MapTooLarge(n_papers=len(index), limit=MOST_PAPERS)
    vectors = index.vectors()
    numbers = _encoded(vectors, index)
    progress("reading papers", 0, 0)
    every = list(index.papers())
    papers = [every[number] for number in numbers.tolist()]
    places, analyzer = _places(vectors[numbers], progress), analyzer_of(index.manifest, index.path)
    return make_map(title, papers, places, analyzer=analyzer, n_missing=len(vectors) - len(numbers))


def draw_answer(
    index: Index, title: str, hits: Sequence[Hit], examples: Sequence[Paper], progress: Progress
) -> PaperMap:
    """Draw the map of the papers that answer a query, and of the examples that it names.

    Raises as `draw_collection` does.
    """
    check_installed()
    asked = {paper.paper_id: paper for paper in (*(hit.paper for hit in hits), *examples)}
    is_alone = len(index) > MOST_BEHIND
    vectors = index.vectors(list(asked) if is_alone else None)
    numbers = _encoded(vectors, index)
    progress("reading papers", 0, 0)
    everything: Sequence[Paper] = list(asked.values()) if is_alone else list(index.papers())
    papers = [everything[number] for number in numbers.tolist()]
    at = {paper.paper_id: number for number, paper in enumerate(papers)}
    known = at.keys() & asked.keys()
    if not known:
        raise _nothing_encoded(len(asked), index)
    return make_map(
        title,
        papers,
        _places(vectors[numbers], progress),
        analyzer=analyzer_of(index.manifest, index.path),
        hits={at[hit.paper.paper_id]: hit for hit in hits if hit.paper.paper_id in known},
        examples=frozenset(at[paper.paper_id] for paper in examples if paper.paper_id in known),
        n_missing=len(asked) - len(known),
    )


def _encoded(vectors: Float32Array, index: Index) -> IntArray:
    """Return the indices of the rows that are vectors: a paper without one has zeros. Raises NothingEncoded."""
    found = np.flatnonzero(vectors.any(axis=1))
    if len(found) == 0:
        raise _nothing_encoded(len(vectors), index)
    return found


def _nothing_encoded(n_papers: int, index: Index) -> NothingEncoded:
    error = NothingEncoded(n_papers=n_papers)
    error.index_path = index.path
    return error


def _places(vectors: Float32Array, progress: Progress) -> Float64Array:
    def told(done: int, total: int) -> None:
        progress("placing papers", done, total)

    places = place(vectors, told)
    progress("naming groups", 0, 0)
    return places
