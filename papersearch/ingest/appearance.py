"""The appearance of a paper in one dump, before appearances are merged into papers."""

from __future__ import annotations

from dataclasses import dataclass

from papersearch.types import AuthorName, Organisation


@dataclass(slots=True)  # frozen, one would take four times as long to make; nothing changes it
class Appearance:
    """One paper as one dump gives it: lines [first_line, last_line] of `dump`, from 1, inclusive.

    `mirror_links` are the printed links whose host was a mirror; `links` has the originals.
    `record_id` is the id that a record carries; papers of a copied page carry none. It means
    something within `namespace`; where that is empty, within the dump alone.
    """

    dump: str
    first_line: int
    last_line: int
    title: str
    abstract: str
    links: tuple[str, ...]
    mirror_links: tuple[str, ...] = ()
    date: str | None = None
    year: int | None = None
    year_inferred: bool = False
    author_count: int | None = None
    organisation: Organisation | None = None
    comment_count: int | None = None
    record_id: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    arxiv_id: str | None = None
    doi: str | None = None
    upvotes: int | None = None
    month: int | None = None
    author_names: tuple[AuthorName, ...] = ()
    namespace: str = ""
    venue: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    publisher: str | None = None
    url: str | None = None
    citation_key: str | None = None
