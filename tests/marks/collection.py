"""A collection of papers that marks look into, in place of an index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from papersearch.text.identity import title_key
from papersearch.types import LookUpBy, Paper


def paper(paper_id: str, title: str = "", **fields: Any) -> Paper:
    """Return a paper; without a title it is called after its id."""
    return Paper(paper_id=paper_id, title=title or f"On {paper_id}", abstract="", **fields)


class Collection:
    """Papers by id, looked up by comparing every one."""

    def __init__(self, *papers: Paper) -> None:
        self.papers = papers

    def look_up(self, names: Sequence[str], by: LookUpBy = "id") -> tuple[str | None, ...]:
        """Return the id of the one paper of each name."""
        return tuple(self._only(name, by) for name in names)

    def paper(self, name: str) -> Paper:
        """Return the paper with this id."""
        [found] = [each for each in self.papers if each.paper_id == name]
        return found

    def _only(self, name: str, by: str) -> str | None:
        is_named: dict[str, Callable[[Paper], bool]] = {
            "id": lambda paper: paper.paper_id == name,
            "title": lambda paper: title_key(paper.title) == title_key(name),
            "identifier": lambda paper: (
                name in (f"arXiv:{paper.arxiv_id}", f"doi:{paper.doi}")
            ),  # of the same version, in the same case
        }
        found = [each.paper_id for each in self.papers if is_named[by](each)]
        return found[0] if len(found) == 1 else None
