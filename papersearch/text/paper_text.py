"""The indexed text of a paper: title first, then the abstract; and its keywords, which only words search.

The encoder and BM25 read the same text. BM25 reads the keywords too (docs/ranking.md has figures).
Nothing is analysed or encoded here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from papersearch.types import LibraryPaper, Paper


def paper_text(paper: Paper | LibraryPaper) -> str:
    """Return the text of a paper that both retrievers index."""
    return "\n".join(filter(None, (paper.title, paper.abstract)))


def abstract_start(paper: Paper) -> int:
    """Return the offset of the abstract in `paper_text`, in characters."""
    return len(paper.title) + 1 if paper.title else 0


MAX_KEYWORDS = 100_000
"""Most keywords of one paper that are searched: their positions have to fit into 32 bits."""

_ARXIV_CLASS = re.compile(
    r"(?:astro-ph|cond-mat|cs|econ|eess|math|nlin|physics|q-bio|q-fin|stat)\.[A-Za-z-]+"
    r"|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nucl-(?:ex|th)|quant-ph"
)


def is_arxiv_class(category: str) -> bool:
    """Tell whether a category is the code of one of arXiv's subject classes, such as `cs.LG`."""
    return _ARXIV_CLASS.fullmatch(category) is not None


def keywords_of(paper: Paper) -> list[str]:
    """Return the keywords that are searched: all categories but arXiv's.

    Those are codes, not words: `cs.AI` on each second paper would make "AI" worthless in a query.
    """
    return [name for name in paper.categories[:MAX_KEYWORDS] if not is_arxiv_class(name)]


class Texts(Sequence[str]):
    """The papers' texts, each built when it is read: all at once need as much memory as the papers."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._papers = papers

    def __len__(self) -> int:
        return len(self._papers)

    def __getitem__(self, doc_idx: int) -> str:  # type: ignore[override]  # no slices
        return paper_text(self._papers[doc_idx])
