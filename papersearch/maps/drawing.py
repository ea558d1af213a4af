"""Maps of an open index: of the whole collection, or of an answer.

An answer of a small collection has the rest of it behind, so that its place in the whole is seen. In
a large one, where placing all papers takes minutes, its papers are placed alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.errors import MapTooLarge, NothingEncoded
from papersearch.maps.drawn import PaperMap, drawn
from papersearch.maps.projection import check_installed, place

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.types import Float32Array, Hit, IntArray, Paper

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
    papers = _papers(index, numbers)
    places = _places(vectors[numbers], progress)
    return drawn(title, papers, places, n_missing=len(vectors) - len(numbers))


def draw_answer(
    index: Index, title: str, hits: Sequence[Hit], examples: Sequence[Paper], progress: Progress
) -> PaperMap:
    """Draw the map of the papers that answer a query, and of the examples that it names.

    Raises as `draw_collection` does.
    """
    check_installed()
    found = [index.papers().find(paper.paper_id) for paper in (*(hit.paper for hit in hits), *examples)]
    is_alone = len(index) > MOST_BEHIND
    asked = np.array(sorted(set(found)) if is_alone else range(len(index)), dtype=np.int64)
    vectors = index.vectors(asked.tolist())
    kept = _encoded(vectors, index)
    numbers = asked[kept]
    at = {number: position for position, number in enumerate(numbers.tolist())}
    if not at.keys() & set(found):
        raise _nothing_encoded(len(found), index)
    progress("reading papers", 0, 0)
    papers = _papers(index, numbers)
    return drawn(
        title,
        papers,
        _places(vectors[kept], progress),
        hits={at[number]: hit for number, hit in zip(found, hits, strict=False) if number in at},
        examples=frozenset(at[number] for number in found[len(hits) :] if number in at),
        n_missing=len(set(found) - at.keys()),
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


def _papers(index: Index, numbers: IntArray) -> list[Paper]:
    """Read papers by ascending numbers."""
    papers = index.papers()
    if len(numbers) < len(papers):
        return [papers[number] for number in numbers.tolist()]
    return list(papers)


def _places(vectors: Float32Array, progress: Progress) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    def told(done: int, total: int) -> None:
        progress("placing papers", done, total)

    places = place(vectors, told)
    progress("naming groups", 0, 0)
    return places
