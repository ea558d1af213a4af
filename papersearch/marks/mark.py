"""Marks: what a reader keeps about papers, which are tags, a note, and whether they have been read.

A mark has the paper's identifiers and title, so that it is found again after the paper has got
another id. `file` reads and writes marks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from papersearch.errors import InvalidMark, UnknownTag
from papersearch.text.cleaning import clean_text
from papersearch.text.identifiers import bare_arxiv_id, bare_doi, folded_doi, without_version
from papersearch.text.identity import title_key
from papersearch.text.same_paper import Names, are_same, names_of

if TYPE_CHECKING:
    from papersearch.search.filter_table import MarkFilters
    from papersearch.types import Filters, LookUpBy, Paper

Key = TypeVar("Key")

MAX_TAG = 100
MAX_NOTE = 10_000
"""Greatest number of characters in a tag and in a note that are kept."""


class Finder(Protocol):
    """An index, as far as marks need it: `papersearch.Index`, in a folder or on a server."""

    def look_up(self, names: Sequence[str], by: LookUpBy = "id") -> tuple[str | None, ...]:
        """Return the id of the one paper of each name."""
        ...

    def paper(self, name: str) -> Paper:
        """Return the paper with this id."""
        ...


class Mark(NamedTuple):
    """What a reader keeps about one paper, with the identifiers by which the paper is found again."""

    paper_id: str = ""
    tags: tuple[str, ...] = ()
    is_read: bool = False
    note: str = ""
    title: str = ""
    arxiv_id: str = ""
    doi: str = ""

    @property
    def is_empty(self) -> bool:
        """True if the mark says nothing of its paper."""
        return not (self.tags or self.is_read or self.note)

    @property
    def name(self) -> str:
        """The paper's title, or an identifier if it has none."""
        return self.title or self.paper_id or self.arxiv_id or self.doi


class Change(NamedTuple):
    """A change of marks: tags to add and to remove, and a note and a state unless they are None.

    An empty note removes the note.
    """

    tags: tuple[str, ...] = ()
    untags: tuple[str, ...] = ()
    note: str | None = None
    is_read: bool | None = None

    def checked(self) -> Change:
        """Return the change with clean texts. Raises InvalidMark."""
        cleaned = Change(
            tags=distinct(map(clean_text, self.tags)),
            untags=distinct(map(clean_text, self.untags)),
            note=None if self.note is None else clean_text(self.note),
            is_read=self.is_read,
        )
        for tag in (*cleaned.tags, *cleaned.untags):
            if not 0 < len(tag) <= MAX_TAG:
                raise InvalidMark(what="tag", n_characters=len(tag), limit=MAX_TAG)
        if cleaned.note is not None and len(cleaned.note) > MAX_NOTE:
            raise InvalidMark(what="note", n_characters=len(cleaned.note), limit=MAX_NOTE)
        return cleaned

    def applied(self, mark: Mark) -> Mark:
        """Return a mark after the change, which is `checked`."""
        removed = set(map(str.casefold, self.untags))
        kept = [tag for tag in distinct([*mark.tags, *self.tags]) if tag.casefold() not in removed]
        return mark._replace(
            tags=tuple(kept),
            is_read=mark.is_read if self.is_read is None else self.is_read,
            note=mark.note if self.note is None else self.note,
        )


class Marks:
    """Marks in the order of their file."""

    def __init__(self, marks: Iterable[Mark] = ()) -> None:
        self._marks = tuple(marks)

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[Mark]:
        return iter(self._marks)

    def of(self, papers: Sequence[Paper], index: Finder) -> list[Mark | None]:
        """Return the mark of each paper of an index, under the paper's present identifiers; None without one.

        A mark belongs to a paper with its id, arXiv id or DOI; or with its title, if no paper of the
        index has the id of the mark any more, and no other identifier contradicts.
        """
        if not self._marks:
            return [None] * len(papers)
        places = self.places(papers, index)
        return [
            joined(paper, [self._marks[at] for at in found]) if found else None
            for paper, found in zip(papers, places, strict=True)
        ]

    def places(self, papers: Sequence[Paper], index: Finder) -> list[list[int]]:
        """Return, for each paper, the places of its marks, ascending: `of` joins them."""
        places = [
            {at for name in _identifiers(mark_of(paper)) for at in self._named.get(name, ())} for paper in papers
        ]
        alike = [
            [at for at in self._titled.get(title_key(paper.title), ()) if at not in found] if paper.title else []
            for paper, found in zip(papers, places, strict=True)
        ]
        doubtful = sorted({self._marks[at].paper_id for each in alike for at in each} - {""})
        still = set(index.look_up(doubtful)) if doubtful else set()
        for paper, found, each in zip(papers, places, alike, strict=True):
            for at in each:
                mark = self._marks[at]
                if mark.paper_id not in still and _is_of(mark, paper):
                    found.add(at)
        return [sorted(found) for found in places]

    def tags(self) -> dict[str, int]:
        """Count the marks of each tag, in alphabetical order; case does not tell tags apart."""
        counts: dict[str, tuple[str, int]] = {}
        for mark in self._marks:
            for tag in mark.tags:
                first, n_marks = counts.get(tag.casefold(), (tag, 0))
                counts[tag.casefold()] = first, n_marks + 1
        return dict(counts[key] for key in sorted(counts))

    def tagged(self, tags: Collection[str]) -> list[Mark]:
        """Return the marks with any of these tags. Raises UnknownTag for a tag that no mark has."""
        known = self.tags()
        wanted = {clean_text(tag).casefold(): tag for tag in tags}
        if unknown := wanted.keys() - set(map(str.casefold, known)):
            from papersearch.search.filters import nearest

            tag = wanted[min(unknown)]
            raise UnknownTag(tag=tag, nearest=tuple(nearest(tag, list(known))), known=tuple(known))
        return [mark for mark in self._marks if not wanted.keys().isdisjoint(map(str.casefold, mark.tags))]

    @cached_property
    def _named(self) -> dict[tuple[str, str], list[int]]:
        """The places of the marks by identifier."""
        return _grouped((name, at) for at, mark in enumerate(self._marks) for name in _identifiers(mark))

    @cached_property
    def _titled(self) -> dict[str, list[int]]:
        """The places of the marks by key of the title."""
        return _grouped((title_key(mark.title), at) for at, mark in enumerate(self._marks) if mark.title)


