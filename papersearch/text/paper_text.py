"""What of a paper is indexed: one text, title first."""

from __future__ import annotations

from collections.abc import Sequence

from papersearch.types import Paper


def paper_text(paper: Paper) -> str:
    """The text of a paper that both sides index."""
    return "\n".join(filter(None, (paper.title, paper.abstract)))


def abstract_start(paper: Paper) -> int:
    """Where in that text the abstract begins."""
    return len(paper.title) + 1 if paper.title else 0


class Texts(Sequence[str]):
    """The papers' texts, made when they are asked for: all of them take as much as the papers."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._papers = papers

    def __len__(self) -> int:
        return len(self._papers)

    def __getitem__(self, doc_idx: int) -> str:  # type: ignore[override]  # no slices
        return paper_text(self._papers[doc_idx])
