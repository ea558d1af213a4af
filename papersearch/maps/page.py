"""A map as one page of HTML that needs no network.

Text of papers is data: it is JSON in an element that browsers do not run, and the script writes it as
text alone. The policy of the page allows this script and this style by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

import orjson

from papersearch.maps.palette import properties
from papersearch.text.cleaning import clean_text
from papersearch.text.shortening import shortened

if TYPE_CHECKING:
    from papersearch.maps.paper_map import Group, PaperMap
    from papersearch.types import Paper

_SCRIPTS = ("papers.js", "view.js", "canvas.js", "panels.js", "page.js")
"""Files of the script, in the order in which they are joined."""

_FINENESS = 10_000
"""Places are whole numbers up to this one."""

_MOST_TEXT = 24_000_000
"""Characters of all abstracts on a page; if there are more, each abstract is cut to its share."""

_LONGEST = {"title": 500, "abstract": 20_000, "authors": 300, "evidence": 2_000}
"""Most characters of one paper's texts."""

_ESCAPES = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def page(drawn: PaperMap, address: Callable[[Paper], str | None]) -> bytes:
    """Return the page of a map; `address` gives the web page of a paper."""
    files = resources.files("papersearch.maps") / "files"
    style = properties() + (files / "page.css").read_text(encoding="utf-8")
    script = "".join((files / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    filled = Template((files / "page.html").read_text(encoding="utf-8")).substitute(
        policy=f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'",
        title=escape(clean_text(drawn.title)),
        style=style,
        content=_embedded(_fields(drawn, address)),
        script=script,
    )
    return filled.encode("utf-8")


def _hash(content: str) -> str:
    """Return the hash of an inline element for the policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _embedded(fields: dict[str, Any]) -> str:
    """Return fields as JSON that no parser of HTML can take for an end of its element."""
    text = orjson.dumps(fields).decode()
    for character, written in _ESCAPES.items():
        text = text.replace(character, written)
    return text


def _fields(drawn: PaperMap, address: Callable[[Paper], str | None]) -> dict[str, Any]:
    """Return a map as JSON: papers by columns, which are smaller than one object for each."""
    share = max(100, _MOST_TEXT // max(1, len(drawn.papers)))
    columns = [_columns(paper, min(share, _LONGEST["abstract"]), address(paper)) for paper in drawn.papers]
    return {
        "heading": clean_text(drawn.title),
        "is_answer": bool(drawn.hits or drawn.examples),
        "n_missing": drawn.n_missing,
        "groups": [_group(one) for one in drawn.groups],
        "fine_groups": [_group(one) for one in drawn.fine_groups],
        "periods": [period.name for period in drawn.known_periods],
        "x": _whole(drawn, 0),
        "y": _whole(drawn, 1),
        "group": drawn.coarse.tolist(),
        "fine": drawn.fine.tolist(),
        "period": list(drawn.periods),
        "hits": {
            str(number): {
                "rank": hit.rank,
                "verdict": hit.verdict,
                "evidence": _shown(hit.evidence.text, _LONGEST["evidence"]),
            }
            for number, hit in drawn.hits.items()
        },
        "examples": sorted(drawn.examples),
        **{name: [column[name] for column in columns] for name in (columns[0] if columns else ())},
    }


def _columns(paper: Paper, longest: int, address: str | None) -> dict[str, Any]:
    return {
        "id": clean_text(paper.paper_id),
        "title": _shown(paper.title, _LONGEST["title"]),
        "abstract": _shown(paper.abstract, longest),
        "authors": _shown(", ".join(paper.authors), _LONGEST["authors"]),
        "venue": _shown(paper.venue or "", _LONGEST["authors"]),
        "date": paper.date or (str(paper.year) if paper.year else ""),
        "address": address or "",
    }


def _shown(text: str, longest: int) -> str:
    return shortened(clean_text(text), longest)


def _group(group: Group) -> dict[str, Any]:
    x, y = (round(one * _FINENESS) for one in group.place)
    return {"name": group.name, "terms": group.terms, "x": x, "y": y, "n": group.n_papers, "group": group.coarse}


def _whole(drawn: PaperMap, axis: int) -> list[int]:
    return [round(one * _FINENESS) for one in drawn.places[:, axis].tolist()]
