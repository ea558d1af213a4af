"""The indexed text of a paper: title first, then the abstract.

Lexical and dense retrieval read the same text. Nothing is analysed or encoded here.
"""

from __future__ import annotations

from collections.abc import Sequence

from papersearch.types import Paper


def paper_text(paper: Paper) -> str:
    """Return the text of a paper that both retrievers index."""
    return "\n".join(filter(None, (paper.title, paper.abstract)))


def abstract_start(paper: Paper) -> int:
    """Return the offset of the abstract in `paper_text`, in characters."""
    return len(paper.title) + 1 if paper.title else 0


class Texts(Sequence[str]):
    """The papers' texts, each built when it is read: all at once need as much memory as the papers."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._papers = papers

    def __len__(self) -> int:
        return len(self._papers)

    def __getitem__(self, doc_idx: int) -> str:  # type: ignore[override]  # no slices
        return paper_text(self._papers[doc_idx])
