"""Identifiers of an appearance, in the form in which they are compared."""

from __future__ import annotations

import re
from typing import NamedTuple

from papersearch.ingest.appearance import Appearance
from papersearch.text.identifiers import arxiv_id_of_doi, without_version

DOI = "DOI"
ARXIV_ID = "arXiv id"

_PREPRINT_DOI = re.compile(
    r"10\.(?:1101|2139|5281|6084|20944|21203|22541|26434|31219|31222|31223|31234|31235|33774|36227|64898)(?=/)"
)
"""Prefixes of preprint servers and archives. A preprint and its publication have different DOIs."""


class Identifier(NamedTuple):
    """An identifier of a kind: `DOI`, `ARXIV_ID`, or an id of one namespace or dump."""

    kind: str
    value: str

    @property
    def rivals(self) -> str:
        """The kind within which two values are two works: DOIs of preprints are a kind of their own."""
        prefix = _PREPRINT_DOI.match(self.value) if self.kind == DOI else None
        return f"{DOI} {prefix[0]}" if prefix else self.kind


def identifiers(one: Appearance) -> list[Identifier]:
    """Return the identifiers of an appearance, without version, in lower case.

    DataCite's DOI of an arXiv paper is its arXiv id. The id of a record counts within its namespace,
    or within its dump.
    """
    found: list[Identifier] = []
    if one.record_id is not None:
        found.append(Identifier(f"id of {one.namespace}" if one.namespace else f"id in {one.dump}", one.record_id))
    if one.arxiv_id is not None:
        found.append(Identifier(ARXIV_ID, without_version(one.arxiv_id)))
    if one.doi is not None:
        arxiv_id = arxiv_id_of_doi(one.doi)
        if arxiv_id is None:
            found.append(Identifier(DOI, one.doi.casefold()))
        else:
            found.append(Identifier(ARXIV_ID, without_version(arxiv_id)))
    return found
