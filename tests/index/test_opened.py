"""Opening an index: only regular, undamaged files are read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import papersearch
from papersearch.errors import IndexDamaged
from papersearch.index.layout import ARRAYS, LATE_ARRAYS, TEXTS, generation_folder
from papersearch.types import Filters
from tests.rewriting import record_anew


def test_links_lead_nowhere(small_index: Path, tmp_path: Path) -> None:
    """A symbolic link or a pipe in an index is refused and never followed."""
    folder = small_index / generation_folder(1)
    real = folder / "papers.jsonl"
    outside = tmp_path / "outside"
    shutil.copy(real, outside)
    real.unlink()
    real.symlink_to(outside)
    with pytest.raises(IndexDamaged, match="is not a regular file"):
        papersearch.open(small_index)
    real.unlink()
    os.mkfifo(real)
    with pytest.raises(IndexDamaged, match="is not a regular file"):
        papersearch.open(small_index)
    real.unlink()
    shutil.copy(outside, real)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(IndexDamaged, match="generation-000001 is a link"):
        papersearch.open(small_index)


NOT_READ_BY_QUERIES = {"texts.sha256.npy", "probes.npy"}

UNKNOWN = "bubblles"  # makes the search read the spellings

EVERY_FILTER = Filters(since="2020", organisations=("acme",), dumps=("page.txt",), has_code=True, new=True)


@pytest.mark.parametrize(
    "damage", ["missing", "empty", "shorter", pytest.param("longer", marks=pytest.mark.slow), "other shape"]
)
@pytest.mark.parametrize("name", sorted({*ARRAYS, *LATE_ARRAYS, *TEXTS} - {"report.json"}))
def test_damaged_files(small_index: Path, name: str, damage: str) -> None:
    """Any damage to any file of the index raises IndexDamaged, which names the file."""
    path = small_index / generation_folder(1) / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "other shape" and name.endswith(".npy"):
        array = np.load(path)
        swapped = array.reshape(-1, 1)[:, 0].astype(array.dtype.newbyteorder(">"))
        np.save(path, swapped if array.itemsize > 1 else array.reshape(-1, 1))  # arrays of bytes have no byte order
    else:
        changed = {"empty": b"", "shorter": content[:-1], "longer": content + b"x", "other shape": content[1:]}
        if changed[damage] == content:
            pytest.skip("nobody wrote the papers of this corpus: a file without names cannot be shorter")
        path.write_bytes(changed[damage])
    if damage == "other shape" and name in NOT_READ_BY_QUERIES:
        assert name in {fault.file for fault in papersearch.open(small_index).verify()}
        return
    with pytest.raises(IndexDamaged, match=name.split(".")[0]) as caught:
        index = papersearch.open(small_index)
        index.search(f"pipeline bubbles {UNKNOWN}", filters=EVERY_FILTER, facets=True)
        index.paper("on-pipeline")
    assert (caught.value.path, caught.value.file) == (small_index, name)


@pytest.mark.parametrize("file", ["postings.papers.npy", None])
def test_damage_within_an_array(small_index: Path, file: str | None) -> None:
    """Damage within an array raises IndexDamaged during a search, for one query and for many.

    It names the file, unless the checksums fit what is wrong.
    """
    path = small_index / generation_folder(1) / "postings.papers.npy"
    papers = np.load(path)
    np.save(path, np.full_like(papers, 4_000_000_000))
    if file is None:
        record_anew(small_index, path.parent, path.name)
    index = papersearch.open(small_index)
    for ask in (
        lambda: index.search("pipeline bubbles"),
        lambda: list(index.search_many(["pipeline bubbles"])),
        lambda: list(index.rank_many(["pipeline bubbles"])),
    ):
        with pytest.raises(IndexDamaged, match="is damaged") as caught:
            ask()
        assert (caught.value.path, caught.value.file) == (small_index, file)
