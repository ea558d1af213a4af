"""A feed of new papers in Atom (RFC 4287), with stable ids, for readers that look at it now and then.

A feed has all papers that it has shown in the last thirty days, the latest two hundred at most. The
addresses that are its ids are tags (RFC 4151) of a domain that nobody can have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from papersearch import clock
from papersearch.checksums import sha256_of
from papersearch.cli.output.addresses import page_of
from papersearch.errors import PaperLookupError
from papersearch.text.cleaning import clean_text

if TYPE_CHECKING:
    from papersearch.cli.saved_answers import NewPapers
    from papersearch.types import Paper

_NAMESPACE = "http://www.w3.org/2005/Atom"
_DAYS_S = 30 * 86_400
_MOST = 200
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no document of XML 1.0 has."""


class Entry(NamedTuple):
    """A paper, the searches that it is new to, and when the feed first had it."""

    paper: Paper
    searches: list[str]
    at: int


def feed_of(found: NewPapers) -> bytes:
    """Return the feed of what was shown in the last thirty days, and of what is new now."""
    origin = f"{found.searches.resolve()} {found.opened.place}"
    tag = f"tag:papersearch.invalid,2026:{sha256_of(origin.encode('utf-8', 'surrogateescape'))[:16]}"
    entries = list(_entries(found))
    feed = Element("feed", {"xmlns": _NAMESPACE})
    _add(feed, "id", tag)
    _add(feed, "title", "papersearch: new papers")
    _add(feed, "updated", clock.instant_of(max((entry.at for entry in entries), default=clock.now())))
    _add(SubElement(feed, "author"), "name", "papersearch")
    for entry in entries:
        _add_entry(feed, entry, tag)
    indent(feed)
    content: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _entries(found: NewPapers) -> Iterator[Entry]:
    """Yield the entries, the latest first; papers that are gone are left out."""
    now = clock.now()
    new: dict[str, Paper] = {}
    times: dict[str, int] = {}
    names: dict[str, list[str]] = {}
    for search, news in found.answers:
        new.update({hit.paper.paper_id: hit.paper for hit in news.results.hits})
        for paper_id, one in news.record.shown.items():
            if one.at > now - _DAYS_S:
                times[paper_id] = min(one.at, times.get(paper_id, one.at))
                names.setdefault(paper_id, []).append(search.name)
    for paper_id in sorted(times, key=lambda one: -times[one])[:_MOST]:
        paper = new.get(paper_id) or _paper(found, paper_id)
        if paper is not None:
            yield Entry(paper, names[paper_id], times[paper_id])


def _paper(found: NewPapers, paper_id: str) -> Paper | None:
    """Return the paper of an id, unless it is gone."""
    try:
        paper = found.opened.paper(paper_id)
    except PaperLookupError:
        return None
    return paper if paper.paper_id == paper_id else None


def _add_entry(feed: Element, entry: Entry, tag: str) -> None:
    paper, element = entry.paper, SubElement(feed, "entry")
    _add(element, "id", f"{tag}/{quote(paper.paper_id, safe='', errors='replace')}")
    _add(element, "title", paper.title or paper.paper_id)
    _add(element, "updated", clock.instant_of(entry.at))
    if paper.added:
        _add(element, "published", paper.added)
    for author in paper.authors:
        _add(SubElement(element, "author"), "name", author)
    if page := page_of(paper):
        SubElement(element, "link", {"rel": "alternate", "href": _legal(page)})
    for name in entry.searches:
        SubElement(element, "category", {"term": _legal(name)})
    _add(element, "content", paper.abstract or paper.title)


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _legal(text)


def _legal(text: str) -> str:
    return _NOT_XML.sub("\ufffd", clean_text(text))
