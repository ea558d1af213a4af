"""`shards.json`: what describes the shards of one index, and hostile contents of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from papersearch.errors import IndexDamaged, IndexForeign, IndexMissing, IndexVersionError
from papersearch.index.generations import has_shards
from papersearch.index.layout import FORMAT_VERSION
from papersearch.index.shards import (
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
