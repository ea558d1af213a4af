"""The first step of a join: which appearances of all parts are one paper, its id, and the cut into shards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from papersearch.dense.late import MAX_PAPERS
from papersearch.errors import StoredIndexError
from papersearch.index import files
from papersearch.index.first_seen import first_seen
from papersearch.index.shard_build import LOST, WHOLE, Step
from papersearch.index.shards import FOLDER, Shards, open_shard
from papersearch.index.stored_parts import Groups, StoredAppearances
from papersearch.index.string_table import StringTable, table_files
from papersearch.ingest.kinship import papers_of
from papersearch.ingest.naming import name_papers
from papersearch.types import Finding
from papersearch.values import fields_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.dense.encoders import EncoderRecord
    from papersearch.index.part_records import PartRecord
    from papersearch.types import BoolArray, IntArray


class Decided(NamedTuple):
    """The papers of all parts, decided.

    steps: one for each shard, whose folder has its papers
    about_names, kept_apart: findings, which come before and after those of merging
    n_added, n_removed: number of papers relative to the shards before
    """

    steps: list[Step]
    about_names: list[Finding]
    kept_apart: list[Finding]
    n_added: int
    n_removed: int


def decide(
    joining: Path, parts: Sequence[PartRecord], before: Shards | None, generation: int, device: str | None
) -> Decided:
    """Decide which appearances are which papers, name them, and cut them into as many shards as parts.

    joining: the folder of the join, in that of the index
    """
    index_path = joining.parent
    appearances, choices = StoredAppearances(index_path, parts), parts[0].choices
    found = papers_of(appearances, *appearances.keys())
    about_names: list[Finding] = []
    names = name_papers(Groups(appearances, found.places, found.ends), about_names.append)
    is_kept = np.ones(len(names), dtype=np.bool_)
    if choices.abstracts_only and names:
        is_kept = np.maximum.reduceat(appearances.have_abstract()[found.places], found.ends[:-1])
    n_papers = int(is_kept.sum())
    since, n_known, n_before = _since(index_path, names, is_kept, before, generation)
    shards = [path for path in sorted((index_path / FOLDER).glob("*")) if path.is_dir()]
    seen = first_seen(shards, [name for name, kept in zip(names, is_kept, strict=True) if kept])
    added = seen.of(names)
    files.write_file(joining / WHOLE / LOST, orjson.dumps(seen.lost, default=fields_of))
    encoder = shared_encoder(parts)
    steps = [
        Step(
            index_path=str(index_path),
            joining=joining.name,
            number=number,
            n_shards=len(parts),
            n_parts=len(parts),
            with_late=n_papers <= MAX_PAPERS if choices.late is None else choices.late,
            abstracts_only=choices.abstracts_only,
            languages=choices.languages,
            encoder=encoder,
            device=device,
        )
        for number in range(1, len(parts) + 1)
    ]
    for step, (first, last) in zip(steps, pairwise(cut_papers(is_kept, len(steps))), strict=True):
        step.folder.mkdir()
        ends = found.ends[first : last + 1]
        for name, content in (
            ("places.npy", found.places[ends[0] : ends[-1]]),
            ("ends.npy", ends - ends[0]),
            ("since.npy", since[first:last][is_kept[first:last]]),
            ("added.npy", added[first:last][is_kept[first:last]]),
            *table_files("names", names[first:last]),
        ):
            files.write_file(step.folder / name, content)
    return Decided(steps, about_names, found.findings, n_papers - n_known, n_before - n_known)


def cut_papers(is_kept: BoolArray, n_shards: int) -> list[int]:
    """Return the ends of n ranges of papers, (n + 1,), each with the same number of kept ones, or one less."""
    kept = np.flatnonzero(is_kept)
    ends = [len(kept) * number // n_shards for number in range(1, n_shards)]
    return [0, *(int(kept[end]) if end < len(kept) else len(is_kept) for end in ends), len(is_kept)]


def shared_encoder(parts: Sequence[PartRecord]) -> EncoderRecord | None:
    """Return the encoder of the whole, with what any part needs for its texts; None without papers."""
    records = [one.encoder for one in parts if one.encoder is not None]
    if not records:
        return None
    is_numpy = all(one.query_backend == "numpy" for one in records)
    is_vocabulary = all(one.query_tokenizer == "vocab.txt" for one in records)
    return records[0].replace(
        query_backend="numpy" if is_numpy else "sentence-transformers",
        query_tokenizer="vocab.txt" if is_vocabulary else "tokenizer.json",
    )


def _since(
    index_path: Path, names: Sequence[str], is_kept: BoolArray, before: Shards | None, generation: int
) -> tuple[npt.NDArray[np.uint32], int, int]:
    """Return the generation that first had each paper, (N,), and the numbers of known and earlier ones."""
    since = np.full(len(names), generation, dtype=np.uint32)
    if before is None:
        return since, 0, 0
    place_of = {name: place for place, name in enumerate(names) if is_kept[place]}
    n_known = n_before = 0
    for name, first in _known(index_path, before):
        n_before += 1
        if (place := place_of.get(name)) is not None:
            since[place] = first
            n_known += 1
    return since, n_known, n_before


def _known(index_path: Path, before: Shards) -> Iterator[tuple[str, int]]:
    """Yield id and first generation of the papers of the shards before, as far as they can be read."""
    for number in range(len(before.shards)):
        try:
            shard = open_shard(index_path, before, number, leased=False)
            ids = StringTable(shard.text("ids.txt"), shard.array("ids.offsets.npy"))
            papers: IntArray = shard.array("ids.papers.npy").astype(np.int64)
            firsts = shard.array("papers.since.npy")[papers].tolist()
        except (StoredIndexError, IndexError):
            continue
        yield from zip(ids.all(), firsts, strict=False)
