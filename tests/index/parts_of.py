"""Corpora in parts, for tests: the build of each part, the join, and the files of the shards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import papersearch
from papersearch.index.joining import JoinReport
from papersearch.index.shards import open_shards


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


def files_of_shards(index_path: Path) -> list[dict[str, bytes]]:
    """Return the contents of all files of each published shard, by name."""
    opened = open_shards(index_path)
    folders = [one.index_path / one.manifest.folder for one in opened.generations]
    return [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]


def differing(found: list[dict[str, bytes]], expected: list[dict[str, bytes]]) -> list[tuple[int, str]]:
    """Return shard and name of each file that is not the same in both."""
    assert len(found) == len(expected)
    return [
        (number, name)
        for number, (one, other) in enumerate(zip(found, expected, strict=True))
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]
