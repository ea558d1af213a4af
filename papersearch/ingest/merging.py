"""Appearances become papers: one paper has one value of each kind, and conflicts are reported.

`identity` decides which appearances are one paper. Papers keep the order of their first appearance.
The first known value wins, with exceptions: a printed year beats an inferred one, a fuller date a
coarser one, the longest abstract shorter ones, the whole title a cut one, and a publisher's DOI that
of a preprint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.doubts import kept_apart, merged_despite, parting, place_of, shortened
from papersearch.ingest.identifiers import DOI, Identifier
from papersearch.ingest.identity import group
from papersearch.ingest.likeness import is_part, wording
from papersearch.ingest.namesakes import family_name
from papersearch.ingest.naming import name_papers, title_of
from papersearch.ingest.record import LONGEST_QUOTED
from papersearch.text.identifiers import arxiv_id_of_doi, without_version
from papersearch.types import Finding, Paper, Provenance

_Group = Sequence[Appearance]

_FIRST_KNOWN = (
    "author_count", "organisation", "arxiv_id", "venue", "volume", "issue", "pages", "publisher", "url",
    "citation_key",
)  # fmt: skip
_values_of: Callable[[Appearance], tuple[Any, ...]] = attrgetter(*_FIRST_KNOWN)
_SHARED = tuple(name for name in Paper.__annotations__ if name in Appearance.__annotations__)
_shared_values_of: Callable[[Appearance], tuple[Any, ...]] = attrgetter(*_SHARED)
_Value: TypeAlias = Callable[[Appearance], object]


def merge(appearances: Iterable[Appearance]) -> tuple[list[Paper], list[Finding]]:
    """Merge `appearances` into papers; report rewritten links, conflicts and doubtful identity."""
    grouping = group(list(appearances))
    groups = grouping.papers
    findings: list[Finding] = []
    names = name_papers(groups, findings.append)
    papers = [merge_group(one, name, findings) for one, name in zip(groups, names, strict=True)]
    findings += kept_apart(grouping)
    return papers, findings


def merge_group(group: _Group, name: str, findings: list[Finding]) -> Paper:
    """Merge the appearances of one paper; append rewritten links and conflicts to `findings`."""
    first = group[0]
    if len(group) == 1 and not first.mirror_links:
        return _only(first, name)
    for appearance in group:
        for link in appearance.mirror_links:
            detail = f"{link[:LONGEST_QUOTED]} in “{appearance.title}” now leads to huggingface.co"
            findings.append(
                Finding(
                    kind="mirror link rewritten", file=appearance.dump, line=appearance.first_line, detail=detail
                )
            )
    dated = _preferred_date(group)
    title = title_of(group)
    if len(group) > 1:
        findings += merged_despite(group, title)
        findings += _conflicts(group, title or shortened(first.abstract), dated)
    links = dict.fromkeys(link for appearance in group for link in appearance.links)
    named = next((appearance for appearance in group if appearance.authors), first)
    return Paper(
        paper_id=name,
        title=title,
        abstract=max((appearance.abstract for appearance in group), key=len),
        date=dated.date,
        year=dated.year,
        year_inferred=dated.year_inferred,
        comment_count=_largest([appearance.comment_count for appearance in group]),
        links=tuple(links),
        provenance=tuple(Provenance(dump=a.dump, first_line=a.first_line, last_line=a.last_line) for a in group),
        authors=named.authors,
        categories=tuple(dict.fromkeys(name for appearance in group for name in appearance.categories)),
        doi=_preferred_doi(group),
        upvotes=_largest([appearance.upvotes for appearance in group]),
        month=dated.month,
        author_names=named.author_names,
        **_first_known(group),
    )


def _only(one: Appearance, name: str) -> Paper:
    """Return the paper of one appearance, the common case: no rule changes a value of it."""
    place = Provenance(dump=one.dump, first_line=one.first_line, last_line=one.last_line)
    shared = zip(_SHARED, _shared_values_of(one), strict=True)
    return Paper(paper_id=name, provenance=(place,), **dict(shared))


def _first_known(group: _Group) -> dict[str, Any]:
    """Return the first known value of each field that no rule prefers otherwise."""
    columns = zip(*map(_values_of, group), strict=True)
    values = (next((value for value in column if value is not None), None) for column in columns)
    return dict(zip(_FIRST_KNOWN, values, strict=True))


def _preferred_date(group: _Group) -> Appearance:
    """Return the appearance whose date counts.

    A printed year beats an inferred one, which beats none; then a day beats a month, and a month a
    year alone. The first of equals wins.
    """
    if len(group) == 1:
        return group[0]
    return min(group, key=lambda a: (a.year is None, a.year_inferred, a.date is None, a.month is None))


def _preferred_doi(group: _Group) -> str | None:
    """Return the first DOI of a publisher, or else the first DOI."""
    if len(group) == 1:
        return group[0].doi
    known = [one.doi for one in group if one.doi is not None]
    published = (doi for doi in known if Identifier(DOI, doi.casefold()).rivals == DOI and not arxiv_id_of_doi(doi))
    return next(published, known[0] if known else None)


def _largest(counts: list[int | None]) -> int | None:
    """Return the largest known count: counts of comments and votes only grow, so it is the latest."""
    known = [count for count in counts if count is not None]
    return max(known) if known else None


def _conflicts(group: _Group, title: str, dated: Appearance) -> Iterator[Finding]:
    """Yield a finding for each value that differs from the one that is kept, with both places."""

    def differing(what: str, value_of: _Value, shown: _Value | None = None) -> Iterator[Finding]:
        known = [(value, place) for place in group if (value := value_of(place)) is not None]
        for value, place in known[1:]:
            if value != known[0][0]:
                kept, here = (shortened((shown or value_of)(one)) for one in (known[0][1], place))
                yield _conflict(place, f"{what} of “{title}”: kept {kept} of {place_of(known[0][1])}, here {here}")

    yield from _differing_abstracts(group, title)
    for one in group:
        if one.year is not None and one.year_inferred == dated.year_inferred and not _dates_agree(one, dated):
            kept = f"kept {_written_date(dated)} of {place_of(dated)}, here {_written_date(one)}"
            yield _conflict(one, f"date of “{title}”: {kept}")
    yield from differing("author count", attrgetter("author_count"))
    yield from differing("organisation", lambda one: one.organisation.name if one.organisation else None)
    yield from differing("authors", _family_names, lambda one: ", ".join(one.authors))
    yield from differing(
        "arXiv id", lambda one: without_version(one.arxiv_id) if one.arxiv_id else None, attrgetter("arxiv_id")
    )


def _family_names(one: Appearance) -> list[str] | None:
    return list(map(family_name, one.author_names)) or None


def _differing_abstracts(group: _Group, title: str) -> Iterator[Finding]:
    """Yield a finding for each abstract that the kept one does not contain; show where they part."""
    longest = max(group, key=lambda one: len(one.abstract))
    whole = wording(longest.abstract)
    reported = {longest.abstract, ""}
    for one in group:
        if one.abstract in reported:
            continue
        reported.add(one.abstract)
        if not is_part(wording(one.abstract), whole):
            kept, here = parting(longest.abstract, one.abstract)
            yield _conflict(
                one, f"abstract of “{title}”: kept the longer, “{kept}” in {place_of(longest)}, here “{here}”"
            )


def _conflict(place: Appearance, detail: str) -> Finding:
    return Finding(kind="metadata conflict", file=place.dump, line=place.first_line, detail=detail)


def _dates_agree(one: Appearance, other: Appearance) -> bool:
    """Return whether two dates are equal as far as both are known."""
    pairs = ((one.year, other.year), (one.month, other.month), (one.date, other.date))
    return all(here is None or there is None or here == there for here, there in pairs)


def _written_date(one: Appearance) -> str:
    if one.date or one.month is None:
        return one.date or str(one.year)
    return f"{one.year}-{one.month:02}"
