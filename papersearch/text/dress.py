"""Identifiers of papers in any dress: what a text names, and the key under which an index lists it.

People paste addresses, labels and bare ids. `whole_identifier` reads a text that is one identifier
and nothing else, `mentioned` finds those among other words. A key is the kind and the folded
identifier: it leaves out the version of a preprint, and case where that does not count, so that all
spellings of one identifier have one key. Ordinary words, numbers and titles have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import unquote

from papersearch.text.cleaning import clean_text
from papersearch.text.identifiers import (
    arxiv_id_of_doi,
    bare_arxiv_id,
    bare_doi,
    folded_doi,
    is_doi,
    without_version,
)

IdentifierKind: TypeAlias = Literal[
    "arXiv id", "DOI", "PubMed id", "PubMed Central id", "ACL Anthology id", "OpenReview id",
    "Semantic Scholar id", "OpenAlex id", "address",
]  # fmt: skip

_MOST_MENTIONED = 10
_QUOTES = "\"'`“”‘’«» "
_PUNCTUATION = ".,;!…"
_OPENING = {"<": ">", "(": ")", "[": "]", "{": "}"}
_LONGEST = 2_000
"""Longest identifier that is read, in characters."""

_LABELS = frozenset({"arxiv", "doi", "pmid", "pmcid"})
_LABELLED = re.compile(
    r"(arxiv|doi|pmid|pmcid|corpusid)(?:\s+(?:preprint|e-?print|id|number))?(?:\s+arxiv)?\s*+[:=.]?\s*+(\S+)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"(?<!\s)\s++[\[(][a-z-]+(?:\.[a-z-]+)?[\])]\Z", re.IGNORECASE)
"""The subject class that arXiv prints behind an id: arXiv:2503.11731 [cs.LG]."""

_BARE_ARXIV_ID = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z-]+)?/\d{7})(?:v\d{1,3})?", re.IGNORECASE)
_VERSION_OF_DOI = re.compile(r"(10\.(?:1101|64898)/[\d.]+)v\d+\Z")
_HOST = re.compile(r"(?:https?://)?(?:www\.|m\.)?([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?::\d+)?(/\S*)?", re.IGNORECASE)
_FILE = re.compile(r"(?<=[^/.])\.(?:pdf|html?|xml|bib)\Z", re.IGNORECASE)
_TRACKING = re.compile(r"(?:utm_\w+|context|ref|source|download|fbclid|gclid|via)(?:=.*)?", re.IGNORECASE)
_KNOWN_HOSTS = re.compile(
    r"(?:https?://|www\.)|(?:[\w-]+\.)*(?:arxiv\.org|doi\.org|huggingface\.co|hf\.co|openreview\.net|"
    r"aclanthology\.(?:org|info)|ncbi\.nlm\.nih\.gov|europepmc\.org|semanticscholar\.org|openalex\.org|"
    r"alphaxiv\.org|ar5iv\.org|papers\.cool|biorxiv\.org|medrxiv\.org)/",
    re.IGNORECASE,
)
_SEGMENT = re.compile(r"/(?:arxiv[:./])?(\d{4}\.\d{4,5}(?:v\d{1,3})?)(?=[/?#]|\.pdf|\Z)", re.IGNORECASE)
"""An arXiv id in the address of a page about papers of arXiv."""


_HOSTS_OF_ARXIV = ("xiv", "ar5iv", "lanl.gov", "huggingface.co", "hf.co", "papers.cool")
_HOSTS_OF_PAGES = (
    "ncbi.nlm.nih.gov", "europepmc.org", "aclanthology.", "aclweb.org", "openreview.net", "semanticscholar.org",
    "openalex.org", "nature.com",
)  # fmt: skip
"""Parts of addresses without which no pattern of such pages is tried: a build reads every link."""


class Identifier(NamedTuple):
    """An identifier.

    shown: its usual form, for people
    key: kind and folded identifier, which an index lists
    """

    kind: IdentifierKind
    shown: str
    key: str


def whole_identifier(written: str) -> Identifier | None:
    """Return the identifier that a whole text is, or None for any other text."""
    text = clean_text(written[: _LONGEST + 1])
    if not text or len(text) > _LONGEST:
        return None
    bare = _undressed(text)
    if _KNOWN_HOSTS.match(bare):
        return of_address(bare) if not _has_blank(bare) else None
    if (found := _LABELLED.fullmatch(_SUBJECT.sub("", bare))) is not None:
        return _of_label(found[1].lower(), _undressed(found[2]))
    if _has_blank(bare):
        return None
    return _of_bare(bare)


@lru_cache(maxsize=256)
def mentioned(text: str) -> tuple[tuple[Identifier, Sequence[int]], ...]:
    """Return the identifiers among the words of a longer text, each with the places of its words.

    A number that may be an arXiv id is one of them; whether it is, only a collection can tell. The
    answer is kept: a query is asked first for identifiers alone, then for those among its words.
    """
    words = text.split()
    found: list[tuple[Identifier, Sequence[int]]] = []
    place = 0
    while place < len(words) and len(found) < _MOST_MENTIONED:
        is_label = words[place].strip("([{").rstrip(":=").lower() in _LABELS
        spans = [range(place, place + n) for n in ((2, 1) if is_label else (1,)) if place + n <= len(words)]
        named = ((whole_identifier(" ".join(words[at] for at in span)), span) for span in spans)
        identifier, span = next(((one, at) for one, at in named if one is not None), (None, spans[-1]))
        if identifier is not None:
            found.append((identifier, span))
        place += len(span)
    return tuple(found)


def is_sure(written: str, identifier: Identifier) -> bool:
    """Return whether a text among other words names a paper, known or not, rather than a number or a page."""
    if identifier.kind == "address":
        return False
    return identifier.kind != "arXiv id" or _BARE_ARXIV_ID.fullmatch(_undressed(written)) is None


def of_arxiv_id(arxiv_id: str) -> Identifier:
    """Return the identifier of a bare arXiv id, without its version."""
    bare = without_version(arxiv_id)
    return Identifier("arXiv id", f"arXiv:{bare}", f"arxiv:{bare}")


def of_doi(doi: str) -> Identifier:
    """Return the identifier of a bare DOI; DataCite's DOI of an arXiv paper is its arXiv id."""
    if (arxiv_id := arxiv_id_of_doi(doi)) is not None:
        return of_arxiv_id(arxiv_id)
    folded = _VERSION_OF_DOI.sub(r"\1", folded_doi(doi))
    return Identifier("DOI", f"doi:{doi}", f"doi:{folded}")


