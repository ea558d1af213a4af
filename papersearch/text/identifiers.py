"""Identifiers of papers outside this collection: DOIs and arXiv ids, freed from their dress.

People write them as addresses, with prefixes, in brackets. A bare identifier is what every export
and every comparison starts from.
"""

from __future__ import annotations

import re

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV_ID = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE)
_DATACITE_ARXIV = "10.48550/arxiv."


def bare_doi(written: str) -> str | None:
    """Return the DOI in `written`, from `10.` on, or None if there is none."""
    found = _DOI.search(written)
    return found[0] if found else None


def bare_arxiv_id(written: str) -> str | None:
    """Return the arXiv id that `written` is, without prefix or address; a version stays."""
    found = _ARXIV_ID.search(written)
    return found[0] if found else None


def arxiv_id_of_doi(doi: str) -> str | None:
    """Return the arXiv id that DataCite's DOI of an arXiv paper names, or None for another DOI."""
    folded = doi.lower()
    return bare_arxiv_id(folded.removeprefix(_DATACITE_ARXIV)) if folded.startswith(_DATACITE_ARXIV) else None


def without_version(arxiv_id: str) -> str:
    """Return an arXiv id without its version, in lower case: the same for all versions."""
    return re.sub(r"v\d+$", "", arxiv_id.lower())
