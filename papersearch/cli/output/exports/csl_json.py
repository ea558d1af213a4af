"""CSL-JSON: what pandoc, Zotero and editors of notes read without any escaping.

What CSL has no variable for is in `note`, one "name: value" a line, as Zotero and pandoc keep it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from papersearch.cli.output.exports.publication import NotedPaper, address, authors_of, kind_of, numbered_date
from papersearch.types import AuthorName, Paper

_TYPES = {"article": "article-journal", "conference": "paper-conference", "preprint": "article", "other": "article"}


def write(papers: Sequence[NotedPaper], keys: Sequence[str]) -> str:
    """Return an array with one item per paper."""
    items = list(map(item, papers, keys))
    return orjson.dumps(items, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def item(noted: NotedPaper, key: str) -> dict[str, Any]:
    """Return a paper as an item, without the variables whose values are unknown."""
    paper = noted.paper
    date = numbered_date(paper)
    variables = {
        "id": key,
        "type": _TYPES[kind_of(paper)],
        "title": paper.title,
        "author": list(map(_name, authors_of(paper))),
        "issued": {"date-parts": [list(date)]} if date else None,
        "container-title": paper.venue,
        "volume": paper.volume,
        "issue": paper.issue,
        "page": paper.pages,
        "publisher": paper.publisher,
        "archive": "arXiv" if paper.arxiv_id else None,
        "archive_location": paper.arxiv_id,
        "number": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id and kind_of(paper) in ("preprint", "other") else None,
        "DOI": paper.doi,
        "URL": address(paper),
        "keyword": ", ".join(name.replace(",", " ") for name in noted.keywords),
        "abstract": paper.abstract,
        "note": _note(paper),
        "annote": noted.note,
    }
    return {name: value for name, value in variables.items() if value}


def _name(name: AuthorName) -> dict[str, str]:
    if name.literal or not name.family:
        return {"literal": name.literal or name.given or ""}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {part: value for part, value in parts.items() if value}


def _note(paper: Paper) -> str:
    facts = {
        "paper_id": paper.paper_id,
        "year_inferred": "true" if paper.year_inferred else "",
        "organisation": paper.organisation.name if paper.organisation else "",
    }
    return "\n".join(f"{name}: {value}" for name, value in facts.items() if value)
