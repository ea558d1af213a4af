"""Crossref's XML: answers of its services, and deposits of publishers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from papersearch.ingest.formats.bibliographic import page_range, with_subtitle
from papersearch.ingest.formats.xml.document import Ancestors, Layout
from papersearch.ingest.formats.xml.first_date import earliest
from papersearch.ingest.formats.xml.reading import Rejected, read_records, root_of
from papersearch.ingest.formats.xml.tree import Element, every, markup, plain
from papersearch.ingest.record import Complain, Record
from papersearch.types import AuthorName

NAME = "Crossref XML"
ABOUT = "answers of Crossref's services, and deposits"

_ROOTS = frozenset({"crossref_result", "doi_batch", "doi_records", "doi_record", "crossref"})
_BOOKS = frozenset({"book_metadata", "book_series_metadata", "book_set_metadata"})
_AROUND = frozenset(
    {"journal_metadata", "journal_issue", "proceedings_metadata", "proceedings_series_metadata", "event_metadata"}
)
_WORKS = frozenset(
    {"journal_article", "conference_paper", "posted_content", "dissertation", "report-paper_metadata"}
)
_LAYOUT = Layout(
    wanted=_AROUND | _WORKS | {"book"},
    skipped=frozenset({"citation_list", "program", "crossmark", "archive_locations", "component_list"}),
)
_OPENING = frozenset({"journal_metadata", "event_metadata"})
"""Elements at the beginning of a journal or of a conference."""


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return root_of(head) in _ROOTS


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one file in order. Raises NotADump for a file without any."""
    return read_records(stream, head, complain, _LAYOUT, _Works().records)


class _Works:
    """The works of a file, with the journal, issue or proceedings that came before each."""

    def __init__(self) -> None:
        self._around: dict[str, Element] = {}

    def records(self, element: Element, ancestors: Ancestors) -> Iterator[Record | Rejected]:
        """Yield the papers that an element is; keep what describes the works behind it."""
        if element.name in _AROUND:
            if element.name in _OPENING:
                self._around.clear()
            self._around[element.name] = element
        elif element.name == "book":
            yield from _of_book(element)
        else:
            is_part = element.name in ("journal_article", "conference_paper")
            yield _work(element, element, self._around if is_part else {})


def _of_book(book: Element) -> Iterator[Record]:
    """Yield the chapters of a book, or the book if it has none."""
    metadata = next((part for part in book if part.name in _BOOKS), None)
    around = {"book_metadata": metadata} if metadata is not None else {}
    chapters = list(every(book, "content_item"))
    for chapter in chapters:
        yield _work(chapter, book, around)
    if metadata is not None and not chapters:
        yield _work(metadata, book, {})


def _work(work: Element, lines: Element, around: dict[str, Element]) -> Record:
    issue, journal = around.get("journal_issue"), around.get("journal_metadata")
    proceedings = around.get("proceedings_metadata") or around.get("proceedings_series_metadata")
    book = around.get("book_metadata")
    doi = plain(work, "doi_data", "doi")
    return Record(
        first_line=lines.first_line,
        last_line=lines.last_line,
        title=_title(work),
        abstract=_abstract(work),
        has_markup=True,
        authors=_authors(work),
        dates=_dates(work) or _dates(issue) or _dates(proceedings) or _dates(book),
        record_id=doi or None,
        namespace="doi",
        dois=[doi],
        venue=_venue(journal, proceedings, book, work),
        volume=markup(issue, "journal_volume", "volume") or markup(book, "volume") or None,
        issue=markup(issue, "issue") or None,
        pages=_pages(work),
        publisher=_publisher(work, proceedings, book),
        url=plain(work, "doi_data", "resource") or None,
        fields=[part.name for part in work],
    )


def _title(work: Element) -> str:
    title, subtitle = markup(work, "titles", "title"), markup(work, "titles", "subtitle")
    return with_subtitle(title, subtitle)


def _abstract(work: Element) -> str:
    """Return the abstract, without its own heading."""
    for abstract in every(work, "abstract"):
        bare = Element(abstract.name, {}, 0)
        bare.content = [part for part in abstract.content if isinstance(part, str) or part.name != "title"]
        if text := markup(bare):
            return text
    return ""


def _authors(work: Element) -> list[AuthorName]:
    """Return the authors; a dissertation names its author alone."""
    found = []
    for author in [*every(work, "contributors"), work]:
        for part in author:
            if part.name in ("person_name", "organization") and part.get("contributor_role") in ("author", ""):
                family, given = markup(part, "surname"), markup(part, "given_name")
                if part.name == "organization" or not family or not given:
                    literal = markup(part) if part.name == "organization" else family or given
                    found.append(AuthorName(literal=literal or None))
                else:
                    found.append(AuthorName(family=family, given=given, suffix=markup(part, "suffix") or None))
    return found


def _dates(element: Element | None) -> list[str]:
    return earliest(
        "-".join(filter(None, (plain(date, part) for part in ("year", "month", "day"))))
        for name in ("posted_date", "publication_date", "approval_date")
        for date in every(element, name)
    )


def _venue(journal: Element | None, proceedings: Element | None, book: Element | None, work: Element) -> str | None:
    names = (
        markup(journal, "full_title"),
        markup(journal, "abbrev_title"),
        markup(proceedings, "proceedings_title"),
        markup(book, "titles", "title"),
        markup(work, "group_title"),
        markup(work, "institution", "institution_name"),
    )
    return next(filter(None, names), None)


def _publisher(*places: Element | None) -> str | None:
    return next(filter(None, (markup(place, "publisher", "publisher_name") for place in places)), None)


def _pages(work: Element) -> str | None:
    first, last = markup(work, "pages", "first_page"), markup(work, "pages", "last_page")
    if first:
        return page_range(first, last)
    numbers = (one for one in every(work, "publisher_item", "item_number"))
    return next((markup(number) for number in numbers if number.get("item_number_type") == "article_number"), None)
