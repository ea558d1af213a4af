"""Corpora in parts, for tests: the build of each part, the join, and the files of the shards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import papersearch
from papersearch.index.joining import JoinReport
from papersearch.index.layout import MANIFEST
from papersearch.index.manifest import decode_manifest
from papersearch.index.shards import open_shards
from tests.search.cutting import cut


def records(path: Path, papers: Iterable[dict[str, Any]]) -> None:
    """Write a dump of JSON lines."""
    path.write_text("".join(json.dumps(paper) + "\n" for paper in papers), encoding="utf-8")


def build_parts(
    corpus: Path, index_path: Path, n_parts: int, model: Path, order: Sequence[int] = (), **options: Any
) -> int:
    """Build all parts in this order; return the number of texts that were encoded."""
    numbers = order or range(1, n_parts + 1)
    return sum(
        papersearch.build_part(corpus, index_path, number, n_parts, model=str(model), **options).n_encoded
        for number in numbers
    )


def built_and_joined(corpus: Path, index_path: Path, n_parts: int, model: Path, **options: Any) -> JoinReport:
    """Build all parts and join them."""
    build_parts(corpus, index_path, n_parts, model, **options)
    return papersearch.join_parts(index_path)


def contents(index_path: Path) -> list[dict[str, Any]]:
    """Return the contents of all files of each published shard, by name; the manifest as a value."""
    opened = open_shards(index_path, leased=False)
    folders = [one.index_path / one.manifest.folder for one in opened.generations]
    found: list[dict[str, Any]] = [
        {path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders
    ]
    for one in found:
        one[MANIFEST] = decode_manifest(one[MANIFEST], "")
    return found


def differing(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Return shard and name of each file that is not the same in both."""
    assert len(one) == len(other)
    return [
        (number, name)
        for number, (found, expected) in enumerate(zip(one, other, strict=True), 1)
        for name in sorted(found.keys() | expected.keys())
        if found.get(name) != expected.get(name)
    ]


def cut_whole(whole: Path, folder: Path, n_shards: int) -> list[dict[str, Any]]:
    """Return the contents of the shards of an index that was built in one go and cut into ranges."""
    n_papers = len(papersearch.open(whole))
    ends = [n_papers * number // n_shards for number in range(n_shards + 1)]
    cut(whole, folder, [np.arange(start, stop) for start, stop in pairwise(ends)])
    return contents(folder)
