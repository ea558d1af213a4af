"""Which files an index has, and what is in each. docs/format.md tells the same in prose."""

from __future__ import annotations

from typing import Literal, NamedTuple

FORMAT_VERSION = 1
OLDEST_READABLE_VERSION = 1
KIND = "papersearch-index"
MANIFEST = "manifest.json"

Axis = Literal["N", "N+1", "T", "T+1", "P", "D"]


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
    "terms.offsets.npy": ArrayFile("<u8", ("T+1",)),
    "terms.idf.npy": ArrayFile("<f8", ("T",)),
    "postings.offsets.npy": ArrayFile("<u8", ("T+1",)),
    "postings.papers.npy": ArrayFile("<u4", ("P",)),
    "postings.impacts.npy": ArrayFile("<f8", ("P",)),
    "vectors.npy": ArrayFile("<f4", ("N", "D")),
}
TEXTS = ("papers.jsonl", "ids.txt", "titles.txt", "terms.txt", "report.json")


def generation_folder(generation: int) -> str:
    """Name of the folder that holds the files of one build."""
    return f"generation-{generation:06d}"
