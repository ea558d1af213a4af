"""Where a paper is read on the web."""

from __future__ import annotations

import os
import sys
from urllib.parse import quote

from papersearch.types import Paper


def address_of(paper: Paper) -> str:
    """The paper's page; a search for it where that is not known."""
    return page_of(paper) or search_for(paper)


def page_of(paper: Paper) -> str | None:
    """Where the paper is read: its arXiv page, else its DOI's; None when neither is known."""
    if paper.arxiv_id:
        return f"https://arxiv.org/abs/{quote(paper.arxiv_id, safe='/.')}"
    return f"https://doi.org/{quote(paper.doi, safe='/.;()')}" if paper.doi else None


def search_for(paper: Paper) -> str:
    """A search of arXiv for the paper's exact title, or its id where it has none."""
    words = quote(f'"{paper.title or paper.paper_id}"', safe="")
    return f"https://arxiv.org/search/?searchtype=title&query={words}"


def open_page(url: str) -> None:
    """Open it in the web browser: in a process of its own, which has nothing of
    this one's streams. A browser would keep open a pipe that stdout is, and write on the terminal."""
    import subprocess

    if not url.startswith(("https://", "http://")):
        return
    # Without TERM, no browser is taken that would draw on a terminal.
    environment = {name: value for name, value in os.environ.items() if name != "TERM"}
    subprocess.run(  # noqa: S603  # this Python, and an address made above
        [sys.executable, "-m", "webbrowser", url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
        check=False,
    )
