"""Cut one index into shards, each an ordinary index with the statistics of the whole.

This is the definition of what a build in parts makes. Any papers may be in any shard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from papersearch.checksums import sha256_of_file
from papersearch.index.collection import Collection, whole_manifest
from papersearch.index.facts import organisation_table
from papersearch.index.generation import Generation
from papersearch.index.generations import open_current, publish
from papersearch.index.identifiers import identifier_order
from papersearch.index.layout import FORMAT_VERSION
from papersearch.index.manifest import Manifest
from papersearch.index.name_tables import name_counts, name_files
from papersearch.index.papers import decode_paper, id_order, title_order
from papersearch.index.shards import NUMBERS, ShardRecord, Shards, shard_folder, write_shards
from papersearch.index.string_table import StringTable, pack_strings

Numbers = npt.NDArray[np.int64]

_OF_THE_WHOLE = (
    "words.txt", "words.offsets.npy", "words.counts.npy", "expansions.txt", "expansions.offsets.npy", "report.json",
)  # fmt: skip
_OF_A_PAPER = (
    "lengths.npy", "lengths.titles.npy", "texts.sha256.npy",
    "papers.since.npy", "papers.added.npy", "papers.dates.npy", "papers.code.npy",
)  # fmt: skip


def every_nth(n_papers: int, n_shards: int) -> list[Numbers]:
    """Deal the papers to shards in turn, so that neighbours are in different ones."""
    return [np.arange(number, n_papers, n_shards) for number in range(n_shards)]


def ranges(n_papers: int, n_shards: int) -> list[Numbers]:
    """Give each shard papers that follow one another."""
    return np.array_split(np.arange(n_papers), n_shards)


def cut(index_path: Path, folder: Path, papers: Sequence[Numbers]) -> Collection:
    """Write a shard for each of `papers`, ascending numbers, and return the shards as one collection.

    `shards.json` is written too, unless some papers are not encoded.
    """
    whole = open_current(index_path)
    generations = [
        _shard(whole, own, folder / shard_folder(number, len(papers))) for number, own in enumerate(papers, 1)
    ]
    manifest = whole_manifest(
        [one.manifest for one in generations], whole.manifest.n_terms, whole.manifest.n_organisations
    )
    starts = [int(own[0]) if len(own) and (np.diff(own) == 1).all() else None for own in papers]
    for own, start, generation in zip(papers, starts, generations, strict=True):
        if start is None:
            np.save(generation.index_path / NUMBERS, own.astype(np.uint64))
    if not whole.manifest.is_partial:
        write_shards(folder, _described(folder, generations, starts, manifest))
    numbers = tuple(own if start is None else start for own, start in zip(papers, starts, strict=True))
    return Collection(folder, manifest, tuple(generations), numbers)


def _described(
    folder: Path, generations: Sequence[Generation], starts: Sequence[int | None], manifest: Manifest
) -> Shards:
    records = [
        ShardRecord(
            folder=str(generation.index_path.relative_to(folder)),
            n_papers=generation.manifest.n_papers,
            start=start,
            manifest=sha256_of_file(generation.index_path / "manifest.json"),
        )
        for generation, start in zip(generations, starts, strict=True)
    ]
    return Shards(
        format_version=FORMAT_VERSION,
        generation=manifest.generation,
        written_by=manifest.written_by,
        n_papers=manifest.n_papers,
        n_terms=manifest.n_terms,
        parts="",
        shards=tuple(records),
    )


class Held:
    """The files of a shard in memory, in place of a `Generation`."""

    def __init__(self, whole: Generation, papers: Numbers) -> None:
        self.index_path = whole.index_path
        self._contents = dict(_files(whole, papers))
        self.manifest = _manifest(whole, papers, {name: np.shape(one) for name, one in self._contents.items()})

    def array(self, name: str) -> npt.NDArray[Any]:
        return np.asarray(self._contents[name])

    rows = array

    def text(self, name: str) -> bytes:
        return bytes(self._contents[name])

    spans = text


def held(whole: Generation, papers: Sequence[Numbers]) -> Collection:
    """Cut as `cut` does, in memory."""
    generations: Any = tuple(Held(whole, own) for own in papers)
    manifest = whole_manifest(
        [one.manifest for one in generations], whole.manifest.n_terms, whole.manifest.n_organisations
    )
    return Collection(whole.index_path, manifest, generations, tuple(papers))


def _shard(whole: Generation, papers: Numbers, place: Path) -> Generation:
    shapes: dict[str, tuple[int, ...]] = {}

    def contents() -> Iterator[tuple[str, Any]]:
        for name, content in _files(whole, papers):
            shapes[name] = np.shape(content)
            yield name, content

    place.mkdir(parents=True, exist_ok=True)
    publish(place, contents(), lambda records: _manifest(whole, papers, shapes).replace(files=records))
    return open_current(place)


def _manifest(whole: Generation, papers: Numbers, shapes: dict[str, tuple[int, ...]]) -> Manifest:
    manifest, n_encoded = whole.manifest, int(_are_encoded(whole)[papers].sum())
    late = manifest.late if n_encoded else None
    return manifest.replace(
        part=manifest.part if n_encoded < len(papers) else 0,
        n_papers=len(papers),
        n_encoded=n_encoded,
        n_appearances=shapes["dumps.papers.npy"][0],
        n_terms=shapes["terms.idf.npy"][0],
        n_postings=shapes["postings.papers.npy"][0],
        n_positions=shapes["positions.npy"][0],
        n_probes=manifest.n_probes if n_encoded else 0,
        n_organisations=shapes["organisations.offsets.npy"][0] - 1,
        **name_counts({name: shape[0] for name, shape in shapes.items() if shape}),
        n_identifiers=shapes["identifiers.papers.npy"][0],
        encoder=manifest.encoder if n_encoded else None,
        background=manifest.background if n_encoded else None,
        late=late and late.replace(n_pieces=shapes["pieces.ids.npy"][0]),
    )


def _are_encoded(whole: Generation) -> npt.NDArray[np.uint8]:
    if whole.manifest.is_partial:
        return np.array(whole.array("papers.encoded.npy"))
    return np.ones(whole.manifest.n_papers, dtype=np.uint8)


def _files(whole: Generation, papers: Numbers) -> Iterator[tuple[str, Any]]:
    for name in _OF_THE_WHOLE:
        yield name, np.array(whole.array(name)) if name.endswith(".npy") else bytes(whole.text(name))
    for name in _OF_A_PAPER:
        yield name, np.ascontiguousarray(whole.array(name)[papers])
    yield from _postings(whole, papers)
    lines = StringTable(whole.text("papers.jsonl"), whole.array("papers.offsets.npy"))
    own = [lines[number] for number in papers.tolist()]
    yield from _table("papers", own, "papers.jsonl")
    decoded = list(map(decode_paper, own))
    tables = {"ids": id_order(decoded), "titles": title_order(decoded)}
    tables["identifiers"] = identifier_order(decoded, whole.manifest.dumps)
    for name, (names, order) in tables.items():
        yield from _table(name, names)
        yield f"{name}.papers.npy", np.array(order, dtype=np.uint32)
    yield from name_files(decoded)
    organisations, numbers = organisation_table(decoded)
    yield from _table("organisations", organisations)
    yield "papers.organisations.npy", numbers
    held = _places(whole, papers)[whole.array("dumps.papers.npy").astype(np.int64)]
    ends = whole.array("dumps.offsets.npy").astype(np.int64)
    yield "dumps.papers.npy", held[held >= 0].astype(np.uint32)
    yield "dumps.offsets.npy", np.append(0, np.cumsum(held >= 0))[ends].astype(np.uint64)
    yield from _meaning(whole, papers)


def _meaning(whole: Generation, papers: Numbers) -> Iterator[tuple[str, Any]]:
    is_encoded = _are_encoded(whole)[papers]
    n_encoded = int(is_encoded.sum())
    if n_encoded < len(papers):
        yield "papers.encoded.npy", is_encoded
    for name in ("vectors.npy", "vectors.int8.npy"):
        rows = whole.array(name)[papers]
        yield name, np.ascontiguousarray(rows if n_encoded else rows[:, :0])
    yield "probes.npy", np.array(whole.array("probes.npy")) if n_encoded else np.zeros((0, 0), np.float32)
    if whole.manifest.late is None or not n_encoded:
        return
    offsets = whole.array("pieces.offsets.npy").astype(np.int64)
    lengths = np.diff(offsets)[papers]
    rows = _rows(offsets[papers], lengths)
    for name in ("vectors", "ids", "starts"):
        yield f"pieces.{name}.npy", whole.array(f"pieces.{name}.npy")[rows]
    for name in ("basis", "weights"):
        yield f"pieces.{name}.npy", np.array(whole.array(f"pieces.{name}.npy"))
    yield "pieces.offsets.npy", np.append(0, np.cumsum(lengths)).astype(np.uint64)


def _postings(whole: Generation, papers: Numbers) -> Iterator[tuple[str, Any]]:
    docs = _places(whole, papers)[whole.array("postings.papers.npy").astype(np.int64)]
    kept = np.flatnonzero(docs >= 0)
    df = np.diff(whole.array("postings.offsets.npy").astype(np.int64))
    term = np.repeat(np.arange(len(df)), df)
    firsts = whole.array("positions.offsets.npy").astype(np.int64)
    begins = whole.array("postings.starts.npy").astype(np.int64) + firsts[term]
    tf = np.diff(begins, append=firsts[-1])[kept]
    own_df = np.bincount(term[kept], minlength=len(df))
    n_positions = np.bincount(term[kept], weights=tf, minlength=len(df)).astype(np.int64)
    terms = np.flatnonzero(own_df)
    names = StringTable(whole.text("terms.txt"), whole.array("terms.offsets.npy"))
    yield from _table("terms", (names[place] for place in terms.tolist()))
    yield "terms.idf.npy", whole.array("terms.idf.npy")[terms]
    yield "postings.offsets.npy", np.append(0, np.cumsum(own_df[terms])).astype(np.uint64)
    yield "postings.papers.npy", docs[kept].astype(np.uint32)
    yield "postings.impacts.npy", whole.array("postings.impacts.npy")[kept]
    ends = np.append(0, np.cumsum(n_positions[terms]))
    yield "postings.starts.npy", (np.cumsum(tf) - tf - np.repeat(ends[:-1], own_df[terms])).astype(np.uint32)
    yield "positions.offsets.npy", ends.astype(np.uint64)
    yield "positions.npy", whole.array("positions.npy")[_rows(begins[kept], tf)]


def _places(whole: Generation, papers: Numbers) -> Numbers:
    """Return the place of each paper of the whole among `papers`, or -1."""
    places = np.full(whole.manifest.n_papers, -1, dtype=np.int64)
    places[papers] = np.arange(len(papers))
    return places


def _rows(starts: Numbers, lengths: Numbers) -> Numbers:
    """Return the places of many ranges, one after another."""
    ends = np.cumsum(lengths)
    return np.arange(int(lengths.sum())) + np.repeat(starts - (ends - lengths), lengths)


def _table(name: str, strings: Iterable[str], file: str | None = None) -> Iterator[tuple[str, Any]]:
    text, offsets = pack_strings(strings)
    yield file or f"{name}.txt", text
    yield f"{name}.offsets.npy", offsets


N_AUTHORS = 3


class Grown(Held):
    """The papers of an index many times over, in memory: a large shard, three authors of each paper its own."""

    def __init__(self, whole: Generation, n_times: int) -> None:
        super().__init__(whole, np.arange(whole.manifest.n_papers))
        given, n_papers = self._contents, whole.manifest.n_papers
        shift = np.repeat(np.arange(n_times) * n_papers, len(given["postings.papers.npy"])).astype(np.uint32)
        df, n_positions = (
            np.diff(given[f"{name}.offsets.npy"].astype(np.int64)) for name in ("postings", "positions")
        )
        order = np.argsort(np.tile(np.repeat(np.arange(len(df)), df), n_times), kind="stable")
        of_position = np.tile(np.repeat(np.arange(len(df)), n_positions), n_times)
        copies = np.repeat(np.arange(n_times), len(given["postings.papers.npy"]))
        starts = np.tile(given["postings.starts.npy"], n_times) + copies * np.tile(
            np.repeat(n_positions, df), n_times
        )
        self._contents |= {
            "postings.papers.npy": (np.tile(given["postings.papers.npy"], n_times) + shift)[order],
            "postings.impacts.npy": np.tile(given["postings.impacts.npy"], n_times)[order],
            "postings.starts.npy": starts[order].astype(np.uint32),
            "postings.offsets.npy": given["postings.offsets.npy"] * np.uint64(n_times),
            "positions.npy": np.tile(given["positions.npy"], n_times)[np.argsort(of_position, kind="stable")],
            "positions.offsets.npy": given["positions.offsets.npy"] * np.uint64(n_times),
        }
        for name in (*_OF_A_PAPER, "papers.organisations.npy", "vectors.npy", "vectors.int8.npy"):
            self._contents[name] = np.concatenate([given[name]] * n_times)
        authors = np.arange(n_papers * n_times * N_AUTHORS)
        lines = (f"|made{number:08}|\tm\t\tMade Author {number:08}" for number in authors.tolist())
        text, offsets = pack_strings(lines)
        self._contents |= {"authors.txt": bytes(text), "authors.offsets.npy": offsets}
        self._contents["authors.starts.npy"] = np.arange(len(authors) + 1, dtype=np.uint64)
        self._contents["authors.papers.npy"] = (authors // N_AUTHORS).astype(np.uint32)
        self.manifest = whole.manifest.replace(
            n_papers=n_papers * n_times, n_encoded=n_papers * n_times, late=None, n_postings=len(order)
        )