_WAYS: tuple[tuple[LookUpBy, Callable[[Mark], str]], ...] = (
    ("id", lambda mark: mark.paper_id),
    ("identifier", lambda mark: mark.arxiv_id and f"arXiv:{bare_arxiv_id(mark.arxiv_id) or mark.arxiv_id}"),
    ("identifier", lambda mark: mark.doi and f"doi:{bare_doi(mark.doi) or mark.doi}"),
    ("title", lambda mark: mark.title),
)
"""The ways to look up the paper of a mark, surest first."""


def resolved(marks: Sequence[Mark], index: Finder) -> list[str | None]:
    """Return the present id of each mark's paper; None for one that the index does not have."""
    found: list[str | None] = [None] * len(marks)
    for by, name_of in _WAYS:
        lost = [at for at, paper_id in enumerate(found) if paper_id is None and name_of(marks[at])]
        for at, paper_id in zip(lost, index.look_up([name_of(marks[at]) for at in lost], by), strict=True):
            mark = marks[at]
            is_doubtful = by == "title" and (mark.arxiv_id or mark.doi)
            if paper_id is None or (is_doubtful and not _is_of(mark, index.paper(paper_id))):
                continue
            found[at] = paper_id
    return found


def narrowed(filters: Filters, wanted: MarkFilters, marks: Marks, index: Finder) -> tuple[Filters, list[Mark]]:
    """Return filters with the conditions on marks as papers, within which or without which is searched.

    `filters.within` must have ids. The second value are the tagged or read marks, as far as they
    are asked for, of papers that the index does not have. Raises UnknownTag.
    """
    lost: list[Mark] = []
    tagged = marks.tagged(wanted.tags) if wanted.tags else []
    read = [mark for mark in marks if mark.is_read]
    for asked, having in ((bool(wanted.tags), tagged), (wanted.read, read)):
        if asked:
            ids = resolved(having, index)
            lost += [mark for mark, paper_id in zip(having, ids, strict=True) if paper_id is None]
            before = None if filters.within is None else set(filters.within)
            kept = dict.fromkeys(each for each in ids if each is not None and (before is None or each in before))
            filters = filters.replace(within=tuple(kept))
    if wanted.unread:
        found = filter(None, resolved(read, index))
        filters = filters.replace(without=tuple(dict.fromkeys([*(filters.without or ()), *found])))
    return filters, list(dict.fromkeys(lost))


def mark_of(paper: Paper) -> Mark:
    """Return the empty mark of a paper."""
    return Mark(
        paper_id=clean_text(paper.paper_id),
        title=clean_text(paper.title),
        arxiv_id=clean_text(paper.arxiv_id or ""),
        doi=clean_text(paper.doi or ""),
    )


def joined(paper: Paper, marks: Sequence[Mark]) -> Mark:
    """Join the marks of one paper: several machines may have marked it, under several ids."""
    return mark_of(paper)._replace(
        tags=distinct(tag for mark in marks for tag in mark.tags),
        is_read=any(mark.is_read for mark in marks),
        note="; ".join(dict.fromkeys(mark.note for mark in marks if mark.note)),
    )


def distinct(tags: Iterable[str]) -> tuple[str, ...]:
    """Leave out tags that came before in another case."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(tag.casefold(), tag)
    return tuple(first.values())


def _identifiers(mark: Mark) -> Iterator[tuple[str, str]]:
    """Yield the identifiers of a mark, as they are compared."""
    if mark.paper_id:
        yield "id", mark.paper_id
    if mark.arxiv_id:
        yield "arXiv", without_version(bare_arxiv_id(mark.arxiv_id) or mark.arxiv_id)
    if mark.doi:
        yield "DOI", folded_doi(bare_doi(mark.doi) or mark.doi)


def _is_of(mark: Mark, paper: Paper) -> bool:
    """Tell whether a mark is of a paper, whatever its id."""
    named = dict(_identifiers(mark))
    names = Names(named.get("arXiv", ""), named.get("DOI", ""), title_key(mark.title))
    return are_same(names, names_of(paper))


def _grouped(pairs: Iterable[tuple[Key, int]]) -> dict[Key, list[int]]:
    groups: dict[Key, list[int]] = {}
    for key, at in pairs:
        groups.setdefault(key, []).append(at)
    return groups