def of_pubmed(number: str) -> Identifier:
    """Return the identifier of a number of PubMed."""
    return Identifier("PubMed id", f"PMID:{number}", f"pmid:{number.lstrip('0')}")


def of_address(address: str) -> Identifier | None:
    """Return the identifier that an address holds, or the address itself; None for another text."""
    plain = address.strip()
    lowered = plain.lower()
    may_be_arxiv = any(host in lowered for host in _HOSTS_OF_ARXIV)
    if may_be_arxiv and (arxiv_id := bare_arxiv_id(plain)) is not None:
        return of_arxiv_id(arxiv_id)
    found = _HOST.fullmatch(plain)
    if found is None:
        return None
    host, path = found[1].lower(), unquote(found[2] or "")
    segment = _SEGMENT.search(path) if may_be_arxiv or path.startswith("/papers/") else None
    if segment is not None and (arxiv_id := bare_arxiv_id(segment[1])) is not None:
        return of_arxiv_id(arxiv_id)
    if "10." in plain and (doi := bare_doi(plain)) is not None:
        return of_doi(doi)
    if any(known in host for known in _HOSTS_OF_PAGES):
        for pattern, make in _PAGES:
            if page := pattern.match(host + path):
                return make(page)
    key = address_key(host, path)
    return Identifier("address", plain, f"address:{key}") if "/" in key or not path.strip("/") else None


def address_key(host: str, path: str) -> str:
    """Return what all spellings of an address share: no scheme, `www`, fragment, tracking or file ending."""
    path, _, query = path.partition("#")[0].partition("?")
    parameters = [part for part in query.split("&") if part and not _TRACKING.fullmatch(part)]
    folder = _FILE.sub("", path.rstrip("/"))
    return host + folder + ("?" + "&".join(sorted(parameters)) if parameters else "")


def _has_blank(text: str) -> bool:
    return any(map(str.isspace, text))


def _undressed(text: str) -> str:
    """Return a text without the quotation marks, brackets and punctuation around it."""
    bare, before = text.strip(), ""
    while bare != before:
        before, bare = bare, bare.strip(_QUOTES).rstrip(_PUNCTUATION)
        if bare[:1] in _OPENING and bare[-1:] == _OPENING[bare[0]]:
            bare = bare[1:-1].strip()
    return bare


