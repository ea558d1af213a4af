"""Reports on identity: papers that were merged, or kept apart, against appearances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.identifiers import ARXIV_ID, DOI, identifiers
from papersearch.ingest.identity import Grouping
from papersearch.ingest.likeness import are_alike, wording
from papersearch.text.identity import loose_title_key
from papersearch.types import Finding

_SHOWN = 60
"""Most characters of a value that a finding shows."""


def place_of(one: Appearance) -> str:
    """Return the place of an appearance, as findings name it."""
    return f"{one.dump}:{one.first_line}"


def shortened(value: object) -> str:
    """Return a value as findings show it, without the end of a long one."""
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def parting(one: str, other: str) -> tuple[str, str]:
    """Return two texts from the word on in which they differ, shortened."""
    start = 0
    for at, (here, there) in enumerate(zip(one, other, strict=False)):
        if here != there:
            break
        if here == " ":
            start = at + 1
    mark = "…" if start else ""
    return mark + shortened(one[start:]), mark + shortened(other[start:])


def merged_despite(group: Sequence[Appearance], title: str) -> Iterator[Finding]:
    """Yield a finding for each appearance of a paper that has another title or DOI."""
    titled = next((one for one in group if one.title == title), group[0])
    known = {loose_title_key(title), ""}
    for one in group:
        if (key := loose_title_key(one.title)) not in known:
            known.add(key)
            yield _merged(
                one, f"“{shortened(one.title)}” is “{shortened(title)}” in {place_of(titled)}: same identifier"
            )
    dois: dict[str, Appearance] = {}
    for one in group:
        doi = next((name.value for name in identifiers(one) if name.kind == DOI), None)
        if doi is not None and dois and doi not in dois:
            other, place = next(iter(dois.items()))
            detail = f"“{shortened(one.title)}” has the DOI {doi} here and {other} in {place_of(place)}"
            yield _merged(one, f"{detail}: titles agree")
        if doi is not None:
            dois.setdefault(doi, one)


def kept_apart(found: Grouping) -> Iterator[Finding]:
    """Yield a finding for each paper that shares a title, DOI or arXiv id with an earlier one."""
    return (finding for _, finding in placed_apart(found))


def placed_apart(found: Grouping) -> Iterator[tuple[tuple[bool, int], Finding]]:
    """Yield the findings of `kept_apart`, each with a key by which they ascend.

    A key is whether identifiers are the reason, and a position in `appearances`. So findings about
    unrelated appearances, grouped alone, can be put in order.
    """
    told: set[tuple[int, int]] = set()
    first_with: dict[str, int] = {}
    for place, title in enumerate(found.titles):
        first = first_with.setdefault(title, place) if title else place
        if first != place and _is_news(first, place, found, told):
            one, other = found.appearances[place], found.appearances[first]
            detail = f"“{shortened(one.title)}” is also the title of another paper, in {place_of(other)}"
            yield (False, place), _apart(one, f"{detail}: {_why(one, other)}")
    for contest in found.contests:
        if contest.identifier.kind not in (DOI, ARXIV_ID):
            continue  # ids of records are reported where papers are named
        first, *others = sorted({place for places in contest.by_title.values() for place in places})
        for place in others:
            if _is_news(first, place, found, told):
                one, other = found.appearances[place], found.appearances[first]
                detail = f"“{_called(one)}” has the {contest.identifier.kind} {contest.identifier.value}"
                why = "their titles differ" if one.title and other.title else "others with it have other titles"
                detail = f"{detail} of “{_called(other)}” in {place_of(other)}"
                yield (True, others[0]), _apart(one, f"{detail}: {why}")


def _is_news(first: int, place: int, found: Grouping, told: set[tuple[int, int]]) -> bool:
    """Return whether two appearances are of different papers that no finding has named together."""
    pair = found.partition.root(first), found.partition.root(place)
    if pair[0] == pair[1] or pair in told:
        return False
    told.add(pair)
    return True


def _why(one: Appearance, other: Appearance) -> str:
    """Return why two appearances of one title are not one paper."""
    if one.abstract and other.abstract and not are_alike(wording(one.abstract), wording(other.abstract)):
        return "their abstracts differ"
    if not {name.kind for name in identifiers(one)}.isdisjoint(name.kind for name in identifiers(other)):
        return "their ids differ"
    return "nothing else tells that they are the same"


def _called(one: Appearance) -> str:
    return shortened(one.title or one.abstract)


def _merged(place: Appearance, detail: str) -> Finding:
    return Finding(kind="papers merged", file=place.dump, line=place.first_line, detail=detail)


def _apart(place: Appearance, detail: str) -> Finding:
    return Finding(kind="papers kept apart", file=place.dump, line=place.first_line, detail=detail)
