"""The papers of a collection: read by number, found by id, identifier, title or citation key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.errors import AmbiguousPaper, PaperNotFound
from papersearch.search.protocol import FindOf, IdsOf, LookUp
from papersearch.search.shards import Owned
from papersearch.text.cleaning import clean_text
from papersearch.text.identity import key_of_citation
from papersearch.types import Paper

if TYPE_CHECKING:
    from papersearch.search.protocol import Way
    from papersearch.search.shards import Shards
    from papersearch.types import LookUpBy

_SHOWN = 10
"""Number of candidates that an error names."""

_ID_ALONE = "id:"
"""Beginning of a name that is an id, even if it could be something else, such as the number of a result."""

_SHORT_ID = re.compile(r"[0-9a-f]{6,16}")
_LEAST_BEGINNING = 8
"""Least length of a beginning of an id that is typed in place of a query."""

_BLOCK = 1000
"""Papers read at once by iteration."""


class Papers(Sequence[Paper]):
    """All papers in paper order; each is read on access."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def __len__(self) -> int:
        return self._shards.manifest.n_papers

    def __getitem__(self, number: int) -> Paper:  # type: ignore[override]  # no slices
        if not 0 <= number < len(self):
            raise IndexError(number)
        [paper] = self._shards.papers(self._shards.holding(np.array([number])))
        return paper

    def __iter__(self) -> Iterator[Paper]:
        for start in range(0, len(self), _BLOCK):
            yield from self._shards.papers(self._shards.holding(np.arange(start, min(start + _BLOCK, len(self)))))

    def find(self, name: str) -> int:
        """Return the number of the paper of this name, as `find` does."""
        return int(find(name, self._shards).papers[0])

    def beginning_with(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return (paper_id, number) of the papers whose id has this prefix, by ascending id.

        Of more than `limit` papers, the first ones and the last are returned. Their common prefix
        is then the common prefix of all.
        """
        found = sorted(each for answer in self._shards.every("ids", IdsOf(prefix, limit)) for each in answer)
        return found if len(found) <= limit else [*found[: limit - 1], found[-1]]


def find(name: str, shards: Shards) -> Owned:
    """Return the paper of this name.

    A name is the paper's whole id; an identifier in any dress, such as an arXiv id or an address; its
    short id; its citation key; an unambiguous beginning of its id; or its title. These are tried in
    this order. After "id:" only ids are.

    Raises PaperNotFound, or AmbiguousPaper with the candidates.
    """
    by_id = _listed(name, "id", shards)
    if by_id.is_whole or not name:
        return _the_only(name, "id", by_id)
    if name.startswith(_ID_ALONE):
        return _the_only(name, "id", _listed(name.removeprefix(_ID_ALONE), "id", shards))
    from papersearch.text.dress import whole_identifier  # not for a query of plain words

    if (identifier := whole_identifier(name)) is not None:
        found = _listed(identifier.key, "identifier", shards)
        if not found.n_papers:
            raise PaperNotFound(name=name, identifier=identifier.shown)
        return _the_only(name, identifier.kind, found)
    for how, found in (*_by_other_names(name, shards), ("id", by_id)):
        if found.n_papers:
            return _the_only(name, how, found)
    return _the_only(name, "title", _listed(name, "title", shards))


def look_up(names: Sequence[str], by: LookUpBy, shards: Shards) -> list[str | None]:
    """Return the id of the one paper of each name of one kind; None for a name of no paper or of several."""
    found = [
        [paper_id for ids in answers for paper_id in ids]
        for answers in zip(*shards.every("look_up", LookUp(names, by)), strict=True)
    ]
    return [ids[0] if len(ids) == 1 else None for ids in found]


def ids_of(names: Sequence[str], shards: Shards) -> tuple[str, ...]:
    """Return the ids of the papers of these names, each once. Raises PaperLookupError."""
    names = list(dict.fromkeys(names))
    ids = zip(names, look_up(names, "id", shards), strict=True)
    found = [paper_id or shards.papers(find(clean_text(name), shards))[0].paper_id for name, paper_id in ids]
    return tuple(dict.fromkeys(found))


def with_key(key: str, shards: Shards) -> Owned:
    """Return the papers, ascending, that are listed under the key of an identifier, or the first of many."""
    return _listed(key, "identifier", shards).owned


def titled(title: str, shards: Shards) -> Owned:
    """Return the papers of a title, or the first of many, those that spell it likewise first."""
    return _listed(title, "title", shards).owned


def named_by_word(word: str, shards: Shards) -> tuple[str, Owned] | None:
    """Return how a word names papers, and these; None if it names none.

    Unlike in `find`, a beginning of an id must be long and of one paper, and no title is looked for:
    the word was typed as a query.
    """
    by_id = _listed(word, "id", shards)
    if by_id.is_whole:
        return "id", by_id.owned
    for how, found in _by_other_names(word, shards):
        if found.n_papers:
            return how, found.owned
    is_beginning = len(word) >= _LEAST_BEGINNING and not word.isalpha() and not word.isdecimal()
    return ("id", by_id.owned) if is_beginning and by_id.n_papers == 1 else None


def _by_other_names(name: str, shards: Shards) -> Iterator[tuple[str, _Listed]]:
    """Yield what a name finds as a short id and as a citation key."""
    if _SHORT_ID.fullmatch(name):
        yield "short id", _listed(name, "short id", shards)
    yield "citation key", _listed(key_of_citation(name), "identifier", shards)


def _the_only(name: str, how: str, found: _Listed) -> Owned:
    """Return the only paper that was found, or the only one of the best. Raises PaperLookupError."""
    papers = found.papers
    if not papers:
        raise PaperNotFound(name=name)
    if found.n_papers > 1 and (how != "title" or papers[0].likeness == papers[1].likeness):
        candidates = tuple(one.paper_id for one in papers[:_SHOWN])
        raise AmbiguousPaper(name=name, matched=how, n_papers=found.n_papers, candidates=candidates)
    return found.owned.at(slice(1))


class _Listing(NamedTuple):
    """A paper that was found; `likeness` is 0 for one of exactly the name, and the more the less like it."""

    likeness: int
    paper_id: str
    number: int
    shard: int


class _Listed(NamedTuple):
    """Papers of a name: their number, and the first of them, the most alike first."""

    n_papers: int
    papers: list[_Listing]

    @property
    def is_whole(self) -> bool:
        return bool(self.papers) and self.papers[0].likeness == 0

    @property
    def owned(self) -> Owned:
        numbers, shards = ([one.number for one in self.papers], [one.shard for one in self.papers])
        return Owned(np.array(numbers, dtype=np.int64), np.array(shards, dtype=np.int64))


def _listed(name: str, by: Way, shards: Shards) -> _Listed:
    """Ask all shards for the papers of a name. Of ids with this beginning, a whole one is the only one."""
    if not name:
        return _Listed(0, [])
    answers = shards.every("find", FindOf(name, by, _SHOWN))
    listed = [
        _Listing(likeness, paper_id, number, shard)
        for shard, answer in enumerate(answers)
        for likeness, paper_id, number in answer.papers
    ]
    n_found = sum(answer.n_found for answer in answers)
    if by != "id":
        return _Listed(n_found, sorted(listed, key=lambda each: (each.likeness, each.number)))
    whole = [each for each in listed if each.likeness == 0]
    return _Listed(len(whole), whole) if whole else _Listed(n_found, sorted(listed))
