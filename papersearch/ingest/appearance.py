"""What reading one dump gives: appearances of papers, and findings on what was not understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from papersearch.types import Organisation

FindingKind = Literal[
    "file skipped",
    "title without abstract",
    "abstract without title",
    "metadata without paper",
    "metadata not understood",
    "line too long",
    "bytes not UTF-8",
    "mirror link rewritten",
    "metadata conflict",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a dump that the reader of a report should know. `line` counts from 1."""

    kind: FindingKind
    dump: str
    line: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Appearance:
    """One paper as one dump has it: lines [first_line, last_line] of `dump`, from 1, inclusive.

    `mirror_links` are the links as printed where a mirror's host stood in for the original.
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
