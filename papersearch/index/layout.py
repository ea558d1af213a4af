"""The files of an index: their names, dtypes and shapes. docs/format.md describes them in prose."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple

from papersearch.types import NAME_KINDS
from papersearch.user_files import open_regular, read_bounded

FORMAT_VERSION = 8
OLDEST_READABLE_VERSION = 8
OLDEST_REUSABLE_VERSION = 6
"""Oldest format from which a build takes encodings, and what is known of papers."""

FIRST_CHECKED_VERSION = 8
"""First format with checksums of blocks and of the manifest."""

KIND = "papersearch-index"
MANIFEST = "manifest.json"
CHECKSUMS = "checksums.npy"
"""File with the checksums of all blocks of the other files, in the order of the manifest."""

SHARDS = "shards.json"
"""File in place of the manifest where an index was built in parts."""

PARTS = "parts"
"""Folder with those parts."""

_MAX_DESCRIPTION_BYTES = 1 << 28
"""Greatest size of a file that describes an index: its dumps, its files, its shards."""

WEIGHTS = "weights.toml"
"""File of tuned weights, which only a tuned collection has."""

Axis = Literal[
    "N", "N+1", "T", "T+1", "P", "O", "E+1", "D", "H", "B", "M", "V", "C", "S", "A", "F+1", "G+1", "W", "W+1",
    "I+1", "J", "K+1", "L", "Q+1", "R", "X", "X+1", "Y+1",
]  # fmt: skip


class ArrayFile(NamedTuple):
    """A .npy file: its dtype in numpy's spelling and its shape in axis letters."""

    dtype: str
    shape: tuple[Axis, ...]


ARRAYS: dict[str, ArrayFile] = {
    "papers.offsets.npy": ArrayFile("<u8", ("N+1",)),
    "ids.offsets.npy": ArrayFile("<u8", ("N+1",)),
    "ids.papers.npy": ArrayFile("<u4", ("N",)),
    "titles.offsets.npy": ArrayFile("<u8", ("N+1",)),
    "titles.papers.npy": ArrayFile("<u4", ("N",)),
    "identifiers.offsets.npy": ArrayFile("<u8", ("X+1",)),
    "identifiers.papers.npy": ArrayFile("<u4", ("X",)),
    "terms.offsets.npy": ArrayFile("<u8", ("T+1",)),
    "terms.idf.npy": ArrayFile("<f8", ("T",)),
    "postings.offsets.npy": ArrayFile("<u8", ("T+1",)),
    "postings.papers.npy": ArrayFile("<u4", ("P",)),
    "postings.impacts.npy": ArrayFile("<f8", ("P",)),
    "postings.starts.npy": ArrayFile("<u4", ("P",)),
    "positions.offsets.npy": ArrayFile("<u8", ("T+1",)),
    "positions.npy": ArrayFile("<u4", ("O",)),
    "lengths.npy": ArrayFile("<u4", ("N",)),
    "lengths.titles.npy": ArrayFile("<u4", ("N",)),
    "expansions.offsets.npy": ArrayFile("<u8", ("E+1",)),
    "vectors.npy": ArrayFile("<f4", ("N", "D")),
    "vectors.int8.npy": ArrayFile("i1", ("N", "D")),
    "texts.sha256.npy": ArrayFile("u1", ("N", "S")),
    "probes.npy": ArrayFile("<f4", ("B", "D")),
    "papers.since.npy": ArrayFile("<u4", ("N",)),
    "papers.added.npy": ArrayFile("<u4", ("N",)),
    "papers.dates.npy": ArrayFile("<u4", ("N",)),
    "papers.code.npy": ArrayFile("u1", ("N",)),
    "papers.organisations.npy": ArrayFile("<u4", ("N",)),
    "words.offsets.npy": ArrayFile("<u8", ("W+1",)),
    "words.counts.npy": ArrayFile("<u4", ("W",)),
    "organisations.offsets.npy": ArrayFile("<u8", ("G+1",)),
    "authors.offsets.npy": ArrayFile("<u8", ("I+1",)),
    "authors.starts.npy": ArrayFile("<u8", ("I+1",)),
    "authors.papers.npy": ArrayFile("<u4", ("J",)),
    "categories.offsets.npy": ArrayFile("<u8", ("K+1",)),
    "categories.starts.npy": ArrayFile("<u8", ("K+1",)),
    "categories.papers.npy": ArrayFile("<u4", ("L",)),
    "venues.offsets.npy": ArrayFile("<u8", ("Q+1",)),
    "venues.starts.npy": ArrayFile("<u8", ("Q+1",)),
    "venues.papers.npy": ArrayFile("<u4", ("R",)),
    "dumps.papers.npy": ArrayFile("<u4", ("A",)),
    "dumps.offsets.npy": ArrayFile("<u8", ("F+1",)),
    CHECKSUMS: ArrayFile("<u8", ("Y+1",)),
}
LATE_ARRAYS: dict[str, ArrayFile] = {
    "pieces.vectors.npy": ArrayFile("i1", ("M", "C")),
    "pieces.ids.npy": ArrayFile("<u4", ("M",)),
    "pieces.starts.npy": ArrayFile("<u4", ("M",)),
    "pieces.offsets.npy": ArrayFile("<u8", ("N+1",)),
    "pieces.basis.npy": ArrayFile("<f4", ("H", "C")),
    "pieces.weights.npy": ArrayFile("<f4", ("V",)),
}
"""Arrays of late interaction, in the order of `PieceVectors`; an index has all of them or none."""

