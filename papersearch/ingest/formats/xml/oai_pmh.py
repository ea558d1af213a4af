"""Answers of OAI-PMH: arXiv's two formats, and Dublin Core of any repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from papersearch.ingest.formats.xml import jats
from papersearch.ingest.formats.xml.document import Ancestors, Layout
from papersearch.ingest.formats.xml.first_date import earliest
from papersearch.ingest.formats.xml.reading import Rejected, read_records, root_of
from papersearch.ingest.formats.xml.tree import Element, every, inner, plain, plain_of_each
from papersearch.ingest.record import Complain, Record
from papersearch.text.identifiers import bare_arxiv_id, bare_doi
from papersearch.types import AuthorName

NAME = "OAI-PMH"
ABOUT = "answers of arXiv and of other repositories"

_LAYOUT = Layout(wanted=frozenset({"record", "error"}), skipped=jats.SKIPPED | {"about"}, may_nest=True)
_ROOTS = frozenset({"OAI-PMH", "ListRecords", "GetRecord"})
_OAI_PREFIX = "oai:arXiv.org:"
_DIVIDERS = re.compile(r"[\s,;]+")
_NO_ABSTRACT = re.compile(r"(?:comments?|journal[- ]ref|notes?|submitted to|published in)\b", re.IGNORECASE)


_NO_VENUE = re.compile(r"https?://|e?is[sb]n\b", re.IGNORECASE)


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return root_of(head) in _ROOTS


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one file in order. Raises NotADump for a file without any."""
    return read_records(stream, head, complain, _LAYOUT, _records)


def _records(element: Element, ancestors: Ancestors) -> Iterator[Record | Rejected]:
    """Yield the paper of a record, unless the repository has deleted it."""
    if element.name == "error":
        yield Rejected(f"an error of the repository: {element.get('code')[:100]} {plain(element)[:100]}".rstrip())
        return
    header = inner(element, "header")
    metadata = next(iter(inner(element, "metadata") or ()), None)
    if metadata is None:
        if header is None or header.get("status") != "deleted":
            yield Rejected("a record of OAI-PMH without metadata")
        return
    identifier = plain(header, "identifier")
    if metadata.name in ("arXiv", "arXivRaw"):
        yield _of_arxiv(element, metadata)
    elif metadata.name == "dc":
        yield _of_dublin_core(element, metadata, identifier)
    elif metadata.name == "article":
        yield from jats.records_of_article(metadata, element)
    else:
        yield Rejected(f"metadata in the format {metadata.name[:40]}; ask the repository for oai_dc")


def _of_arxiv(element: Element, metadata: Element) -> Record:
    """Return the paper; arXiv's raw format has the authors in one string, and the day of each version."""
    arxiv_id = plain(metadata, "id")
    authors = [_name(author) for author in every(metadata, "authors", "author")]
    first_version = next(every(metadata, "version"), None)
    return Record(
        first_line=element.first_line,
        last_line=element.last_line,
        title=plain(metadata, "title"),
        abstract=plain(metadata, "abstract"),
        has_latex=True,
        authors=authors,
        joined_authors=None if authors else plain(metadata, "authors") or None,
        dates=list(filter(None, (plain(metadata, "created"), plain(first_version, "date")))),
        record_id=arxiv_id or None,
        namespace="arxiv",
        arxiv_ids=[arxiv_id],
        dois=_DIVIDERS.split(plain(metadata, "doi")),
        categories=plain(metadata, "categories").split(),
        venue=plain(metadata, "journal-ref") or None,
        fields=[part.name for part in metadata],
    )


def _name(author: Element) -> AuthorName:
    family, given = plain(author, "keyname"), plain(author, "forenames")
    if not given:
        return AuthorName(literal=family or None)
    return AuthorName(family=family or None, given=given, suffix=plain(author, "suffix") or None)


def _of_dublin_core(element: Element, metadata: Element, identifier: str) -> Record:
    """Return the paper. Of several dates the first publication counts, and of several texts the longest."""
    arxiv_id = bare_arxiv_id(identifier.removeprefix(_OAI_PREFIX)) if identifier.startswith(_OAI_PREFIX) else None
    named = [*plain_of_each(metadata, "identifier"), *plain_of_each(metadata, "relation")]
    own = plain_of_each(metadata, "identifier")
    texts = [text for text in plain_of_each(metadata, "description") if not _NO_ABSTRACT.match(text)]
    return Record(
        first_line=element.first_line,
        last_line=element.last_line,
        title=next(iter(plain_of_each(metadata, "title")), ""),
        abstract=max(texts, key=len, default=""),
        has_markup=arxiv_id is None,
        has_latex=True,
        authors=plain_of_each(metadata, "creator"),
        dates=earliest(plain_of_each(metadata, "date")),
        record_id=arxiv_id or identifier or None,
        namespace="arxiv" if arxiv_id else "oai",
        arxiv_ids=[arxiv_id] if arxiv_id else [text for text in own if "arxiv.org" in text.lower()],
        dois=[doi for text in (named if arxiv_id else own) if (doi := bare_doi(text))],
        categories=plain_of_each(metadata, "subject"),
        publisher=next(iter(plain_of_each(metadata, "publisher")), None),
        venue=_venue(plain_of_each(metadata, "source")),
        url=next((text for text in own if text.startswith(("http://", "https://"))), None),
        fields=[part.name for part in metadata],
    )


def _venue(sources: list[str]) -> str | None:
    """Return the place of publication, which HAL joins with numbers and addresses."""
    parts = (part.strip() for source in sources for part in source.split(" ; "))
    return next((part for part in parts if part and not _NO_VENUE.match(part)), None)
