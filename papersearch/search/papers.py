"""The papers of a collection: read by number, found by id, title or citation key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from papersearch.errors import AmbiguousPaper, PaperNotFound
from papersearch.search.protocol import FindOf, IdsOf, LookUp
from papersearch.search.shards import Owned
from papersearch.text.cleaning import clean_text
from papersearch.types import Paper

if TYPE_CHECKING:
    from papersearch.search.shards import Shards

_SHOWN = 10
"""Number of candidates that an error names."""

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
        """Return the number of the paper with this id, unambiguous prefix of an id, title, or citation key.

        Raises PaperNotFound, or AmbiguousPaper with the candidates.
        """
        return int(find(name, self._shards).papers[0])

    def beginning_with(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return (paper_id, number) of the papers whose id has this prefix, by ascending id.

        Of more than `limit` papers, the first ones and the last are returned. Their common prefix
        is then the common prefix of all.
        """
        found = sorted(each for answer in self._shards.every("ids", IdsOf(prefix, limit)) for each in answer)
        return found if len(found) <= limit else [*found[: limit - 1], found[-1]]


def find(name: str, shards: Shards) -> Owned:
    """Return the paper of this name, as `Papers.find` does."""
    for by in ("id", "title", "citation key"):
        n_found, listed = _listed(name, by, shards)
        is_best = by == "title" and n_found > 1 and listed[0][0] < listed[1][0]
        if n_found == 1 or is_best:
            return Owned(np.array([listed[0][2]]), np.array([listed[0][3]]))
        if n_found:
            candidates = tuple(paper_id for _, paper_id, _, _ in listed[:_SHOWN])
            raise AmbiguousPaper(name=name, matched=by, n_papers=n_found, candidates=candidates)
    raise PaperNotFound(name=name)


def look_up(names: Sequence[str], by: Literal["id", "title"], shards: Shards) -> list[str | None]:
    """Return the id of the one paper of each name, by whole ids or titles alone; None for none or several."""
    found = [
        [paper_id for ids in answers for paper_id in ids]
        for answers in zip(*shards.every("look_up", LookUp(names, by)), strict=True)
    ]
    return [ids[0] if len(ids) == 1 else None for ids in found]


def ids_of(names: Sequence[str], shards: Shards) -> tuple[str, ...]:
    """Return the ids of the papers of these names, each once. Raises PaperLookupError."""
    ids = look_up(names, "id", shards)
    lost = {name: shards.papers(find(clean_text(name), shards)) for name in set(names) - set(ids)}
    return tuple(dict.fromkeys(lost[name][0].paper_id if name in lost else name for name in names))


def _listed(
    name: str, by: Literal["id", "title", "citation key"], shards: Shards
) -> tuple[int, list[tuple[int, str, int, int]]]:
    """Return the number of papers found, and (likeness, id, number, shard) of the first, the most alike first."""
    if not name and by == "id":
        return 0, []
    answers = shards.every("find", FindOf(name, by, _SHOWN))
    listed = [(*each, shard) for shard, answer in enumerate(answers) for each in answer.papers]
    n_found = sum(answer.n_found for answer in answers)
    if by != "id":
        return n_found, sorted(listed, key=lambda each: (each[0], each[2]))
    whole = [each for each in listed if each[0] == 0]
    return (len(whole), whole) if whole else (n_found, sorted(listed))
