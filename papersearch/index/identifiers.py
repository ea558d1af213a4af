"""The table of identifiers: under which keys the papers of an index are found.

A line is a kind and a folded identifier, as in `arxiv:2503.11731`, `doi:10.1000/xyz` or
`key:doe2024pipeline`. `text.dress` makes the same key of whatever people type, so that finding a
paper is a binary search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from papersearch.text.dress import of_address, of_arxiv_id, of_doi, of_pubmed, whole_identifier
from papersearch.text.identity import id_digest, is_short, key_of_citation

if TYPE_CHECKING:
    from papersearch.types import DumpFile, Paper

_OF_PUBMED = {"PubMed XML": 1, "PubMed (nbib)": 1, "Europe PMC": 1, "JATS XML": 1, "table": 7}
"""Formats in which a paper's own number may be that of PubMed, and the least number of its digits: in a
table, a smaller number may be that of a row."""


def identifier_order(papers: Sequence[Paper], dumps: Sequence[DumpFile]) -> tuple[list[str], list[int]]:
    """Return the keys of all papers, ascending, and the doc_idx of each; equal keys by doc_idx."""
    numbered = {dump.name: _OF_PUBMED[dump.format] for dump in dumps if dump.format in _OF_PUBMED}
    pairs = sorted({(key, at) for at, paper in enumerate(papers) for key in keys_of(paper, numbered)})
    return [key for key, _ in pairs], [at for _, at in pairs]


def keys_of(paper: Paper, numbered: Mapping[str, int]) -> Iterator[str]:
    """Yield the keys of a paper.

    numbered: the dumps in which a paper's own number may be that of PubMed, each with its least number of digits

    Links in an abstract may lead to other papers: of these, arXiv ids and DOIs are left out.
    """
    if paper.arxiv_id:
        yield of_arxiv_id(paper.arxiv_id).key
    if paper.doi:
        yield of_doi(paper.doi).key
    if paper.citation_key:
        yield key_of_citation(paper.citation_key)
    name = paper.paper_id
    if not is_short(name):
        yield f"short:{id_digest(name, paper.title or paper.abstract)}"
    if name.isdecimal() and name.isascii():
        least = [numbered[place.dump] for place in paper.provenance if place.dump in numbered]
        if least and len(name) >= min(least):
            yield of_pubmed(name).key
    elif _may_identify(name) and (identifier := whole_identifier(name)) is not None:
        yield identifier.key
    for link, is_own in (*((link, False) for link in paper.links), (paper.url, True)):
        found = of_address(link) if link else None
        if found is not None and (is_own or found.kind not in ("arXiv id", "DOI")):
            yield found.key


def _may_identify(name: str) -> bool:
    """Tell whether an id may be an identifier of another collection: one that is made from a title is not."""
    return "-" not in name or "." in name or "/" in name
