"""Identifiers of papers outside this collection: DOIs and arXiv ids, freed from their dress.

People write them as addresses, with prefixes, in brackets. A bare identifier is what every export
and every comparison starts from. It keeps the case in which it was written.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from papersearch.text.cleaning import clean_text

_DOI = re.compile(r"(?<![\d.])10\.\d{4,9}(?:\.\d+)*/\S+")
_ENCODED_DOI = re.compile(r"(?<![\d.])10\.\d{4,9}(?:\.\d+)*%2f", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?:/|www\.|(?:dx\.)?doi\.org/)", re.IGNORECASE)
_RESOLVER = re.compile(r"(?:https?://)?(?:(?:www|dx)\.)?doi\.org/", re.IGNORECASE)
_PAGES_OF_PUBLISHERS = frozenset(
    "full abstract abs pdf epdf pdfdirect epub html meta summary fulltext references".split()
)
_FILE_OF_PUBLISHER = re.compile(r"\.(?:pdf|html?)$", re.IGNORECASE)
_PREPRINT_SERVER = re.compile(r"(10\.(?:1101|64898)/[\d.]+)v\d+(?:\.[\w.-]+)?$", re.IGNORECASE)
"""A DOI of bioRxiv or medRxiv followed by the version that only its page's address has."""

_LATEX_ESCAPE = re.compile(r"(?<!\\)\\++([_#%&$~])")
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_TRAILING = ".,;:!?'\"`*…‘’“”«»。，、"

_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs"
    "|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol"
    "|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_MONTH = "(?:0[1-9]|1[0-2])"
_VERSION = r"(?:v\d{1,3})?"
# Five digits are official from 1501 on, but sources pad older ids; four digits end with 1412.
_FIVE_DIGITS = rf"(?:0[7-9]|[1-8]\d){_MONTH}\.\d{{5}}{_VERSION}"
_FOUR_DIGITS = rf"(?:0[7-9]|1[0-4]){_MONTH}\.\d{{4}}{_VERSION}"
_OLD = rf"(?:{_ARCHIVES})(?:\.[a-z-]{{2,}})?/(?:9[1-9]|0[0-7]){_MONTH}\d{{3}}{_VERSION}"
_ARXIV_ID = re.compile(rf"{_FIVE_DIGITS}|{_FOUR_DIGITS}|{_OLD}", re.IGNORECASE)
_ARXIV_LABEL = re.compile(
    rf"\barxiv(?:\.org)?(?:\s*[:.]\s*|\s+)({_FIVE_DIGITS}|{_FOUR_DIGITS}|{_OLD})(?!\w)", re.IGNORECASE
)
_ARXIV_ADDRESS = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*"
    r"(?:arxiv\.org|xxx\.lanl\.gov|alphaxiv\.org|arxiv-vanity\.com|ar5iv\.org|huggingface\.co|hf\.co|papers\.cool)"
    rf"/(?:[\w.-]+/)*?({_FIVE_DIGITS}|{_FOUR_DIGITS}|{_OLD})(?:\.pdf|\.html?)?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_DATACITE_ARXIV = "10.48550/arxiv."


def bare_doi(written: str) -> str | None:
    """Return the DOI in `written`, from `10.` on, or None if there is none.

    Punctuation and brackets of the text around it go. Brackets that the DOI itself opens stay.
    """
    text = clean_text(written)
    if "10." not in text:
        return None
    is_address = _ADDRESS.search(text) is not None
    if is_address or (_ENCODED_DOI.search(text) and not _DOI.search(text)):
        if is_address:
            text = _without_query(text)
        text = unquote(text)
    if "&lt;" in text or "&amp;" in text:  # of XML that was not decoded
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    found = _DOI.search(_LATEX_ESCAPE.sub(r"\1", text))
    if not found:
        return None
    doi = _without_trailing(found[0])
    if is_address:
        doi = doi.rstrip("/")
        if not _RESOLVER.search(text):
            doi = _without_trailing(_PREPRINT_SERVER.sub(r"\1", _without_page(doi)))
    return doi if _DOI.fullmatch(doi) else None


def is_doi(text: str) -> bool:
    """Tell whether a text is a bare DOI and nothing else."""
    return _DOI.fullmatch(text) is not None


def _without_page(doi: str) -> str:
    """Return the DOI in a publisher's address, without the page or the file of the paper behind it."""
    parts = doi.split("/")
    while len(parts) > 1 and parts[-1].lower() in _PAGES_OF_PUBLISHERS:
        parts.pop()
    bare = "/".join(parts)
    return bare if len(bare) < len(doi) else _FILE_OF_PUBLISHER.sub("", doi)


def folded_doi(doi: str) -> str:
    """Return a bare DOI in small letters: equal for all spellings of one DOI."""
    return doi.lower()


def bare_arxiv_id(written: str) -> str | None:
    """Return the arXiv id that `written` is, without prefix or address; a version stays.

    Beside other words an id counts only after the word arXiv. Digits with an impossible month are
    another kind of id.
    """
    if written.isascii() and (found := _ARXIV_ID.fullmatch(written)):  # the common case
        return found[0]
    text = clean_text(written).strip("<>()[]{}.,;\"' ")
    if "%" in text:
        text = unquote(text)
    if found := _ARXIV_ID.fullmatch(text):
        return found[0]
    found = _ARXIV_ADDRESS.fullmatch(text) or _ARXIV_LABEL.search(text)
    return found[1] if found else None


def arxiv_id_of_doi(doi: str) -> str | None:
    """Return the arXiv id that DataCite's DOI of an arXiv paper names, or None for another DOI."""
    is_arxiv = folded_doi(doi).startswith(_DATACITE_ARXIV)
    return bare_arxiv_id(doi[len(_DATACITE_ARXIV) :]) if is_arxiv else None


def without_version(arxiv_id: str) -> str:
    """Return what all spellings of an arXiv id share: small letters, no version, no subject class."""
    bare = arxiv_id.lower()
    if "v" in bare:
        bare = re.sub(r"v\d+$", "", bare)
    return re.sub(r"^([a-z-]+)\.[a-z-]+/", r"\1/", bare) if "/" in bare else bare


def _without_query(address: str) -> str:
    """Return an address up to its query or fragment."""
    return re.split(r"[?#]", address, maxsplit=1)[0]


def _without_trailing(doi: str) -> str:
    """Return a DOI without the punctuation and closing brackets of the text around it."""
    while doi:
        last = doi[-1]
        is_stray = last in _BRACKETS and doi.count(last) > doi.count(_BRACKETS[last])
        if not is_stray and last not in _TRAILING:
            break
        doi = doi[:-1]
    return doi
