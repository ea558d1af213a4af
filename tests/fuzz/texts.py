"""Doors of texts: the fields of records, names, identifiers, dates, addresses."""

from __future__ import annotations

import unicodedata

from papersearch import clock
from papersearch.errors import InvalidAddress, InvalidDate
from papersearch.ingest.dates import read_date
from papersearch.ingest.links import find_links, without_mirrors
from papersearch.ingest.record import Record, admit
from papersearch.ingest.stored import decode_appearance, encode_appearance
from papersearch.remote.addresses import parse_address
from papersearch.search.days import first_and_last
from papersearch.text.author_match import asked_author, stored_author
from papersearch.text.cleaning import clean_text, printable_text
from papersearch.text.dress import is_sure, mentioned, whole_identifier
from papersearch.text.identifiers import bare_arxiv_id, bare_doi, without_version
from papersearch.text.identity import loose_title_key, paper_id, title_beginnings
from papersearch.text.latex import without_latex
from papersearch.text.markup import without_markup
from papersearch.text.name_lists import is_joined, split_names
from papersearch.text.names import displayed, parse_name
from papersearch.text.years import days_of_years
from papersearch.types import Finding
from tests.fuzz.door import Door, Enter

_MOST_FINDINGS_EACH = 3
_LONGEST_IDENTIFIER = 1_000
"""Length up to which an identifier may be longer in its usual form."""

_LISTS = ("authors", "dates", "updated", "arxiv_ids", "dois", "categories", "links", "fields")
_LABELS = ("venue", "volume", "issue", "pages", "publisher", "url", "citation_key", "record_id")
_TEXT_FIELDS = ("title", "abstract", "joined_authors", *_LABELS)
_SWITCHES = {"m": "has_markup", "l": "has_latex", "b": "is_bibtex", "d": "date_inferred", "i": "has_date_in_id"}


def text_of(content: bytes) -> str:
    """Return an input as text, which may have lone surrogates: JSON and BibTeX may have them too."""
    return content.decode("utf-8", "surrogateescape")


def record_of(content: bytes) -> Record:
    """Read a record: a line of switches, and lines `field=value`, where lists have several of a field."""
    head, *lines = text_of(content).split("\n")
    record = Record(first_line=1, last_line=1)
    for sign, switch in _SWITCHES.items():
        setattr(record, switch, sign in head)
    for line in lines:
        name, equals, value = line.partition("=")
        if name in _LISTS and equals:
            setattr(record, name, [*getattr(record, name), value])
        elif name in _TEXT_FIELDS:
            setattr(record, name, value)
    return record


def _enter_record(content: bytes) -> None:
    record = record_of(content)
    findings: list[Finding] = []
    found = admit(record, "dump", findings.append)
    n_values = sum(len(getattr(record, name)) for name in _LISTS) + 1
    assert len(findings) <= _MOST_FINDINGS_EACH * n_values
    for finding in findings:
        assert clean_text(finding.detail) == finding.detail
    if found is None:
        assert [finding.kind for finding in findings] == ["record without text"]
        return
    for text in (found.title, found.abstract, *found.authors, *found.categories, *found.links):
        _assert_clean(text)
    for name in _LABELS:
        text = getattr(found, name)
        assert text != ""
        _assert_clean(text or "")
    assert decode_appearance(encode_appearance(found)) == found
    plain = Record(first_line=1, last_line=1, title=found.title, abstract=found.abstract)
    again = admit(plain, "dump", findings.append)
    assert again is not None
    assert (again.title, again.abstract) == (found.title, found.abstract)


def _assert_clean(text: str) -> None:
    """Assert that a text that has entered holds no control, no half of a pair and no loose blank."""
    assert text == " ".join(text.split())
    assert unicodedata.is_normalized("NFC", text)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text)
    assert clean_text(text) == text


def _enter_text(content: bytes) -> None:
    """Read a text in every way in which a field may be read."""
    text = text_of(content)
    for written in (text, without_markup(text), without_latex(text), without_latex(text, is_bibtex=True)):
        clean = clean_text(written)
        assert clean_text(clean) == clean
        assert len(clean) <= 3 * len(text)
    shown = printable_text(text)
    assert printable_text(shown) == shown
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in shown if not sign.isspace())
    find_links(without_mirrors(clean)[0])
    loose_title_key(clean)
    title_beginnings(clean[:1000])
    paper_id(clean)


def _enter_name(content: bytes) -> None:
    """Read names of authors as a source and as a query have them."""
    text = clean_text(text_of(content))
    is_joined(text, is_alone=True)
    for name in (parse_name(text), *split_names(text, clean_text).names):
        shown = displayed(name)
        assert clean_text(shown) == shown
        stored_author(name)
    asked_author(text)


def _enter_identifier(content: bytes) -> None:
    """Find identifiers; what is found is found again in itself."""
    text = text_of(content)
    for bare in (bare_doi, bare_arxiv_id):
        found = bare(text)
        assert found is None or clean_text(found) == found
        assert found is None or bare(found) == found or "&" in found or "%" in found  # written twice
    bare_id = without_version(bare_arxiv_id(text) or "")
    assert without_version(bare_id) == bare_id
    identifier = whole_identifier(text)
    if identifier is not None and len(text) <= _LONGEST_IDENTIFIER:
        assert whole_identifier(identifier.shown) == identifier
        is_sure(text, identifier)
    n_words = len(text.split())
    for _, places in mentioned(text):
        assert all(0 <= place < n_words for place in places)
    try:
        address = parse_address(text)
    except InvalidAddress:
        return
    assert parse_address(str(address)) == address