def _of_label(label: str, value: str) -> Identifier | None:
    """Return the identifier after its label: arXiv:2503.11731, doi:10.1000/xyz."""
    if label == "arxiv":
        arxiv_id = bare_arxiv_id(value) or (value if _BARE_ARXIV_ID.fullmatch(value) else None)
        return None if arxiv_id is None else of_arxiv_id(arxiv_id)
    if label == "doi":
        doi = bare_doi(value)
        return None if doi is None else of_doi(doi)
    if label == "pmid":
        return of_pubmed(value) if value.isdecimal() and value.isascii() else None
    if label == "corpusid":
        return _of_corpus(value) if value.isdecimal() and value.isascii() else None
    number = value.upper().removeprefix("PMC")
    return _of_central(number) if number.isdecimal() and number.isascii() else None


def _of_bare(bare: str) -> Identifier | None:
    """Return the identifier that a word without label is."""
    if _BARE_ARXIV_ID.fullmatch(bare):
        arxiv_id = bare_arxiv_id(bare)
        return None if arxiv_id is None else of_arxiv_id(arxiv_id)
    if is_doi(bare):
        doi = bare_doi(bare)
        return None if doi is None else of_doi(doi)
    for pattern, make in _BARE:
        if found := pattern.fullmatch(bare):
            return make(found)
    return None


def _of_central(number: str) -> Identifier:
    return Identifier("PubMed Central id", f"PMC{number}", f"pmc:{number.lstrip('0')}")


def _of_corpus(number: str) -> Identifier:
    return Identifier("Semantic Scholar id", f"CorpusID:{number}", f"corpus:{number}")


def _of_anthology(anthology_id: str) -> Identifier:
    return Identifier("ACL Anthology id", anthology_id, f"acl:{anthology_id.lower()}")


def _of_forum(forum: str) -> Identifier:
    return Identifier("OpenReview id", f"openreview.net/forum?id={forum}", f"openreview:{forum}")


def _of_scholar(digest: str) -> Identifier:
    return Identifier("Semantic Scholar id", digest, f"s2:{digest.lower()}")


def _of_work(work: str) -> Identifier:
    return Identifier("OpenAlex id", work.upper(), f"openalex:{work.upper()}")


_ANTHOLOGY_ID = r"(\d{4}\.[a-z]\w*-[a-z0-9]+\.\d+|[A-Z]\d{2}-\d{4,5})"
_Make: TypeAlias = Callable[[re.Match[str]], Identifier]
_PAGES: tuple[tuple[re.Pattern[str], _Make], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), make)
    for pattern, make in (
        (r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)\b", lambda page: of_pubmed(page[1])),
        (r"ncbi\.nlm\.nih\.gov/pubmed/(\d+)\b", lambda page: of_pubmed(page[1])),
        (r"europepmc\.org/\w+/med/(\d+)\b", lambda page: of_pubmed(page[1])),
        (r"(?:[\w.]*ncbi\.nlm\.nih\.gov|europepmc\.org)/(?:.*/)?pmc(\d+)\b", lambda page: _of_central(page[1])),
        (rf"(?:[\w.]*aclanthology\.\w+|aclweb\.org)/(?:.*/)?{_ANTHOLOGY_ID}(?=[./?#]|\Z)",
         lambda page: _of_anthology(page[1])),
        (r"openreview\.net/\w+\?(?:.*&)?id=([\w-]+)", lambda page: _of_forum(page[1])),
        (r"[\w.]*semanticscholar\.org/.*?\b([0-9a-f]{40})\b", lambda page: _of_scholar(page[1])),
        (r"[\w.]*semanticscholar\.org/corpusid:(\d+)\b", lambda page: _of_corpus(page[1])),
        (r"[\w.]*openalex\.org/(?:.*/)?(w\d+)\b", lambda page: _of_work(page[1])),
        (r"nature\.com/articles/(s?[\w.-]+?)(?=[/?#]|\.pdf|\Z)", lambda page: of_doi(f"10.1038/{page[1]}")),
    )
)  # fmt: skip
"""Pages of known hosts, without scheme and `www`, and the identifiers in their addresses."""

_BARE: tuple[tuple[re.Pattern[str], _Make], ...] = (
    (re.compile(r"PMC(\d{3,})"), lambda found: _of_central(found[1])),
    (re.compile(r"(\d{4}\.[a-z]\w*-[a-z0-9]+\.\d+)"), lambda found: _of_anthology(found[1])),
    (re.compile(r"(W\d{8,})"), lambda found: _of_work(found[1])),
    (re.compile(r"([0-9a-f]{40})"), lambda found: _of_scholar(found[1])),
)
"""Identifiers that no word looks like. The older ids of the ACL Anthology, such as P19-1001, may be words."""
