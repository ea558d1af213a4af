"""Addresses of papers on the web: arXiv's page, the DOI's, or a search for the title."""

from __future__ import annotations

from urllib.parse import quote

from papersearch.types import Paper


def address_of(paper: Paper) -> str:
    """Return the paper's page, or a search for it if the page is unknown."""
    return page_of(paper) or search_for(paper)


def page_of(paper: Paper) -> str | None:
    """Return the paper's arXiv page, else its DOI's; None if neither is known."""
    if paper.arxiv_id:
        return f"https://arxiv.org/abs/{quote(paper.arxiv_id, safe='/.')}"
    return f"https://doi.org/{quote(paper.doi, safe='/.;()')}" if paper.doi else None


def search_for(paper: Paper) -> str:
    """Return a search of arXiv for the paper's exact title, or for its id if it has no title."""
    words = quote(f'"{paper.title or paper.paper_id}"', safe="")
    return f"https://arxiv.org/search/?searchtype=title&query={words}"
