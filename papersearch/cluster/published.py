"""A publication of a collection, as it is named to other machines: by folder, shards and checksums.

What travels is JSON, and each machine reads it by its own release. No folder ever comes from a client.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from papersearch.errors import IndexBusy
from papersearch.index.collection import Collection, checksum_of, collection_of, open_collection, shard_numbers
from papersearch.index.generations import ATTEMPTS, has_shards
from papersearch.index.layout import FORMAT_VERSION
from papersearch.index.manifest import encode_manifest
from papersearch.index.shards import OpenedShards, decode_shards, encode_shards, open_shard, read_shards
from papersearch.version import __version__

if TYPE_CHECKING:
    from papersearch.index.generation import Generation
    from papersearch.types import IntArray, Weights


class Stamp(NamedTuple):
    """The versions that both sides of a request must share. `generation` is a checksum of the publication."""

    release: str
    format: str
    generation: str


class Published(NamedTuple):
    """One publication of the collection in a folder.

    shards: the content of `shards.json`; empty for an index that is not in shards
    checksum: SHA-256 of `shards.json`, or of the manifest of such an index, and of tuned weights
    weights: tuned to judgements; None for the defaults
    """

    index_path: str
    shards: bytes
    checksum: str
    n_shards: int
    weights: Weights | None

    @property
    def stamp(self) -> Stamp:
        """The versions that its shards have if this release opens them."""
        return Stamp(__version__, str(FORMAT_VERSION), self.checksum)


def current_publication(index_path: Path) -> tuple[Published, Collection]:
    """Open what is published in a folder. Raises a StoredIndexError."""
    for _ in range(ATTEMPTS):
        shards = encode_shards(read_shards(index_path)) if has_shards(index_path) else b""
        collection = open_collection(index_path)
        checksum, n_shards = _checksum(shards, collection), len(collection.generations)
        published = Published(str(index_path), shards, checksum, n_shards, collection.weights)
        if collection.is_current() and bool(shards) == has_shards(index_path):
            return published, collection
    raise IndexBusy(path=index_path)


def open_published(published: Published) -> Collection:
    """Open this publication and no other one. Raises a StoredIndexError."""
    path = Path(published.index_path)
    if not published.shards:
        return _open_single(published)
    described = decode_shards(published.shards, path)
    generations = tuple(open_shard(path, described, number) for number in range(published.n_shards))
    return collection_of(path, OpenedShards(described, generations), published.weights)


def open_one(published: Published, number: int) -> tuple[Generation, int | IntArray]:
    """Open one shard, numbered from 0, with the numbers of its papers. Raises a StoredIndexError."""
    path = Path(published.index_path)
    if not published.shards:
        return _open_single(published).generations[0], 0
    described = decode_shards(published.shards, path)
    generation = open_shard(path, described, number)
    return generation, shard_numbers(described.shards[number], generation)


def _open_single(published: Published) -> Collection:
    collection = open_collection(Path(published.index_path))._replace(weights=published.weights)
    if _checksum(b"", collection) != published.checksum:
        raise IndexBusy(path=collection.path)
    return collection


def _checksum(shards: bytes, collection: Collection) -> str:
    return checksum_of(shards or encode_manifest(collection.manifest), collection.weights)
