"""Appearances become papers: equal ones are merged, and conflicts are reported.

Records with an id are the same paper if their ids are equal; they are never merged by title. An
appearance without an id, such as a paper of a copied page, is identified by its title. It joins the
only record with this title, or becomes a paper of its own.

Papers keep the order of their first appearance. The first value wins, with two exceptions: a
printed year beats an inferred one, and the longest abstract beats shorter ones.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from operator import attrgetter
from typing import TypeVar

from papersearch.checksums import sha256_of
from papersearch.ingest.appearance import Appearance
from papersearch.text.identity import paper_id, title_key
from papersearch.types import Finding, Paper, Provenance

_T = TypeVar("_T")
_Group = list[Appearance]


def merge(appearances: Iterable[Appearance]) -> tuple[list[Paper], list[Finding]]:
    """Merge `appearances` into papers; report rewritten links and conflicting values as findings."""
    findings: list[Finding] = []
    groups, own_ids = _group(appearances, findings)
    ids = _distinct_ids([group[0].title or group[0].abstract for group in groups], own_ids)
    papers = [_merge_group(group, name, findings) for group, name in zip(groups, ids, strict=True)]
    return papers, findings


def _group(appearances: Iterable[Appearance], findings: list[Finding]) -> tuple[list[_Group], list[str | None]]:
    """Group the appearances of each paper, in order of first appearance.

    Returns the groups, and the id of each group's records, or None if it has no records.
    """
    listed = list(appearances)
    names = _record_names(listed, findings)
    with_title: dict[str, set[str]] = {}
    is_any_nameless = None in names  # if all have names, `with_title` is never read
    for appearance, name in zip(listed, names, strict=True):
        if is_any_nameless and name is not None and appearance.title:
            with_title.setdefault(title_key(appearance.title), set()).add(name)
    groups: dict[Hashable, _Group] = {}
    own_ids: dict[Hashable, str | None] = {}
    for appearance, name in zip(listed, names, strict=True):
        if name is None:
            key = title_key(appearance.title or appearance.abstract)
            having = with_title.get(key, set()) if appearance.title else set()
            name = next(iter(having)) if len(having) == 1 else None
        identity = ("id", name) if name is not None else ("title", key)
        groups.setdefault(identity, []).append(appearance)
        own_ids[identity] = name
    return list(groups.values()), list(own_ids.values())


def _record_names(appearances: list[Appearance], findings: list[Finding]) -> list[str | None]:
    """Return the id of each appearance's record, changed if another paper has taken it.

    Two collections may both have a paper "1". The second paper then gets the id followed by a few
    characters of its text's SHA-256.
    """
    taken: dict[str, Appearance] = {}
    names: list[str | None] = []
    for appearance in appearances:
        name = appearance.record_id
        if name is not None:
            first = taken.setdefault(name, appearance)
            if first is not appearance and not _may_be_same(first, appearance):
                text = f"{title_key(appearance.title)}\n{appearance.abstract if not appearance.title else ''}"
                digest = sha256_of(text.encode("utf-8", "surrogatepass"))
                detail = f"{name} is “{first.title}” in {first.dump}:{first.first_line}; “{appearance.title}” is"
                name = f"{name}-{digest[:6]}"
                findings.append(
                    Finding(
                        kind="id used twice",
                        file=appearance.dump,
                        line=appearance.first_line,
                        detail=f"{detail} {name} now",
                    )
                )
        names.append(name)
    return names


def _may_be_same(first: Appearance, second: Appearance) -> bool:
    """Return whether two records with one id can be one paper.

    They can if titles or abstracts are equal, or if one of them has no title.
    """
    return (
        title_key(first.title) == title_key(second.title)
        or (first.abstract == second.abstract and bool(first.abstract))
        or not (first.title and second.title)
    )


def _merge_group(group: _Group, name: str, findings: list[Finding]) -> Paper:
    """Merge the appearances of one paper; append rewritten links and conflicts to `findings`."""
    first = group[0]
    for appearance in group:
        for link in appearance.mirror_links:
            detail = f"{link} in “{appearance.title}” now leads to huggingface.co"
            findings.append(
                Finding(
                    kind="mirror link rewritten", file=appearance.dump, line=appearance.first_line, detail=detail
                )
            )
    dated = _preferred_date(group)

    def agree(what: str, value_of: Callable[[Appearance], _T | None]) -> _T | None:
        """Return the first known value; report each appearance that has another one."""
        if len(group) == 1:  # the common case
            return value_of(first)
        known = [(value, place) for place in group if (value := value_of(place)) is not None]
        for value, place in known[1:]:
            if value != known[0][0]:
                detail = f"{what} of “{first.title}”: kept {known[0][0]!r}, here {value!r}"
                findings.append(
                    Finding(kind="metadata conflict", file=place.dump, line=place.first_line, detail=detail)
                )
        return known[0][0] if known else None

    agree("abstract", lambda a: a.abstract or None)
    agree("date", lambda a: a.date if a.year_inferred == dated.year_inferred else None)
    abstract = max((appearance.abstract for appearance in group), key=len)
    links = dict.fromkeys(link for appearance in group for link in appearance.links)
    return Paper(
        paper_id=name,
        title=next((appearance.title for appearance in group if appearance.title), ""),
        abstract=abstract,
        date=dated.date,
        year=dated.year,
        year_inferred=dated.year_inferred,
        author_count=agree("author count", attrgetter("author_count")),
        organisation=agree("organisation", attrgetter("organisation")),
        comment_count=_largest([appearance.comment_count for appearance in group]),
        links=tuple(links),
        provenance=tuple(Provenance(dump=a.dump, first_line=a.first_line, last_line=a.last_line) for a in group),
        authors=agree("authors", lambda a: a.authors or None) or (),
        categories=tuple(dict.fromkeys(name for appearance in group for name in appearance.categories)),
        arxiv_id=agree("arXiv id", attrgetter("arxiv_id")),
        doi=agree("DOI", attrgetter("doi")),
        upvotes=_largest([appearance.upvotes for appearance in group]),
        month=dated.month,
        author_names=next((a.author_names for a in group if a.authors), ()),
        venue=_first(a.venue for a in group),
        volume=_first(a.volume for a in group),
        issue=_first(a.issue for a in group),
        pages=_first(a.pages for a in group),
        publisher=_first(a.publisher for a in group),
        url=_first(a.url for a in group),
        citation_key=_first(a.citation_key for a in group),
    )


def _first(values: Iterable[str | None]) -> str | None:
    """Return the first known value."""
    return next((value for value in values if value is not None), None)


def _preferred_date(group: _Group) -> Appearance:
    """Return the appearance whose date counts.

    A printed year beats an inferred one, which beats none; then a full date beats a month, which
    beats a year alone. The first of equals wins.
    """
    return min(group, key=lambda a: (a.year is None, a.year_inferred, a.date is None, a.month is None))


def _largest(counts: list[int | None]) -> int | None:
    """Return the largest known count: counts of comments and votes only grow, so it is the latest."""
    known = [count for count in counts if count is not None]
    return max(known) if known else None


def _distinct_ids(titles: list[str], own_ids: list[str | None]) -> list[str]:
    """Return one id per paper: the id of its records, or one made from its title.

    If two made ids collide, both get more hash characters. So neither depends on the order of the
    corpus.
    """
    ids = [own or paper_id(title) for own, title in zip(own_ids, titles, strict=True)]
    length = 6
    while len(set(ids)) < len(ids) and length < 64:
        length += 8
        seen: dict[str, int] = {}
        for name in ids:
            seen[name] = seen.get(name, 0) + 1
        ids = [
            own or (paper_id(title, length) if seen[name] > 1 else name)
            for name, own, title in zip(ids, own_ids, titles, strict=True)
        ]
    return ids
