"""Kinship: which appearances `identity` may compare at all, told from keys of 64 bits alone.

Two appearances are one paper only if they share an identifier or a title, or lead to each other over
others that do. So `identity` gives the same papers for each class of kin as for a whole corpus, and
only appearances with kin are read. Keys that collide join two classes, which changes no paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.doubts import placed_apart
from papersearch.ingest.identifiers import identifiers
from papersearch.ingest.identity import group
from papersearch.ingest.partition import Partition
from papersearch.text.identity import loose_title_key
from papersearch.types import Finding

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import IntArray

    Keys = npt.NDArray[np.uint64]


class Kinship(NamedTuple):
    """The papers of appearances, by first appearance.

    places: (A,) int64, positions of the appearances of each paper, ascending, one paper after another
    ends: (N + 1,) int64, the range of each paper in `places`
    findings: those of `doubts.kept_apart`
    """

    places: IntArray
    ends: IntArray
    findings: list[Finding]


def keys_of(one: Appearance) -> list[int]:
    """Return the keys of an appearance, of 64 bits: of its identifiers, and of its title or abstract."""
    title = loose_title_key(one.title) if one.title else ""
    named = [f"{name.kind}\0{name.value}" for name in identifiers(one)]
    return [*map(_hash, named), _hash(f"title\0{title}" if title else f"text\0{loose_title_key(one.abstract)}")]


def papers_of(appearances: Sequence[Appearance], keys: Keys, ends: IntArray) -> Kinship:
    """Group the appearances of each paper, as `identity.group` does; read only those that have kin.

    keys: (K,) `keys_of` the appearances, one after another
    ends: (A + 1,) the range of each appearance in `keys`
    """
    roots = np.arange(len(appearances))
    told: list[tuple[tuple[bool, int], Finding]] = []
    for places in _kin(keys, ends):
        found = group([appearances[place] for place in places])
        for same in found.partition.classes():
            roots[[places[at] for at in same]] = places[same[0]]
        told += [((is_named, places[at]), finding) for (is_named, at), finding in placed_apart(found)]
    order = np.argsort(roots, kind="stable")
    starts = np.flatnonzero(np.diff(roots[order], prepend=-1))
    findings = [finding for _, finding in sorted(told, key=lambda one: one[0])]
    return Kinship(order, np.append(starts, len(order)), findings)


def _kin(keys: Keys, ends: IntArray) -> Iterator[list[int]]:
    """Yield the classes of two and more appearances that keys join, each ascending."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    # Of equal keys, each is joined with the one before it.
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    owners = np.searchsorted(ends, order, side="right") - 1
    pairs = np.stack([owners[again], owners[again + 1]])
    del order, ordered, owners
    involved = np.unique(pairs)
    classes = Partition(len(involved))
    for one, other in np.searchsorted(involved, pairs).T.tolist():
        classes.unite(one, other)
    for members in classes.classes():
        if len(members) > 1:
            yield involved[members].tolist()


def _hash(text: str) -> int:
    import hashlib  # imported here for the reason given in `checksums`

    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
