"""PubMed's XML: articles and chapters of books, as PubMed sends and saves them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from papersearch.ingest.formats.bibliographic import article_number, page_range
from papersearch.ingest.formats.xml.document import Ancestors, Layout
from papersearch.ingest.formats.xml.first_date import earliest
from papersearch.ingest.formats.xml.reading import Rejected, is_below, read_records, root_of
from papersearch.ingest.formats.xml.tree import (
    Element,
    escaped,
    every,
    inner,
    markup,
    plain,
    plain_of_each,
)
from papersearch.ingest.record import Complain, Record
from papersearch.types import AuthorName

NAME = "PubMed XML"
ABOUT = "PubMed, saved or sent as XML"

_WANTED = frozenset({"MedlineCitation", "PubmedArticle", "PubmedBookArticle", "BookDocument"})
_ROOTS = _WANTED | {"PubmedArticleSet", "PubmedBookArticleSet", "MedlineCitationSet"}
_LAYOUT = Layout(
    wanted=frozenset({"PubmedArticle", "PubmedBookArticle"}),
    skipped=frozenset(
        "ReferenceList CommentsCorrectionsList ChemicalList GrantList AffiliationInfo History DateRevised"
        " DateCompleted MedlineJournalInfo PublicationTypeList QualifierName ISSN DataBankList Identifier".split()
    ),
)
_MEDLINE = Layout(wanted=frozenset({"MedlineCitation", "BookDocument"}), skipped=_LAYOUT.skipped)
_NO_LABEL = frozenset({"", "UNLABELLED", "UNLABELED"})


def matches(head: bytes) -> bool:
    """Return whether a file that starts with `head` is a dump of this format."""
    return root_of(head) in _ROOTS


def read(stream: IO[bytes], head: bytes, complain: Complain) -> Iterator[Record]:
    """Yield the papers of one file in order. Raises NotADump for a file without any."""
    is_medline = root_of(head) in ("MedlineCitationSet", "MedlineCitation", "BookDocument")
    return read_records(stream, head, complain, _MEDLINE if is_medline else _LAYOUT, _records)


def _records(element: Element, ancestors: Ancestors) -> Iterator[Record | Rejected]:
    """Yield the paper that an element describes."""
    if is_below(ancestors, "DeleteCitation"):
        return
    book = element if element.name == "BookDocument" else inner(element, "BookDocument")
    if book is not None:
        yield _chapter(element, book)
        return
    citation = element if element.name == "MedlineCitation" else inner(element, "MedlineCitation")
    if citation is None or inner(citation, "Article") is None:
        yield Rejected("an article of PubMed without a citation")
        return
    yield _article(element, citation)


def _article(element: Element, citation: Element) -> Record:
    article = inner(citation, "Article")
    journal = inner(article, "Journal")
    issue = inner(journal, "JournalIssue")
    authors = inner(article, "AuthorList")
    return Record(
        first_line=element.first_line,
        last_line=element.last_line,
        title=markup(article, "ArticleTitle") or markup(article, "VernacularTitle"),
        abstract=_abstract(inner(article, "Abstract")) or _abstract(inner(citation, "OtherAbstract")),
        has_markup=True,
        authors=_names(authors),
        has_all_authors=authors is None or authors.get("CompleteYN") != "N",
        dates=_dates([*every(article, "ArticleDate"), *every(issue, "PubDate")]),
        record_id=plain(citation, "PMID") or None,
        namespace="pubmed",
        arxiv_ids=[text for text in plain_of_each(article, "ELocationID") if text.lower().startswith("arxiv:")],
        dois=[
            *_typed(every(element, "PubmedData", "ArticleIdList", "ArticleId"), "IdType", "doi"),
            *_typed(every(article, "ELocationID"), "EIdType", "doi"),
        ],
        categories=_subjects(citation),
        venue=markup(journal, "Title") or markup(journal, "ISOAbbreviation") or None,
        volume=markup(issue, "Volume") or None,
        issue=markup(issue, "Issue") or None,
        pages=(
            markup(article, "Pagination", "MedlinePgn")
            or _pages(inner(article, "Pagination"))
            or article_number([*_typed(every(article, "ELocationID"), "EIdType", "pii")])
        ),
        fields=[part.name for part in article or ()],
    )


def _chapter(element: Element, document: Element) -> Record:
    book = inner(document, "Book")
    title = markup(document, "ArticleTitle")
    lists = [*every(document, "AuthorList"), *(every(book, "AuthorList") if not title else ())]
    written_by = [names for names in lists if names.get("Type") != "editors"]
    contributed = list(every(document, "ContributionDate"))
    ids = every(document, "ArticleIdList", "ArticleId")
    return Record(
        first_line=element.first_line,
        last_line=element.last_line,
        title=title or markup(book, "BookTitle"),
        abstract=_abstract(inner(document, "Abstract")),
        has_markup=True,
        authors=_names(written_by[0] if written_by else None),
        dates=_dates(contributed or list(every(book, "PubDate"))),
        record_id=plain(document, "PMID") or None,
        namespace="pubmed",
        dois=_typed(ids, "IdType", "doi"),
        categories=_subjects(document),
        venue=(markup(book, "BookTitle") or None) if title else None,
        volume=markup(book, "Volume") or None,
        pages=markup(document, "Pagination", "MedlinePgn") or None,
        publisher=markup(book, "Publisher", "PublisherName") or None,
        fields=[part.name for part in document],
    )


def _abstract(abstract: Element | None) -> str:
    """Return the parts of an abstract, each after its label."""
    parts = []
    for part in every(abstract, "AbstractText"):
        label = part.get("Label").strip()
        text = markup(part)
        if text:
            parts.append(text if label.upper() in _NO_LABEL else f"{escaped(label)}: {text}")
    return " ".join(parts)


def _names(authors: Element | None) -> list[AuthorName]:
    found = []
    for author in every(authors, "Author"):
        if author.get("ValidYN") == "N":
            continue
        group = markup(author, "CollectiveName")
        family = markup(author, "LastName")
        given = markup(author, "ForeName") or markup(author, "FirstName") or markup(author, "Initials")
        if group or not family:
            found.append(AuthorName(literal=group or given or None))
        else:
            found.append(AuthorName(family=family, given=given or None, suffix=markup(author, "Suffix") or None))
    return found


def _dates(elements: list[Element]) -> list[str]:
    return earliest(
        plain(element, "MedlineDate")
        or " ".join(filter(None, (plain(element, name) for name in ("Year", "Month", "Season", "Day"))))
        for element in elements
    )


def _typed(elements: Iterator[Element], attribute: str, kind: str) -> list[str]:
    return [plain(element) for element in elements if element.get(attribute) == kind]


def _subjects(citation: Element) -> list[str]:
    """Return the keywords, then the subject headings."""
    return [
        *(markup(keyword) for keyword in every(citation, "KeywordList", "Keyword")),
        *(markup(name) for name in every(citation, "MeshHeadingList", "MeshHeading", "DescriptorName")),
    ]


def _pages(pagination: Element | None) -> str | None:
    pages = page_range(plain(pagination, "StartPage"), plain(pagination, "EndPage"))
    return escaped(pages) if pages else None
