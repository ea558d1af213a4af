"""The ids that papers are shown under, which no two papers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, count, repeat

from papersearch.checksums import sha256_of
from papersearch.ingest.appearance import Appearance
from papersearch.ingest.distinct import numbered
from papersearch.ingest.doubts import place_of
from papersearch.ingest.record import Report
from papersearch.text.identity import loose_title_key, paper_id, title_beginnings, title_key, title_letters
from papersearch.text.shortening import is_cut
from papersearch.types import Finding

_LENGTHS = range(6, 65, 8)
"""Numbers of hash characters to try."""

_Group = Sequence[Appearance]


def title_of(group: _Group) -> str:
    """Return the first title that is not the beginning of another one of the paper, or ""."""
    if len(group) == 1:
        return group[0].title
    by_key: dict[str, str] = {}
    for title in dict.fromkeys(one.title for one in group if one.title):
        by_key.setdefault(loose_title_key(title), title)
    whole = (
        title
        for key, title in by_key.items()
        if not any(_is_cut_of(title, key, *other) for other in by_key.items())
    )
    return next(whole, next(iter(by_key.values()), ""))


def _is_cut_of(title: str, key: str, other_key: str, other: str) -> bool:
    return key != other_key and (key in title_beginnings(other) or (is_cut(title) and other_key.startswith(key)))


def name_papers(groups: Sequence[_Group], report: Report) -> list[str]:
    """Return one id per paper: that of its first record with an id, or one made from its title.

    Two collections may both have a paper "1". The second paper then gets the id followed by a few
    characters of a SHA-256, and the id is reported.
    """
    names: list[str | None] = [None] * len(groups)
    taken: dict[str, int] = {}
    for at, group in enumerate(groups):
        named = _first_with_id(group)
        if named is None or named.record_id is None:
            continue
        name = named.record_id
        if name in taken:
            name = _another_name(named, group, taken)
            first = _first_with_id(groups[taken[named.record_id]])
            report(_used_twice(named, name, first or named))
        taken[name] = at
        names[at] = name
    made = [at for at, name in enumerate(names) if name is None]
    for at, name in zip(made, _made_names(_Picked(groups, made), taken), strict=True):
        names[at] = name
    return [name or "" for name in names]


class _Picked(Sequence[_Group]):
    """Some of the groups, each read when it is used: they may be on disk."""

    def __init__(self, groups: Sequence[_Group], places: Sequence[int]) -> None:
        self._groups = groups
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> _Group:  # type: ignore[override]  # no slices
        return self._groups[self._places[number]]


def _first_with_id(group: _Group) -> Appearance | None:
    """Return the first appearance whose record has an id."""
    return next((one for one in group if one.record_id is not None), None)


def _another_name(named: Appearance, group: _Group, taken: Collection[str]) -> str:
    """Return the taken id of a record with a few characters of its text's SHA-256."""
    text = f"{title_key(named.title)}\n{named.abstract if not named.title else ''}"
    first = f"{named.record_id}-{_digest(text)[: _LENGTHS[0]]}"
    if first not in taken:  # nearly always, so the rest need not be known
        return first
    tries = (f"{named.record_id}-{_digest(content)[:n]}" for n in _LENGTHS for content in (text, _content(group)))
    numbers = (f"{named.record_id}-{n}" for n in count(len(taken)))
    return next(name for name in chain(tries, numbers) if name not in taken)


def _used_twice(named: Appearance, name: str, first: Appearance) -> Finding:
    detail = f"{named.record_id} is “{first.title}” in {place_of(first)}; “{named.title}” is {name} now"
    return Finding(kind="id used twice", file=named.dump, line=named.first_line, detail=detail)


def _made_names(groups: Sequence[_Group], taken: Iterable[str]) -> list[str]:
    """Return ids made from titles, and from what else is known where several papers share a title.

    If two made ids collide, both get more hash characters. So neither depends on the order of the
    corpus.
    """
    if not groups:
        return []
    titles = [title_of(group) or group[0].abstract for group in groups]
    letters = list(map(title_letters, titles))
    n_titled = Counter(letters)
    contents = [
        f"{title_key(title)}\n{_content(group)}" if n_titled[key] > 1 else ""
        for group, title, key in zip(groups, titles, letters, strict=True)
    ]
    ids = list(map(paper_id, titles, repeat(_LENGTHS[0]), contents))
    for length in _LENGTHS[1:]:
        n_named = Counter([*ids, *taken])
        if len(n_named) == len(ids) + len(set(taken)):
            return ids
        ids = [
            paper_id(title, length, content) if n_named[name] > 1 else name
            for name, title, content in zip(ids, titles, contents, strict=True)
        ]
    return numbered(ids, "{}-{}", taken)


def _content(group: _Group) -> str:
    """Return what tells a paper from others of its title."""
    abstract = max((one.abstract for one in group), key=len)
    names = sorted({name for one in group for name in (one.doi, one.arxiv_id) if name})
    return "\n".join([title_key(abstract), *names])


def _digest(text: str) -> str:
    return sha256_of(text.encode("utf-8", "surrogatepass"))