PARTIAL_ARRAYS: dict[str, ArrayFile] = {
    "papers.encoded.npy": ArrayFile("u1", ("N",)),
}
"""Arrays of a generation of which some papers are not encoded yet; a complete one has none of them."""

TEXTS = (
    "papers.jsonl",
    "ids.txt",
    "titles.txt",
    "identifiers.txt",
    "terms.txt",
    "expansions.txt",
    "words.txt",
    "organisations.txt",
    "authors.txt",
    "categories.txt",
    "venues.txt",
    "report.json",
)

_NAMES = ("ids", "titles", "identifiers")
"""Tables of names, each with the papers that have them."""

DENSE_FILES = frozenset(
    {"vectors.npy", "vectors.int8.npy", "texts.sha256.npy", "probes.npy", CHECKSUMS, *LATE_ARRAYS, *PARTIAL_ARRAYS}
)
"""The files that change while a build encodes papers; all parts of a generation share the others."""


def is_index(index_path: Path) -> bool:
    """Return whether the folder looks like an index of papersearch, of any format version."""
    try:
        with open_regular(index_path / MANIFEST) as file:
            return KIND.encode() in file.read(200)
    except OSError:
        return False


def read_description(path: Path) -> bytes:
    """Return the content of a file that describes an index or a part. Raises OSError, also for a link."""
    return read_bounded(path, _MAX_DESCRIPTION_BYTES, follows_link=False)


def files_of(*, has_late_interaction: bool, is_partial: bool) -> frozenset[str]:
    """Return the names of the files of an index, its manifest excluded."""
    late = LATE_ARRAYS if has_late_interaction else {}
    partial = PARTIAL_ARRAYS if is_partial else {}
    return frozenset({*ARRAYS, *late, *partial, *TEXTS})


def written_order(names: Collection[str]) -> list[str]:
    """Return names of files in the order in which a build writes them, which is that of a manifest."""
    order = (
        *("words.txt", "words.offsets.npy", "words.counts.npy", "terms.txt", "terms.offsets.npy", "terms.idf.npy"),
        *(f"postings.{name}.npy" for name in ("offsets", "papers", "impacts", "starts")),
        *("positions.offsets.npy", "positions.npy", "lengths.npy", "lengths.titles.npy"),
        *("expansions.txt", "expansions.offsets.npy", "papers.jsonl", "papers.offsets.npy", "papers.since.npy"),
        *("papers.added.npy", "papers.dates.npy", "papers.code.npy", "dumps.papers.npy", "dumps.offsets.npy"),
        *("organisations.txt", "organisations.offsets.npy", "papers.organisations.npy"),
        *(f"{of}.{name}" for of in NAME_KINDS for name in ("txt", "offsets.npy", "starts.npy", "papers.npy")),
        *(f"{of}.{name}" for of in _NAMES for name in ("txt", "offsets.npy", "papers.npy")),
        *("report.json", "vectors.npy", "vectors.int8.npy", "texts.sha256.npy", "probes.npy", "papers.encoded.npy"),
        *LATE_ARRAYS,
        CHECKSUMS,
    )
    return [name for name in order if name in names]


def generation_folder(generation: int, part: int = 0) -> str:
    """Return the name of the folder with the files of one publication.

    `part` counts the publications of a build from 1; 0 is the complete generation.
    """
    return f"generation-{generation:06d}" + (f"-{part}" if part else "")
