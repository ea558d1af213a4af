"""Staleness: changes of the corpus since the index was built."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

import papersearch
from papersearch.index.staleness import is_stale, skips_differ
from tests.conftest import page
from tests.growing import B


@pytest.mark.parametrize(
    "change", ["none", "touch", "grow", "same size", "new", "gone", "new junk", "junk to dump"]
)
def test_staleness(small_corpus: Path, small_model: Path, change: str) -> None:
    """An index is stale exactly when the dumps' contents have changed, not their times."""
    page_path, notes = small_corpus / "page.txt", small_corpus / "notes.txt"
    notes.write_text("not a dump")
    index_path = small_corpus.parent / "index"
    manifest = papersearch.build(small_corpus, index_path, model=str(small_model)).manifest
    text = page_path.read_text()
    if change == "touch":
        os.utime(page_path, ns=(1, 1))
        os.utime(notes, ns=(1, 1))
    elif change == "grow":
        page_path.write_text(text + "\nmore")
    elif change == "same size":
        page_path.write_text(text.replace("graph", "grape"))
        os.utime(page_path, ns=(1, 1))
    elif change == "new":
        (small_corpus / "new.txt").write_text(page([B]))
    elif change == "gone":
        page_path.unlink()
    elif change == "new junk":
        (small_corpus / "photo.png").write_bytes(b"\0")
    elif change == "junk to dump":
        notes.write_text(page([B]))
    assert is_stale(manifest, index_path, small_corpus) == (change not in ("none", "touch", "new junk"))
    assert not is_stale(manifest, index_path, small_corpus.parent)


@pytest.mark.parametrize("change", ["none", "touch", "grow", "gone"])
def test_staleness_of_an_archive(small_corpus: Path, small_model: Path, change: str) -> None:
    """An archive makes an index stale exactly when its contents have changed."""
    archive = small_corpus / "a.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("in/b.txt", page([B]))
    index_path = small_corpus.parent / "index"
    manifest = papersearch.build(small_corpus, index_path, model=str(small_model)).manifest
    assert "a.zip/in/b.txt" in [dump.name for dump in manifest.dumps]
    if change == "touch":
        os.utime(archive, ns=(1, 1))
    elif change == "grow":
        with zipfile.ZipFile(archive, "a") as members:
            members.writestr("c.txt", "more")
    elif change == "gone":
        archive.unlink()
    assert is_stale(manifest, index_path, small_corpus) == (change in ("grow", "gone"))
    assert skips_differ(manifest, small_corpus) == (change in ("grow", "gone"))
