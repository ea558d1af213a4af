"""Appearances become papers: one per normalised title, metadata merged, conflicts reported.

Papers keep the order of their first appearance. The first value wins, except that a printed
year beats an inferred one and the longer abstract beats one that was cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from papersearch.identity import paper_id, title_key
from papersearch.ingest.appearance import Appearance
from papersearch.types import Finding, Paper, Provenance

_T = TypeVar("_T")


def merge(appearances: Iterable[Appearance]) -> tuple[list[Paper], list[Finding]]:
    """The papers behind `appearances`, and findings on links rewritten and values that differ."""
    groups: dict[str, list[Appearance]] = {}
    for appearance in appearances:
        groups.setdefault(title_key(appearance.title), []).append(appearance)
    ids = _distinct_ids([group[0].title for group in groups.values()])
    findings: list[Finding] = []
    papers = [_merge_group(group, name, findings) for group, name in zip(groups.values(), ids, strict=True)]
    return papers, findings


def _merge_group(group: list[Appearance], name: str, findings: list[Finding]) -> Paper:
    first = group[0]
    for appearance in group:
        for link in appearance.mirror_links:
            detail = f"{link} in “{appearance.title}” now leads to huggingface.co"
            findings.append(Finding("mirror link rewritten", appearance.dump, appearance.first_line, detail))
    dated = _preferred_date(group)

    def agree(what: str, values: list[_T | None]) -> _T | None:
        """The first value known; a finding for every appearance that has another."""
        known = [(value, place) for value, place in zip(values, group, strict=True) if value is not None]
        for value, place in known[1:]:
            if value != known[0][0]:
                detail = f"{what} of “{first.title}”: kept {known[0][0]!r}, here {value!r}"
                findings.append(Finding("metadata conflict", place.dump, place.first_line, detail))
        return known[0][0] if known else None

    agree("abstract", [appearance.abstract for appearance in group])
    agree("date", [a.date if a.year_inferred == dated.year_inferred else None for a in group])
    abstract = max((appearance.abstract for appearance in group), key=len)
    links = dict.fromkeys(link for appearance in group for link in appearance.links)
    return Paper(
        paper_id=name,
        title=first.title,
        abstract=abstract,
        date=dated.date,
        year=dated.year,
        year_inferred=dated.year_inferred,
        author_count=agree("author count", [appearance.author_count for appearance in group]),
        organisation=agree("organisation", [appearance.organisation for appearance in group]),
        comment_count=_largest([appearance.comment_count for appearance in group]),
        links=tuple(links),
        provenance=tuple(Provenance(a.dump, a.first_line, a.last_line) for a in group),
    )


def _preferred_date(group: list[Appearance]) -> Appearance:
    """The appearance whose date counts: the first with a printed year, else with any."""
    return min(group, key=lambda appearance: (appearance.year is None, appearance.year_inferred))


def _largest(counts: list[int | None]) -> int | None:
    """Comment counts only grow, so the largest is the latest; no conflict."""
    known = [count for count in counts if count is not None]
    return max(known) if known else None


def _distinct_ids(titles: list[str]) -> list[str]:
    """One id per title; where two would be the same, both get more hash characters, so
    that neither's id depends on the order of the corpus."""
    ids = [paper_id(title) for title in titles]
    length = 6
    while len(set(ids)) < len(ids) and length < 64:
        length += 8
        seen: dict[str, int] = {}
        for name in ids:
            seen[name] = seen.get(name, 0) + 1
        ids = [paper_id(title, length) if seen[name] > 1 else name for name, title in zip(ids, titles, strict=True)]
    return ids
