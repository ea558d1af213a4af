"""Addresses of papers on the web: arXiv's page, the DOI's, the source's, or a search for the title."""

from __future__ import annotations

from urllib.parse import quote

from papersearch.types import Paper

_OF_PATHS = "/:;()._-~!&*+,=@"
"""Characters that a path may hold as they are (RFC 3986), but for `$` and `'`, which a shell expands or ends
a word at. The others are percent-encoded."""


def address_of(paper: Paper) -> str:
    """Return the paper's page, or a search for it if the page is unknown."""
    return page_of(paper) or search_for(paper)


def page_of(paper: Paper) -> str | None:
    """Return the paper's arXiv page, else its DOI's, else the one its source gives; None without any."""
    if paper.arxiv_id:
        return f"https://arxiv.org/abs/{quote(paper.arxiv_id, safe=_OF_PATHS)}"
    if paper.doi:
        return f"https://doi.org/{quote(paper.doi, safe=_OF_PATHS)}"
    return web_address(paper.url) if paper.url else None


def web_address(url: str) -> str | None:
    """Return an address of the web that is safe to print in a link, or None if `url` is another kind."""
    if not url.lower().startswith(("http://", "https://")):
        return None
    return quote(url, safe=f"{_OF_PATHS}?#%[]")


def search_for(paper: Paper) -> str:
    """Return a search of arXiv for the paper's exact title, or for its id if it has no title."""
    words = quote(f'"{paper.title or paper.paper_id}"', safe="")
    return f"https://arxiv.org/search/?searchtype=title&query={words}"
