"""The cursor among the hits of `papersearch browse`: it follows a paper through rankings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from papersearch.types import Hit


class Cursor(NamedTuple):
    """A place among hits that change.

    paper_id: the paper at it; None for the best hit, whichever that is
    row: where the paper was last, from 0
    is_put: the reader has moved it
    """

    paper_id: str | None = None
    row: int = 0
    is_put: bool = False

    def row_in(self, hits: Sequence[Hit]) -> int | None:
        """Return the row of the paper, or of the hit it is folded into; None if it is not among the hits."""
        folded = None
        for row, hit in enumerate(hits):
            if hit.paper.paper_id == self.paper_id:
                return row
            if folded is None and any(other.paper_id == self.paper_id for other in hit.duplicates):
                folded = row
        return folded

    def nearest(self, hits: Sequence[Hit]) -> int:
        """Return the row of the paper, else the nearest to where it was."""
        row = self.row_in(hits)
        return min(self.row, max(len(hits) - 1, 0)) if row is None else row

    def followed(self, hits: Sequence[Hit]) -> Cursor:
        """Return the cursor among other hits. A paper that is not there may come back: it is kept."""
        if self.paper_id is None:
            return Cursor(hits[0].paper.paper_id) if hits else self
        row = self.row_in(hits)
        return self if row is None else self._replace(row=row)

    def released(self) -> Cursor:
        """Return the cursor for another query: one that the reader has not moved shows the best hit."""
        return self if self.is_put else Cursor()
