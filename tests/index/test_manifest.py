"""Manifests that are malformed, wrong, or newer than this release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.errors import IndexDamaged, IndexVersionError, StoredIndexError
from papersearch.index.layout import generation_folder
from tests.growing import tree
from tests.rewriting import rewrite_json


def change_manifest(index_path: Path, **changes: Any) -> None:
    rewrite_json(index_path / "manifest.json", **changes)


def test_newer_format(small_corpus: Path, small_index: Path) -> None:
    """Opening and building refuse an index of a later release, and leave it unchanged."""
    change_manifest(small_index, format_version=99)
    before = tree(small_index)
    for attempt in (lambda: papersearch.open(small_index), lambda: papersearch.build(small_corpus, small_index)):
        with pytest.raises(IndexVersionError, match="format 99") as caught:
            attempt()
        assert caught.value.is_newer
    assert tree(small_index) == before


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"kind": "something"}', b'{"kind": "papersearch-index"}', b"\xff"]
)
def test_manifest_that_is_none(small_index: Path, content: bytes) -> None:
    """Any malformed content of a manifest makes opening raise an error of the index."""
    (small_index / "manifest.json").write_bytes(content)
    with pytest.raises(StoredIndexError):
        papersearch.open(small_index)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_papers": "4"},
        {"n_papers": -1},
        {"n_papers": True},
        {"format_version": True},
        {"background": {"mean": "0.3", "deviation": 0.1}},
        {"late": {"n_pieces": 1}},
        {"dumps": [{"name": "page.txt"}]},
        {"skipped": {}},
        {"generation": "../../etc"},
        {"files": {"../../etc/passwd": {"size": 1, "sha256": ""}}},
        {"files": []},
        {"encoder": {"name": "x"}},
        {"surplus": 1},
        {"dumps": None},
        {"corpus": 7},
    ],
)
def test_manifest_with_wrong_fields(small_index: Path, changes: dict[str, Any]) -> None:
    """A manifest with a field of another type, another file name or a path is refused on opening."""
    change_manifest(small_index, **changes)
    with pytest.raises(IndexDamaged, match="manifest"):
        papersearch.open(small_index)


def test_manifest_checksums(small_index: Path) -> None:
    """The manifest has the size and SHA-256 of every file of the generation."""
    import hashlib

    manifest = papersearch.open(small_index).manifest
    files = tree(small_index / generation_folder(1))
    assert files.pop("manifest.json") == (small_index / "manifest.json").read_bytes()
    assert {name: (record.size, record.sha256) for name, record in manifest.files.items()} == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    }
