"""Where a paper is read on the web."""

from __future__ import annotations

from urllib.parse import quote

from papersearch.types import Paper


def page_of(paper: Paper) -> str | None:
    """Where the paper is read: its arXiv page, else its DOI's; None when neither is known."""
    if paper.arxiv_id:
        return f"https://arxiv.org/abs/{quote(paper.arxiv_id, safe='/.')}"
    return f"https://doi.org/{quote(paper.doi, safe='/.;()')}" if paper.doi else None


def search_for(paper: Paper) -> str:
    """A search of arXiv for the paper's exact title, or its id where it has none."""
    words = quote(f'"{paper.title or paper.paper_id}"', safe="")
    return f"https://arxiv.org/search/?searchtype=title&query={words}"
