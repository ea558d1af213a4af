"""JATS, the XML of journals and of PubMed Central: what comes before an article's text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO

from papersearch.ingest.dates import parse_date
from papersearch.ingest.formats.bibliographic import page_range, with_subtitle
from papersearch.ingest.formats.xml.document import Ancestors, Layout
from papersearch.ingest.formats.xml.first_date import earliest
from papersearch.ingest.formats.xml.reading import Rejected, is_below, read_records, root_of
from papersearch.ingest.formats.xml.tree import Element, every, inner, markup, plain, within
from papersearch.ingest.record import Complain, Record
from papersearch.types import AuthorName

NAME = "JATS XML"
ABOUT = "articles of PubMed Central and of publishers; their front matter"

SKIPPED = frozenset(
    "body back floats-group sub-article response ref-list permissions funding-group history aff author-notes"
    " counts custom-meta-group related-article self-uri notes article-categories bio trans-abstract".split()
)
_LAYOUT = Layout(wanted=frozenset({"front"}), skipped=SKIPPED)
_FRONT = re.compile(rb"<(?:\w+:)?(?:front|article-meta|journal-meta)\b|\b(?:article-type|dtd-version)\s*=")
_NOTES = frozenset({"fn", "xref", "fn-group"})
"""Elements of a title that point to notes."""

_OTHER_ABSTRACTS = frozenset(
    "graphical teaser toc key-points summary plain-language-summary executive-summary web-summary precis"
    " highlights editor short video stereochemistry plain-text".split()
)
"""Kinds of abstracts beside the one that every article has."""

_PUBLICATIONS = frozenset({"epub", "epub-ppub", "epreprint", "pub", "ppub", "collection", "preprint", ""})
"""Kinds of dates on which an article appeared."""


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    root = root_of(head)
    return root == "pmc-articleset" or (root in ("article", "articles") and _FRONT.search(head) is not None)


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one file in order. Raises NotADump for a file without any."""
    return read_records(stream, head, complain, _LAYOUT, _records)


def _records(front: Element, ancestors: Ancestors) -> Iterator[Record | Rejected]:
    if not is_below(ancestors, "sub-article") and not is_below(ancestors, "response"):
        yield from _of_front(front, front)


def records_of_article(article: Element, around: Element) -> Iterator[Record | Rejected]:
    """Yield the paper of an `article` element that is on the lines of `around`."""
    front = inner(article, "front")
    if front is None:
        yield Rejected("an article without its front matter")
    else:
        yield from _of_front(front, around)


def _of_front(front: Element, around: Element) -> Iterator[Record | Rejected]:
    article, journal = inner(front, "article-meta"), inner(front, "journal-meta")
    if article is None:
        yield Rejected("an article without its metadata")
        return
    ids = {_kind(one): plain(one) for one in reversed(list(every(article, "article-id")))}
    record_id, namespace = _identity(ids)
    yield Record(
        first_line=around.first_line,
        last_line=around.last_line,
        title=_title(article),
        abstract=_abstract(article),
        has_markup=True,
        authors=_authors(article),
        dates=_dates(article),
        record_id=record_id,
        namespace=namespace,
        arxiv_ids=[ids["arxiv"]] if "arxiv" in ids else (),
        dois=[ids["doi"]] if "doi" in ids else (),
        categories=_keywords(article),
        venue=_venue(journal),
        volume=markup(article, "volume") or None,
        issue=markup(article, "issue") or None,
        pages=_pages(article),
        publisher=markup(journal, "publisher", "publisher-name") or None,
        fields=[part.name for part in article],
    )


def _kind(article_id: Element) -> str:
    return article_id.get("pub-id-type").lower()


def _identity(ids: dict[str, str]) -> tuple[str | None, str]:
    """Return the surest id and its namespace. PubMed Central's number may lack its prefix."""
    pmc = ids.get("pmcid") or ids.get("pmc") or ids.get("pmcaid")
    if pmc:
        return (pmc if pmc.upper().startswith("PMC") else f"PMC{pmc}"), "pmc"
    if pmid := ids.get("pmid"):
        return pmid, "pubmed"
    return (ids.get("doi") or None), "doi"


def _title(article: Element) -> str:
    group = inner(article, "title-group") or article
    title = markup(group, "article-title", dropped=_NOTES)
    subtitle = markup(group, "subtitle", dropped=_NOTES)
    return with_subtitle(title, subtitle)


def _abstract(article: Element) -> str:
    """Return the abstract of the usual kind; its own heading says nothing."""
    for abstract in every(article, "abstract"):
        if abstract.get("abstract-type").lower() in _OTHER_ABSTRACTS:
            continue
        parts = [part for part in abstract.content if isinstance(part, str) or part.name not in ("title", "label")]
        bare = Element(abstract.name, {}, 0)
        bare.content = parts
        if text := markup(bare, dropped=frozenset({"object-id", "fn"})):
            return text
    return ""


def _authors(article: Element) -> list[AuthorName]:
    """Return the authors of all groups; collaborators named inside a group are not authors of their own."""
    found = []
    for group in every(article, "contrib-group"):
        in_group = group.get("content-type").lower()
        for author in every(group, "contrib"):
            kind = author.get("contrib-type").lower() or in_group
            if kind and not kind.startswith("author") and kind != "collab":
                continue
            if (name := _name(author)) is not None:
                found.append(name)
    return found


def _name(author: Element) -> AuthorName | None:
    name = inner(author, "name") or inner(author, "name-alternatives", "name")
    if name is not None:
        family, given = markup(name, "surname"), markup(name, "given-names")
        if family and given:
            return AuthorName(family=family, given=given, suffix=markup(name, "suffix") or None)
        return AuthorName(literal=family or given) if family or given else None
    collab = inner(author, "collab") or inner(author, "collab-alternatives", "collab")
    if collab is not None:
        group = markup(collab, dropped=frozenset({"contrib-group", "xref", "fn", "aff"}))
        return AuthorName(literal=group) if group else None
    whole = markup(author, "string-name", dropped=_NOTES)
    return AuthorName(literal=whole) if whole else None


def _dates(article: Element) -> list[str]:
    """Return the date of first publication, online or in print; other dates tell what an archive did."""
    return earliest(
        _date(element)
        for element in every(article, "pub-date")
        if (element.get("pub-type") or element.get("date-type")).lower() in _PUBLICATIONS
    )


def _date(element: Element) -> str:
    numbers = "-".join(filter(None, (plain(element, name) for name in ("year", "month", "day"))))
    if numbers and not plain(element, "season") and parse_date(numbers):
        return numbers
    words = " ".join(filter(None, (plain(element, name) for name in ("day", "month", "season", "year"))))
    return words or element.get("iso-8601-date") or plain(element, "string-date")


def _keywords(article: Element) -> list[str]:
    """Return the author's keywords; groups of abbreviations are not keywords."""
    groups: Iterable[Element] = every(article, "kwd-group")
    return [
        markup(keyword)
        for group in groups
        if not group.get("kwd-group-type").lower().startswith("abbr")
        for keyword in within(group, "kwd")
    ]


def _venue(journal: Element | None) -> str | None:
    title = markup(journal, "journal-title-group", "journal-title") or markup(journal, "journal-title")
    return title or plain(journal, "journal-id") or None


def _pages(article: Element) -> str | None:
    if written := markup(article, "page-range"):
        return written
    first, last = markup(article, "fpage"), markup(article, "lpage")
    return page_range(first, last) if first else markup(article, "elocation-id") or None
