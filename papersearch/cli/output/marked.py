"""The marks of the papers that a verb prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from papersearch.errors import MarksError
from papersearch.search.filter_table import NO_MARK_FILTERS, MarkFilters

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.marks.mark import Mark
    from papersearch.types import Paper


class Marked(NamedTuple):
    """Marks by paper id, and the conditions on marks of the search that is shown."""

    by_id: Mapping[str, Mark]
    wanted: MarkFilters = NO_MARK_FILTERS

    def of(self, paper: Paper) -> Mark | None:
        """Return the mark of a paper; None without one."""
        return self.by_id.get(paper.paper_id)


def find_marked(papers: Sequence[Paper], opened: Index, wanted: MarkFilters = NO_MARK_FILTERS) -> Marked:
    """Return the marks of papers; a file that cannot be read is said, and costs no answer."""
    from papersearch.cli.locations import find_marks

    path = find_marks()
    if not papers or not path.exists():
        return Marked({}, wanted)
    from papersearch.cli.errors import complain
    from papersearch.cli.hints import explained
    from papersearch.marks.file import read_marks

    try:
        found = read_marks(path).of(papers, opened)
    except MarksError as error:
        complain(*explained(error))
        return Marked({}, wanted)
    by_id = {paper.paper_id: mark for paper, mark in zip(papers, found, strict=True) if mark is not None}
    return Marked(by_id, wanted)
