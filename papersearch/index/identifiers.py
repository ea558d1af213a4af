"""The table of identifiers: under which keys the papers of an index are found.

A line is a kind and a folded identifier, as in `arxiv:2503.11731`, `doi:10.1000/xyz` or
`key:doe2024pipeline`. `text.dress` makes the same key of whatever people type, so that finding a
paper is a binary search.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from papersearch.text.dress import of_address, of_arxiv_id, of_doi, of_pubmed, whole_identifier
from papersearch.text.identity import id_digest, is_short

if TYPE_CHECKING:
    from papersearch.types import DumpFile, Paper

_OF_PUBMED = frozenset({"PubMed XML", "PubMed (nbib)", "Europe PMC", "JATS XML", "table"})
"""Formats in which a paper's own number may be that of PubMed."""

_LEAST_OF_PUBMED = 4
"""Least number of digits of such a number: below it, it may be a row of a table."""


def identifier_order(papers: Sequence[Paper], dumps: Sequence[DumpFile]) -> tuple[list[str], list[int]]:
    """Return the keys of all papers, ascending, and the doc_idx of each; equal keys by doc_idx."""
    numbered = {dump.name for dump in dumps if dump.format in _OF_PUBMED}
    pairs = sorted({(key, at) for at, paper in enumerate(papers) for key in keys_of(paper, numbered)})
    return [key for key, _ in pairs], [at for _, at in pairs]


def keys_of(paper: Paper, numbered: Collection[str] = ()) -> Iterator[str]:
    """Yield the keys of a paper; `numbered` are the dumps in which a number is one of PubMed.

    Links in an abstract may lead to other papers: of these, arXiv ids and DOIs are left out.
    """
    if paper.arxiv_id:
        yield of_arxiv_id(paper.arxiv_id).key
    if paper.doi:
        yield of_doi(paper.doi).key
    if paper.citation_key:
        yield citation_key(paper.citation_key)
    name = paper.paper_id
    if not is_short(name):
        yield f"short:{id_digest(name, paper.title or paper.abstract)}"
    if name.isdecimal() and name.isascii() and len(name) >= _LEAST_OF_PUBMED:
        if any(place.dump in numbered for place in paper.provenance):
            yield of_pubmed(name).key
    elif (identifier := whole_identifier(name)) is not None:
        yield identifier.key
    for link, is_own in (*((link, False) for link in paper.links), (paper.url, True)):
        found = of_address(link) if link else None
        if found is not None and (is_own or found.kind not in ("arXiv id", "DOI")):
            yield found.key


def citation_key(written: str) -> str:
    """Return the key of a citation key, whose case counts."""
    return f"key:{' '.join(written.split())}"
