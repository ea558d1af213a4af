"""`shards.json`: what describes the shards of one index, and hostile contents of it."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from papersearch.errors import IndexDamaged, IndexForeign, IndexMissing, IndexVersionError
from papersearch.index.collection import shard_numbers
from papersearch.index.generations import has_shards
from papersearch.index.layout import FORMAT_VERSION
from papersearch.index.shards import (
    NUMBERS,
    ShardRecord,
    Shards,
    read_shards,
    shard_folder,
    write_shards,
)
from tests.rewriting import rewrite_json


def described(**changes: Any) -> Shards:
    """Describe two shards of three and four papers."""
    shards = (
        ShardRecord(folder=shard_folder(1, 2), n_papers=3, start=0, manifest="0" * 64),
        ShardRecord(folder=shard_folder(2, 2), n_papers=4, start=3, manifest="1" * 64),
    )
    plain = Shards(
        format_version=FORMAT_VERSION,
        generation=5,
        written_by="papersearch 1",
        n_papers=7,
        n_terms=9,
        parts="2" * 64,
        shards=shards,
    )
    return plain.replace(**changes)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """What is written is read back, also where a later one replaces it."""
    assert not has_shards(tmp_path)
    with pytest.raises(IndexMissing):
        read_shards(tmp_path)
    for generation in (5, 6):
        write_shards(tmp_path, described(generation=generation))
        assert has_shards(tmp_path)
        assert read_shards(tmp_path) == described(generation=generation)
    assert [path.name for path in tmp_path.iterdir()] == ["shards.json"]


HOSTILE: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "another kind": (IndexForeign, {"kind": "papersearch-index"}),
    "a later format": (IndexVersionError, {"format_version": FORMAT_VERSION + 1}),
    "no format": (IndexDamaged, {"format_version": "6"}),
    "a negative count": (IndexDamaged, {"n_papers": -1}),
    "other papers": (IndexDamaged, {"n_papers": 8}),
    "no shard": (IndexDamaged, {"shards": [], "n_papers": 0}),
    "an unknown field": (IndexDamaged, {"path": "/etc/passwd"}),
    "a number that is no number": (IndexDamaged, {"generation": True}),
}
FOLDERS = ("../other", "/etc", "shards/../../x", "shards/00001-of-00002/..", "shards", "shards/1-of-2", "", "a\0b")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_fields(tmp_path: Path, name: str) -> None:
    """Fields that contradict each other or are of another kind are refused."""
    error, changes = HOSTILE[name]
    write_shards(tmp_path, described())
    rewrite_json(tmp_path / "shards.json", **changes)
    with pytest.raises(error):
        read_shards(tmp_path)


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_lead_nowhere(tmp_path: Path, folder: str) -> None:
    """A shard's folder is one below `shards`, under a name that shards have."""
    first, second = described().shards
    write_shards(tmp_path, described(shards=(first.replace(folder=folder), second)))
    with pytest.raises(IndexDamaged):
        read_shards(tmp_path)


def test_ranges_of_papers(tmp_path: Path) -> None:
    """Ranges that overlap or leave the whole are refused, and a shard may have numbers in their place."""
    first, second = described().shards
    for start in (2, 4, 10**30):
        write_shards(tmp_path, described(shards=(first, second.replace(start=start % 2**63))))
        with pytest.raises(IndexDamaged):
            read_shards(tmp_path)
    write_shards(tmp_path, described(shards=(first, first)))
    with pytest.raises(IndexDamaged):
        read_shards(tmp_path)
    scattered = described(shards=(first.replace(start=None), second.replace(start=None)))
    write_shards(tmp_path, scattered)
    assert read_shards(tmp_path) == scattered


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'"shards"', b"\xff", b"null"])
def test_what_is_no_description(tmp_path: Path, content: bytes) -> None:
    """Other contents are refused, and so is a link."""
    (tmp_path / "shards.json").write_bytes(content)
    with pytest.raises((IndexDamaged, IndexForeign)):
        read_shards(tmp_path)
    (tmp_path / "shards.json").rename(tmp_path / "elsewhere")
    (tmp_path / "shards.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IndexDamaged):
        read_shards(tmp_path)


@pytest.mark.parametrize(
    "fault", ["pickle", "shape", "huge", "other type", "cut", "longer", "link", "pipe", "descending"]
)
def test_hostile_numbers_of_papers(tmp_path: Path, fault: str) -> None:
    """Numbers of papers are read where their file is of the shape that is expected, and nowhere else."""
    path = tmp_path / NUMBERS
    good = np.array([1, 4, 9], np.uint64)
    record = ShardRecord(folder="shards/00001-of-00001", n_papers=3, start=None, manifest="")
    np.save(path, good)
    opened: Any = SimpleNamespace(index_path=tmp_path)
    assert shard_numbers(record, opened).tolist() == [1, 4, 9]
    content = path.read_bytes()
    path.unlink()
    if fault == "pickle":
        np.save(path, np.array([1, "x", None], object), allow_pickle=True)
    elif fault in ("shape", "other type", "descending"):
        np.save(path, {"shape": good[:, None], "other type": good.astype(float), "descending": good[::-1]}[fault])
    elif fault == "huge":
        path.write_bytes(content.replace(b"(3,)", b"(9223372036854775807,)"))
    elif fault in ("cut", "longer"):
        path.write_bytes(content[:-1] if fault == "cut" else content + b"0")
    elif fault == "link":
        (tmp_path / "other").write_bytes(content)
        path.symlink_to(tmp_path / "other")
    else:
        os.mkfifo(path)
    with pytest.raises(IndexDamaged, match=NUMBERS):
        shard_numbers(record, opened)
