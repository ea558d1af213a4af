"""Identity: which appearances are one paper.

1. Appearances with a common identifier are one paper if their titles agree or one has none. A book's
   chapters share its DOI, so two titles under one identifier stay two papers.
2. Appearances with one title are one paper if their abstracts are alike or one is missing, unless
   their identifiers contradict.

The relation is closed: if A is B and B is C, then A is C. An appearance that tells little cannot join
papers that differ: an untitled one, or one with a cut title, joins a paper only if there is just one.
The result depends on the set of appearances, not on their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.identifiers import DOI, Identifier, identifiers
from papersearch.ingest.likeness import Wording, alike_classes, are_alike, wording
from papersearch.ingest.namesakes import longest_abstract, same_papers
from papersearch.ingest.partition import Partition
from papersearch.text.identity import loose_title_key, title_beginnings
from papersearch.text.shortening import is_cut

_Words: TypeAlias = Callable[[str], Wording]
"""Words of an abstract, read once."""


class Contest(NamedTuple):
    """Appearances of one identifier whose titles differ: their positions, by title key."""

    identifier: Identifier
    by_title: dict[str, list[int]]


class Grouping(NamedTuple):
    """The appearances of each paper in order, and what the reports need to know.

    titles: the loose title key of each appearance, or ""
    partition: the papers, as classes of positions in `appearances`
    """

    appearances: Sequence[Appearance]
    titles: list[str]
    contests: list[Contest]
    partition: Partition

    @property
    def papers(self) -> list[list[Appearance]]:
        """The appearances of each paper, by first appearance."""
        return [[self.appearances[place] for place in places] for places in self.partition.classes()]


def group(appearances: Sequence[Appearance]) -> Grouping:
    """Group the appearances of each paper."""
    titles = [loose_title_key(one.title) if one.title else "" for one in appearances]
    found = Grouping(appearances, titles, [], Partition(len(appearances)))
    known = cache(wording)
    _unite_by_identifier(found)
    for contest in found.contests:
        if contest.identifier.kind != DOI:
            _unite_retitled(contest, found, known)
    _unite_cut_titles(found, known)
    _unite_untitled(found)
    _unite_by_title(found, known)
    return found


def _unite_by_identifier(found: Grouping) -> None:
    """Unite appearances that share an identifier and a title, or an identifier and no title."""
    first_with: dict[Identifier, int] = {}
    shared: dict[Identifier, list[int]] = {}
    for place, one in enumerate(found.appearances):
        for identifier in identifiers(one):
            first = first_with.setdefault(identifier, place)
            if first != place:
                shared.setdefault(identifier, [first]).append(place)
    for identifier, places in shared.items():
        by_title: dict[str, list[int]] = {}
        for place in places:
            by_title.setdefault(found.titles[place], []).append(place)
        for same in by_title.values():
            found.partition.unite_all(same)
        if len(by_title) > 1:
            found.contests.append(Contest(identifier, by_title))


def _unite_retitled(contest: Contest, found: Grouping, known: _Words) -> None:
    """Unite different titles of one arXiv id or record if their abstracts are alike.

    A DOI does not do that: chapters may repeat the abstract of their book.
    """
    longest = [
        (places[0], abstract)
        for title, places in contest.by_title.items()
        if title and (abstract := _longest(places, found))
    ]
    for alike in alike_classes(known(abstract) for _, abstract in longest):
        found.partition.unite_all(longest[at][0] for at in alike)


def _unite_cut_titles(found: Grouping, known: _Words) -> None:
    """Unite "X" with "X: a study" under one identifier, unless "X: another" has it too."""
    pairs = [pair for contest in found.contests for pair in _cut_titles(contest, found, known)]
    is_changed = bool(pairs)
    while is_changed:
        wholes: dict[int, set[int]] = {}
        for cut, whole in pairs:
            root, target = found.partition.root(cut), found.partition.root(whole)
            if root != target:
                wholes.setdefault(root, set()).add(target)
        decided = [(root, targets.pop()) for root, targets in wholes.items() if len(targets) == 1]
        for root, target in decided:
            found.partition.unite(root, target)
        is_changed = bool(decided)


def _cut_titles(contest: Contest, found: Grouping, known: _Words) -> Iterator[tuple[int, int]]:
    """Yield the places of a cut title and a whole one, if their abstracts are alike or one is missing."""
    titled = {title: places for title, places in contest.by_title.items() if title}
    ordered = sorted(titled)
    wholes: dict[str, set[str]] = {title: set() for title in ordered}
    for at, title in enumerate(ordered):
        written = {found.appearances[place].title for place in titled[title]}
        for beginning in set().union(*map(title_beginnings, written)) & titled.keys():
            wholes[beginning].add(title)
        if any(map(is_cut, written)):  # two are enough to see that it may be either
            wholes[title].update(other for other in ordered[at + 1 : at + 3] if other.startswith(title))
    for title, others in wholes.items():
        for other in others:
            one, whole = _longest(titled[title], found), _longest(titled[other], found)
            if not one or not whole or are_alike(known(one), known(whole)):
                yield titled[title][0], titled[other][0]


def _unite_untitled(found: Grouping) -> None:
    """Unite untitled appearances with the only titled paper that shares an identifier with them."""
    titled: dict[int, set[int]] = {}
    for contest in found.contests:
        for place in contest.by_title.get("", ()):
            beside = titled.setdefault(found.partition.root(place), set())
            beside.update(places[0] for title, places in contest.by_title.items() if title)
    joined = [
        {cluster, *places}
        for cluster, places in titled.items()
        if len({found.partition.root(place) for place in places}) == 1
        or len({found.titles[place] for place in places}) == 1
    ]
    for places in joined:
        found.partition.unite_all(places)


def _unite_by_title(found: Grouping, known: _Words) -> None:
    """Unite appearances of one title, if abstracts and identifiers allow it.

    Untitled ones are compared by their abstract in place of a title, unless they have joined a titled
    paper.
    """
    by_title: dict[str, list[int]] = {}
    for place, title in enumerate(found.titles):
        by_title.setdefault(title, []).append(place)
    untitled = by_title.pop("", [])
    if untitled:
        root = found.partition.root
        having = {root(place) for place, title in enumerate(found.titles) if title}
        for place in untitled:
            if root(place) not in having:
                key = f" {loose_title_key(found.appearances[place].abstract)}"  # no title key has a blank
                by_title.setdefault(key, []).append(place)
    namesakes = [
        roots
        for places in by_title.values()
        if len(places) > 1 and len(roots := list(dict.fromkeys(map(found.partition.root, places)))) > 1
    ]
    members: dict[int, list[Appearance]] = {root: [] for roots in namesakes for root in roots}
    if members:
        for place, one in enumerate(found.appearances):
            if (paper := members.get(found.partition.root(place))) is not None:
                paper.append(one)
    for roots in namesakes:
        for same in same_papers([members[root] for root in roots], known).classes():
            found.partition.unite_all(roots[at] for at in same)


def _longest(places: Sequence[int], found: Grouping) -> str:
    return longest_abstract(found.appearances[place] for place in places)
