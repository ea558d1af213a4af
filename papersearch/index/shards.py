"""The shards of one index: `shards.json`, which names a generation of each, and its publication.

A folder that was built in parts has `shards.json` in place of `manifest.json`. Each shard is an
ordinary index in a folder of its own, with the papers of one range and the statistics of the whole.
Generations never change, and `shards.json` is replaced last. So a reader has one generation of the
whole: the old one or the new one.

Of the whole, and equal in every shard, are idf and impacts, the mean length, `words`, `expansions`,
`probes`, the basis and the weights of word pieces, the manifest's `quantization`, `background`,
`dumps`, `skipped`, `corpus` and `n_left_out`, and the findings in `report.json`. Of a shard alone are
its papers, terms and organisations, and the counts of them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from papersearch.checksums import sha256_of
from papersearch.errors import IndexBusy, IndexDamaged, IndexMissing, NoEarlierGeneration
from papersearch.index import files, locking
from papersearch.index.checked_json import decode_fields, encode_checked
from papersearch.index.generation import Generation
from papersearch.index.generations import ATTEMPTS, generations, has_shards, read_current, write_errors
from papersearch.index.layout import MANIFEST, SHARDS, generation_folder, read_description
from papersearch.index.manifest import decode_manifest
from papersearch.index.removal import remove_litter, remove_unread, replace_locked
from papersearch.index.typed_json import read_record
from papersearch.types import Count
from papersearch.values import Value

FOLDER = "shards"
KIND = "papersearch-shards"
NUMBERS = "numbers.npy"
"""(n,) uint64, ascending: the number of each paper of a shard in the whole, where they are scattered."""

_SHARD_FOLDER = re.compile(rf"{FOLDER}/[0-9]{{5}}-of-[0-9]{{5}}")
_HISTORY = re.compile(r"generation-([0-9]{6,})\.json")


class ShardRecord(Value):
    """One shard of a published whole.

    folder: its index, below the folder of the whole
    start: the number of its first paper in the whole; None if `NUMBERS` in its folder has them all
    manifest: SHA-256 of its generation's manifest
    """

    folder: str
    n_papers: Count
    start: Count | None
    manifest: str


class Shards(Value):
    """One generation of the whole, in shards that all have its number.

    n_terms: number of different terms of the whole
    parts: SHA-256 of what identifies the parts that were joined
    """

    format_version: int
    generation: Count
    written_by: str
    n_papers: Count
    n_terms: Count
    parts: str
    shards: tuple[ShardRecord, ...]

    def __repr__(self) -> str:
        return f"<Shards of generation {self.generation}: {self.n_papers} papers in {len(self.shards)} shards>"


class OpenedShards(NamedTuple):
    """The shards of one generation, each open, and how they are described."""

    described: Shards
    generations: tuple[Generation, ...]


def shard_folder(number: int, n_shards: int) -> str:
    """Return the folder of a shard, below the folder of the whole; shards are numbered from 1."""
    return f"{FOLDER}/{number:05}-of-{n_shards:05}"


def encode_shards(described: Shards) -> bytes:
    """Return `shards.json` as indented JSON with its kind first and its checksum last."""
    return encode_checked({"kind": KIND, **described.asdict()})


def decode_shards(content: bytes, index_path: Path) -> Shards:
    """Parse `shards.json`. Raises IndexForeign, IndexVersionError or IndexDamaged."""
    fields = decode_fields(content, KIND, index_path, SHARDS)
    try:
        described = read_record(Shards, fields)
    except (ValueError, OverflowError) as error:
        raise _damaged(index_path, f"is incomplete ({error})") from error
    if (fault := _fault_of(described)) is not None:
        raise _damaged(index_path, fault)
    return described


def read_shards(index_path: Path) -> Shards:
    """Read `shards.json`. Raises a StoredIndexError."""
    content = read_current(index_path, SHARDS)
    if content is None:
        raise IndexMissing(path=index_path)
    return decode_shards(content, index_path)


def write_shards(index_path: Path, described: Shards, *, is_alone: bool = False) -> None:
    """Replace `shards.json` atomically, which publishes a generation of the whole. Raises OSError."""
    replace_locked(index_path / SHARDS, encode_shards(described), is_alone=is_alone)


def publish_shards(index_path: Path, described: Shards, before: Shards | None, *, is_alone: bool) -> None:
    """Publish a generation of the whole, after each of its shards; remove what is of no use any more.

    Of use are this generation and the one before, for a rollback. Raises OSError.
    """
    if before is not None:
        _keep(index_path, before, is_alone=is_alone)
    write_shards(index_path, described, is_alone=is_alone)
    kept = {
        (one.folder, each.generation) for each in (described, before) if each is not None for one in each.shards
    }
    for number in published(index_path):
        if before is None or number not in (described.generation, before.generation):
            files.remove(_history(index_path, number))
    for place in (index_path / FOLDER).glob("*-of-*"):
        folder = f"{FOLDER}/{place.name}"
        for generation in generations(place):
            if (folder, generation) not in kept:
                remove_unread(place / generation_folder(generation), is_alone=is_alone)
        if not generations(place):
            files.remove(place)
    remove_litter(index_path, (f".{SHARDS}-*", f"{FOLDER}/.generation-*.json-*"), is_alone=is_alone)


def roll_back_shards(index_path: Path) -> Shards:
    """Publish the shards before the current ones again. Raises a StoredIndexError."""
    current = read_shards(index_path)
    earlier = [number for number in published(index_path) if number < current.generation]
    if not earlier:
        raise NoEarlierGeneration(path=index_path, generation=current.generation)
    content = read_description(_history(index_path, earlier[-1]))
    described = decode_shards(content, index_path)
    opened = open_each(index_path, described, leased=False)
    is_alone = locking.is_locked(index_path)
    with write_errors(index_path):
        for one in opened:
            own = read_description(one.index_path / one.manifest.folder / MANIFEST)
            replace_locked(one.index_path / MANIFEST, own, is_alone=is_alone)
        _keep(index_path, current, is_alone=is_alone)
        replace_locked(index_path / SHARDS, content, is_alone=is_alone)
    return described


def next_generation(index_path: Path, before: Shards | None, *, is_alone: bool) -> int:
    """Return the number of the next generation of the whole, after `before`, which is current.

    What an interrupted join has published of its shards was never current, and is replaced. Without locks
    it may be of a join that is at work, so its number is not taken.
    """
    numbers = published(index_path)
    if before is not None:
        numbers.append(before.generation)
    if not is_alone or (before is None and has_shards(index_path)):  # any generation may have been current
        numbers += (number for place in (index_path / FOLDER).glob("*-of-*") for number in generations(place))
    return max(numbers, default=0) + 1


def published(index_path: Path) -> list[int]:
    """Return the numbers of the generations of the whole that were current once, ascending.

    Such a number is not used again, even after a rollback.
    """
    found = (_HISTORY.fullmatch(path.name) for path in (index_path / FOLDER).glob("generation-*.json"))
    return sorted(int(named[1]) for named in found if named)


def open_shards(index_path: Path, *, leased: bool = True) -> OpenedShards:
    """Open every shard of the published generation. Raises a StoredIndexError.

    With `leased`, nobody removes their files while they are open.
    """
    for _ in range(ATTEMPTS):
        described = read_shards(index_path)
        try:
            opened = open_each(index_path, described, leased=leased)
        except IndexDamaged:
            # Either others have been published since `shards.json` was read, or the index is damaged.
            if read_shards(index_path) == described:
                raise
            continue
        return OpenedShards(described, opened)
    raise IndexBusy(path=index_path)


def open_each(index_path: Path, described: Shards, *, leased: bool = True) -> tuple[Generation, ...]:
    """Open every shard of this generation of the whole. Raises a StoredIndexError."""
    return tuple(
        open_shard(index_path, described, number, leased=leased) for number in range(len(described.shards))
    )


def open_shard(index_path: Path, described: Shards, number: int, *, leased: bool = True) -> Generation:
    """Open one shard of a generation of the whole, numbered from 0. Raises a StoredIndexError."""
    record = described.shards[number]
    place = index_path / record.folder
    folder = place / generation_folder(described.generation)
    try:
        if folder.is_symlink() or place.is_symlink() or place.parent.is_symlink():
            raise IndexDamaged(path=place, file=folder.name, fault="is a link")
        lease = locking.lease(folder / MANIFEST) if leased else None
        content = read_description(folder / MANIFEST)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexDamaged(path=place, file=folder.name, fault="is missing") from error
    except OSError as error:
        fault = f"cannot be read ({error.strerror or error})"
        raise IndexDamaged(path=place, file=folder.name, fault=fault) from error
    if sha256_of(content) != record.manifest:
        raise IndexDamaged(path=place, file=MANIFEST, fault=f"has another SHA-256 than {SHARDS} says")
    manifest = decode_manifest(content, str(place))
    if manifest.n_papers != record.n_papers or manifest.folder != folder.name:
        raise IndexDamaged(path=place, file=MANIFEST, fault=f"describes another generation than {SHARDS}")
    opened = Generation(place, manifest, lease)
    opened.check_files()
    return opened


def _history(index_path: Path, generation: int) -> Path:
    """Return where `shards.json` of a generation is kept for a rollback."""
    return index_path / FOLDER / f"generation-{generation:06}.json"


def _keep(index_path: Path, described: Shards, *, is_alone: bool) -> None:
    """Keep the description of a generation that will not be current any more. Raises OSError."""
    place = _history(index_path, described.generation)
    if not place.exists():
        replace_locked(place, encode_shards(described), is_alone=is_alone)


def _fault_of(described: Shards) -> str | None:
    """Return how the fields contradict each other, or None."""
    shards = described.shards
    if not shards:
        return "names no shard"
    if any(not _SHARD_FOLDER.fullmatch(one.folder) for one in shards):
        return "names a folder that is not a shard's"
    if len({one.folder for one in shards}) != len(shards):
        return "names a shard twice"
    if sum(one.n_papers for one in shards) != described.n_papers:
        return "counts other papers than its shards have"
    ranges = sorted((one.start, one.n_papers) for one in shards if one.start is not None)
    if any(start + n > described.n_papers for start, n in ranges):
        return "numbers papers that it does not have"
    if any(start + n > after for (start, n), (after, _) in pairwise(ranges)):
        return "numbers a paper twice"
    return None


def _damaged(index_path: Path, fault: str) -> IndexDamaged:
    return IndexDamaged(path=index_path, file=SHARDS, fault=fault)
