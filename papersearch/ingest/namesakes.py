"""Namesakes: papers found so far that have one title, and which of them are the same paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import NamedTuple

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.identifiers import identifiers
from papersearch.ingest.likeness import Wording, alike_classes
from papersearch.ingest.partition import Partition
from papersearch.types import AuthorName

_YEARS_APART = 1
"""Years between a preprint and its publication, if no abstract tells more."""


def same_papers(papers: Sequence[Sequence[Appearance]], wording: Callable[[str], Wording]) -> Partition:
    """Return which of `papers`, all of one title, are the same.

    Papers with alike abstracts are, unless their identifiers contradict. Papers without abstract are
    one, and the same as the only one with an abstract, unless identifiers, authors or years contradict.
    """
    abstracts = [longest_abstract(paper) for paper in papers]
    kinds = [{name.rivals for one in paper for name in identifiers(one)} for paper in papers]
    same = Partition(len(papers))
    with_abstract: dict[str, list[int]] = {}
    for place, abstract in enumerate(abstracts):
        with_abstract.setdefault(abstract, []).append(place)
    bare = with_abstract.pop("", [])
    distinct = sorted(with_abstract)
    for alike in alike_classes(map(wording, distinct)):
        free = _unite_alike([with_abstract[distinct[at]] for at in alike], kinds, same)
        for also_alike in alike_classes(wording(abstracts[place]) for place in free):
            same.unite_all(free[at] for at in also_alike)
    if bare:
        described = [place for place, abstract in enumerate(abstracts) if abstract]
        host = described if len({same.root(place) for place in described}) == 1 else []
        _unite_bare(host, bare, papers, same)
    return same


def longest_abstract(paper: Iterable[Appearance]) -> str:
    """Return the longest abstract; the order of the appearances does not matter."""
    return max((one.abstract for one in paper), key=lambda abstract: (len(abstract), abstract))


def _unite_alike(equal: list[list[int]], kinds: list[set[str]], same: Partition) -> list[int]:
    """Unite papers with alike abstracts, given by equal abstract, unless identifiers contradict.

    If they do, only equal abstracts unite. Returns the papers left that have no such identifier.
    """
    rivals = _repeated(kinds[place] for places in equal for place in places)
    if not rivals:
        same.unite_all(place for places in equal for place in places)
        return []
    left: list[int] = []
    for places in equal:
        if len(places) > 1 and not _repeated(kinds[place] for place in places):
            same.unite_all(places)
        else:
            left += places
    return [place for place in left if kinds[place].isdisjoint(rivals)]


def _unite_bare(host: list[int], bare: list[int], papers: Sequence[Sequence[Appearance]], same: Partition) -> None:
    """Unite papers without abstract with each other, and with the paper `host` if there is one."""
    described = [one for place in host for one in papers[place]]
    kinds = {place: {name.kind for one in papers[place] for name in identifiers(one)} for place in bare}
    rivals = _repeated([{name.kind for one in described for name in identifiers(one)}, *kinds.values()])
    known = _Facts.of(described)
    facts = {place: known.and_of(_Facts.of(papers[place])) for place in bare if kinds[place].isdisjoint(rivals)}
    free = [place for place, joint in facts.items() if joint.are_possible]
    if reduce(_Facts.and_of, (facts[place] for place in free), known).are_possible:
        same.unite_all([*host, *free])


class _Facts(NamedTuple):
    """The printed years of some appearances, and the family names that all known author lists have."""

    years: tuple[int, ...] = ()
    names: frozenset[str] | None = None

    @classmethod
    def of(cls, appearances: Iterable[Appearance]) -> _Facts:
        """Return the facts of one paper."""
        found = cls()
        for one in appearances:
            year = () if one.year is None or one.year_inferred else (one.year,)
            names = frozenset(map(family_name, one.author_names)) if one.author_names else None
            found = found.and_of(cls(year, names))
        return found

    def and_of(self, other: _Facts) -> _Facts:
        """Return the facts of two papers as those of one."""
        years = self.years + other.years
        if self.names is None or other.names is None:
            return _Facts(
                (min(years), max(years)) if years else (), other.names if self.names is None else self.names
            )
        return _Facts((min(years), max(years)) if years else (), self.names & other.names)

    @property
    def are_possible(self) -> bool:
        """Whether one paper can have them: its years are near, and its authors have a name in common."""
        is_near = not self.years or max(self.years) - min(self.years) <= _YEARS_APART
        return is_near and (self.names is None or bool(self.names))


def _repeated(sets: Iterable[set[str]]) -> set[str]:
    """Return what is in several of `sets`: papers that have one kind of identifier have two values.

    An equal value would have made them one paper before.
    """
    once: set[str] = set()
    twice: set[str] = set()
    for one in sets:
        twice |= once & one
        once |= one
    return twice


def family_name(name: AuthorName) -> str:
    """Return the part of a name that sources agree on, without case."""
    return (name.family or name.literal or name.given or "").casefold()
