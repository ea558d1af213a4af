"""The names with the most papers, of tallies of all shards that carry no texts.

A name has at most as many papers as its key, which other names may share. So names are read only if
their keys have enough papers, and are added up by their texts. Which keys names have changes no answer.
Keys are taken in ranges, so that merging takes little memory beside the tallies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nsmallest
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.index.name_tables import N_KEYS
from papersearch.lexical.postings import is_new
from papersearch.search.protocol import NamesAt
from papersearch.search.shards import Owned
from papersearch.types import Counted

if TYPE_CHECKING:
    from papersearch.index.name_tables import Tally
    from papersearch.search.shards import Shards
    from papersearch.types import IntArray, NameKind

N_NAMED = 20
"""Greatest number of authors, categories and venues each."""

_AT_ONCE = 4_096
"""Names merged at once, and read at once, about."""


class _Named(NamedTuple):
    """Names of some shards, one after another by key.

    owned: their places, in the tables of these shards
    n_papers: of each name in its shard, (K,)
    n_of_key: of all names with its key in all shards, (K,)
    """

    owned: Owned
    n_papers: IntArray
    n_of_key: IntArray


def most_named(kind: NameKind, tallies: Sequence[Tally], shards: Shards) -> tuple[Counted, ...]:
    """Return the names with the most papers, those with as many in the order of their texts."""
    greatest = np.zeros(0, dtype=np.int64)
    for names, starts in map(_by_key, _ranges(tallies)):
        greatest = np.sort(np.concatenate([greatest, names.n_of_key[starts]]))[-N_NAMED:]
    enough = int(greatest[0]) if len(greatest) == N_NAMED else 1
    while True:
        named = _read(kind, enough, tallies, shards)
        reached = named[-1][1] if len(named) == N_NAMED else 1
        if reached >= enough:  # a name that was not read has fewer papers
            return tuple(Counted(value=name, n_papers=n) for name, n in named)
        enough = reached


def _read(kind: NameKind, enough: int, tallies: Sequence[Tally], shards: Shards) -> list[tuple[str, int]]:
    """Return the first names, with their papers, of those whose key has enough papers."""
    named: list[tuple[str, int]] = []
    for owned, n_papers in _batches(enough, tallies):
        texts = shards.each("names_at", owned, lambda _, places: NamesAt(kind, places))
        counts: Counter[str] = Counter()
        for text, n in zip(texts, n_papers.tolist(), strict=True):
            counts[text] += n
        named = nsmallest(N_NAMED, [*named, *counts.items()], key=lambda each: (-each[1], each[0]))
    return named


def _batches(enough: int, tallies: Sequence[Tally]) -> Iterator[tuple[Owned, IntArray]]:
    """Yield the names, with their papers, whose key has enough papers; all names of one key come together."""
    held: list[tuple[Owned, IntArray]] = []
    for names, _ in map(_by_key, _ranges(tallies)):
        has_enough = names.n_of_key >= enough
        held.append((names.owned.at(has_enough), names.n_papers[has_enough]))
        if sum(len(n_papers) for _, n_papers in held) >= _AT_ONCE:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(held: Sequence[tuple[Owned, IntArray]]) -> tuple[Owned, IntArray]:
    return Owned.joined([owned for owned, _ in held]), np.concatenate([n_papers for _, n_papers in held])


def _ranges(tallies: Sequence[Tally]) -> Iterator[list[Tally]]:
    """Yield the names of all shards by ranges of keys."""
    n_ranges = -(-sum(len(tally.keyed) for tally in tallies) // _AT_ONCE)
    ends = [N_KEYS * number // n_ranges for number in range(n_ranges + 1)] if n_ranges else []
    for least, stop in pairwise(ends):
        yield [tally.between(least, stop) for tally in tallies]


def _by_key(tallies: Sequence[Tally]) -> tuple[_Named, IntArray]:
    """Return the names of all shards by key, and where each key starts."""
    keys = np.concatenate([tally.keys for tally in tallies])
    order = np.argsort(keys, kind="stable")
    n_papers = np.concatenate([tally.n_papers for tally in tallies]).astype(np.int64)[order]
    starts = np.flatnonzero(is_new(keys[order]))
    n_of_key = np.add.reduceat(n_papers, starts) if len(starts) else n_papers
    owned = Owned.answered([tally.places() for tally in tallies]).at(order)
    return _Named(owned, n_papers, np.repeat(n_of_key, np.diff(starts, append=len(keys)))), starts