def _enter_date(content: bytes) -> None:
    """Read dates of sources and of filters; what is read is in order, and read again as itself."""
    text = text_of(content)
    read = read_date(text).date
    if read is not None:
        assert read_date(read.iso or f"{read.year}").date is not None
    days = days_of_years(text)
    assert days is None or all(0 <= day <= 99_999_999 for day in days)
    try:
        first, last = first_and_last(text, "since")
        assert first <= last
        assert first_and_last(first.isoformat(), "since") == (first, first)
    except InvalidDate:
        pass
    try:
        seconds = clock.seconds_of(text)
    except ValueError:
        return
    assert seconds > clock.LATEST or clock.seconds_of(clock.instant_of(seconds)) == seconds


_RECORDS = (
    "ml\ntitle=The <i>moth</i> &amp; $x$\nabstract=\\textbf{Łódź} {\\'e} a < b\nauthors=Doe, Jane\nauthors=R. Roe\n"
    "dates=2025-04-02\ndois=10.5555/moth_1\narxiv_ids=arXiv:2504.01234v2\ncategories=cs.LG\nlinks=https://a.example\n",
    "lb\ntitle={{The Moth}}\njoined_authors=Doe, J and {The ATLAS Collaboration}\npages=1--9\nvenue=\\&\n",
    "m\nabstract=<jats:title>Abstract</jats:title><jats:p>Text</jats:p>\nupdated=1743588000\nurl=http://a http://b\n",
    "d\ntitle=Moths\ndates=Wed, 2 Apr 2025 10:00:00 GMT\nrecord_id=W1\nnamespace=openalex\ncitation_key=doe2025\n",
)
_TEXTS = (
    "The <i>moth</i> &amp; &lt;lamp&gt; <jats:p>of</jats:p> \\textbf{Łódź} {\\'e} $a < b$ \\(x^2\\) ``so'' 5\\%",
    "https://doi.org/10.5555/moth_1 arXiv:2504.01234v2 https://hf-mirror.com/papers/2504.01234 \\url{http://a.example}",
    "<!-- a --> <![CDATA[ b ]]> <math><mi>x</mi></math> &#8238; &#x1b; \\v{c} \\href{a}{b} \\begin{itemize}",
)
_NAMES = (
    "Jane Doe, R. Roe (MIT) and van der Berg, Jan, Jr.; The ATLAS Collaboration, et al.",
    "Doe JR, Roe AB, Grove A", "O'Neil, Ana-María de la Cruz III", "王伟; 김민수", "J.-P. Łukasz d'Arc",
)  # fmt: skip
_IDENTIFIERS = (
    "https://doi.org/10.5555/moth_1", "arXiv:2504.01234v2", "PMID: 12345678", "PMC123456",
    "10.1101/2020.01.01.123456v2",
    "https://openreview.net/forum?id=abcdefghij", "https://aclanthology.org/2020.acl-main.1/", "hep-th/9901001",
    "see 2504.01234 and doi:10.5555/(a)b.", "http://localhost:8000/a", "https://[::1]:9/", "CorpusId:123",
)  # fmt: skip
_DATES = (
    "Wed, 2 Apr 2025 10:00:00 GMT", "2025-04-02", "April 2025", "2/4/2025", "1743588000", "2 weeks ago",
    "last month",
    "2026-03-16T08:00:00Z", "2020-2023", "2020..", "..2020", "yesterday", "Frühjahr 1999", "20250402",
)  # fmt: skip


def _door(enter: Enter, seeds: tuple[str, ...], *tokens: str) -> Door:
    return Door(lambda folder: enter, lambda folder: map(str.encode, seeds), (*_SIGNS, *tokens))


_SIGNS = (
    *r"""{ } " ' \ $ % & # ~ ^ _ @ < > / = ( ) [ ] , ; : - . ! ? | * ` \" \' \& {{ }} --""".split(),
    *"\n|\t|\0|\x1b[|\u200d|\u0301|\ufeff|é|中|\u2028|\x85|\u202e|&#|&#x|\u2019|\u2013".split("|"),
)

DOORS = {
    "records": _door(_enter_record, _RECORDS, *(f"\n{name}=" for name in Record.__slots__), *_TEXTS),
    "texts": _door(
        _enter_text, _TEXTS, *r"\textbf{ \href{ \url{ \em \alpha \( \) \[ \] <b> </b> <sub> &lt;".split()
    ),
    "names": _door(_enter_name, _NAMES, " and ", "et al.", "others", "Jr.", " van der ", "Collaboration"),
    "identifiers": _door(_enter_identifier, _IDENTIFIERS, "doi:", "https://", "10.", "arxiv.org/abs/", "%2f", "v1"),
    "dates": _door(_enter_date, _DATES, "ago", "last ", "this ", "month", "T00:00:00Z", "Jan", "00"),
}
"""The doors of texts."""
