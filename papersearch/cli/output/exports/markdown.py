"""Markdown: a reading list, one item per paper. The paper id is in a comment, for `show -`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from papersearch.cli.output.exports.publication import NotedPaper, address
from papersearch.types import Paper

_SPECIAL = re.compile(r"([\\`*_{}\[\]|<>~$&])")
_ID_COMMENT = re.compile(r"<!-- paper_id: (\S+) -->\s*$")


def write(papers: Sequence[NotedPaper]) -> str:
    """Return one item of a list per paper, without what its reader says of it."""
    return "".join(_item(noted.paper) for noted in papers)


def id_in(line: str) -> str | None:
    """Return the paper id in the comment of an item, or None if `line` is not one."""
    found = _ID_COMMENT.search(line)
    return unquote(found[1]) if found else None


def _item(paper: Paper) -> str:
    title = escaped(paper.title or paper.paper_id)
    page = address(paper)
    facts = [
        ", ".join(paper.authors),
        "" if paper.year is None else f"{paper.year}{' (inferred)' if paper.year_inferred else ''}",
        paper.venue or "",
        f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
    ]
    said = ". ".join(escaped(fact) for fact in facts if fact)
    shown = f"[{title}]({_destination(page)})" if page else title
    return f"- {shown}{f'. {said}' if said else ''} <!-- paper_id: {_commented(paper.paper_id)} -->\n"


def escaped(text: str) -> str:
    """Escape text for Markdown; marks of lists and headings only at the beginning."""
    marked = _SPECIAL.sub(r"\\\1", text)
    return re.sub(r"^(?:([#+-])|(\d+)([.)]))", r"\2\\\1\3", marked)


def _destination(page: str) -> str:
    """Return an address that ends where its link ends: `&` may begin an entity, a lone `)` closes."""
    page = page.replace("&", "%26")
    depth = 0
    for one in page:
        depth += {"(": 1, ")": -1}.get(one, 0)
        if depth < 0:
            break
    return page if depth == 0 else page.replace("(", "%28").replace(")", "%29")


def _commented(paper_id: str) -> str:
    """Return an id that cannot end a comment: two hyphens may not follow each other in it."""
    return quote(paper_id, safe="/:.+,;=@()").replace("--", "%2D%2D")
