"""A collection on disk: one index, or the shards of one generation that was built in parts.

Both are opened alike. A searcher sees generations, the numbers of their papers in the whole, and a
manifest of the whole.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.checksums import sha256_of
from papersearch.errors import IndexDamaged
from papersearch.index.files import FileRecord, npy_header
from papersearch.index.generation import Generation
from papersearch.index.generations import has_shards, open_current, read_manifest
from papersearch.index.layout import WEIGHTS
from papersearch.index.manifest import NAME_COUNTS, Manifest, encode_manifest
from papersearch.user_files import read_bounded

if TYPE_CHECKING:
    from papersearch.index.shards import OpenedShards, ShardRecord
    from papersearch.index.verification import Fault
    from papersearch.types import Finding, IntArray, Weights


class Collection(NamedTuple):
    """An open collection.

    manifest: of the whole
    generations: one for each shard
    numbers: of each shard the number of its first paper in the whole, or those of all its papers
    weights: tuned to judgements; None for the defaults
    """

    path: Path
    manifest: Manifest
    generations: tuple[Generation, ...]
    numbers: tuple[int | IntArray, ...]
    weights: Weights | None = None

    def findings(self) -> tuple[Finding, ...]:
        """Return what the build did not understand, rewrote or skipped; each shard has all of it."""
        return self.generations[0].findings()

    def verify(self) -> list[Fault]:
        """Return every fault of the files, the arrays and the model."""
        from papersearch.index.verification import verify

        if len(self.generations) == 1 and self.generations[0].index_path == self.path:
            return verify(self.generations[0])
        return [
            fault.replace(file=f"{generation.index_path.relative_to(self.path)}/{fault.file}")
            for generation in self.generations
            for fault in verify(generation)
        ]

    def is_current(self) -> bool:
        """Tell whether no other generation or weights have been published since. Raises StoredIndexError."""
        if _weights_of(self.path) != self.weights:
            return False
        if not has_shards(self.path):
            return read_manifest(self.path) == self.manifest
        from papersearch.index.shards import read_shards

        described = [record.manifest for record in read_shards(self.path).shards]
        return described == [sha256_of(encode_manifest(one.manifest)) for one in self.generations]


def open_collection(path: Path) -> Collection:
    """Open the index or the shards in a folder. Raises a StoredIndexError."""
    if not has_shards(path):
        generation = open_current(path)
        return Collection(path, generation.manifest, (generation,), (0,), _weights_of(path))
    from papersearch.index.shards import open_shards

    return collection_of(path, open_shards(path), _weights_of(path))


def collection_of(path: Path, opened: OpenedShards, weights: Weights | None) -> Collection:
    """Return the open shards in a folder as one collection. Raises IndexDamaged."""
    manifests = [generation.manifest for generation in opened.generations]
    manifest = whole_manifest(manifests, opened.described.n_terms, _n_organisations(opened.generations))
    numbers = tuple(map(shard_numbers, opened.described.shards, opened.generations))
    return Collection(path, manifest, opened.generations, numbers, weights)


def checksum_of(described: bytes, weights: Weights | None) -> str:
    """Identify a collection by its manifest or `shards.json`, and by its weights, which belong to no generation."""
    return sha256_of(described + (b"" if weights is None else repr(weights).encode()))


def _weights_of(path: Path) -> Weights | None:
    """Return the tuned weights of a folder. Raises WeightsUnreadable."""
    if not os.path.lexists(path / WEIGHTS):
        return None
    from papersearch.index.weights import read_weights  # few collections are tuned

    return read_weights(path)


def whole_manifest(manifests: Sequence[Manifest], n_terms: int, n_organisations: int) -> Manifest:
    """Describe the whole of which each manifest describes a shard.

    Its files have the sizes of all shards' files of one name together, and no checksum. A name of authors,
    categories or venues that several shards have is counted in each: telling it once means reading all.
    """
    n_encoded = sum(one.n_encoded for one in manifests)
    first = next((one for one in manifests if one.n_encoded), manifests[0])
    late = first.late
    if late is not None:
        late = late.replace(n_pieces=sum(one.late.n_pieces for one in manifests if one.late is not None))
    sizes: dict[str, int] = {}
    for one in manifests:
        for name, record in one.files.items():
            sizes[name] = sizes.get(name, 0) + record.size
    n_papers = sum(one.n_papers for one in manifests)
    return first.replace(
        part=max(one.part for one in manifests) if n_encoded < n_papers else 0,
        n_papers=n_papers,
        n_encoded=n_encoded,
        n_appearances=sum(one.n_appearances for one in manifests),
        n_terms=n_terms,
        n_postings=sum(one.n_postings for one in manifests),
        n_positions=sum(one.n_positions for one in manifests),
        n_organisations=n_organisations,
        **{field: sum(getattr(one, field) for one in manifests) for field in NAME_COUNTS},
        n_identifiers=sum(one.n_identifiers for one in manifests),
        late=late,
        files={name: FileRecord(size=size, sha256="") for name, size in sizes.items()},
    )


def _n_organisations(generations: Sequence[Generation]) -> int:
    """Count the different organisations of all shards."""
    if len(generations) == 1:
        return generations[0].manifest.n_organisations
    return len({line for one in generations for line in bytes(one.text("organisations.txt")).split(b"\n")} - {b""})


def shard_numbers(record: ShardRecord, generation: Generation) -> int | IntArray:
    """Return the number of a shard's first paper in the whole, or those of all its papers. Raises IndexDamaged."""
    from papersearch.index.shards import NUMBERS

    if record.start is not None:
        return record.start
    header = npy_header(np.dtype(np.uint64), (record.n_papers,))
    try:
        content = read_bounded(
            generation.index_path / NUMBERS, len(header) + 8 * record.n_papers, follows_link=False
        )
        if not content.startswith(header):  # compared, never interpreted
            raise ValueError("it has another shape")
        numbers: IntArray = np.frombuffer(content, np.uint64, offset=len(header)).astype(np.int64)
    except (OSError, ValueError) as error:
        raise IndexDamaged(path=generation.index_path, file=NUMBERS, fault="cannot be read") from error
    if len(numbers) != record.n_papers or (np.diff(numbers, prepend=-1) <= 0).any():
        raise IndexDamaged(path=generation.index_path, file=NUMBERS, fault="does not number the papers")
    return numbers
