"""Opening an index: only regular, undamaged files are read."""

from __future__ import annotations

import errno
import io
import os
import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import papersearch
from papersearch.errors import IndexDamaged, IndexUnreadable
from papersearch.index.layout import ARRAYS, LATE_ARRAYS, TEXTS, generation_folder
from papersearch.types import Filters
from tests.rewriting import record_anew, replaced


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


@pytest.fixture(scope="module")
def copied_once(small_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the small index once: each test puts back what it has replaced."""
    return shutil.copytree(small_project / "index", tmp_path_factory.mktemp("copied") / "index")


@pytest.mark.parametrize(
    "damage", ["missing", "empty", "shorter", pytest.param("longer", marks=pytest.mark.slow), "other shape"]
)
@pytest.mark.parametrize("name", sorted({*ARRAYS, *LATE_ARRAYS, *TEXTS} - {"report.json"}))
def test_damaged_files(copied_once: Path, name: str, damage: str) -> None:
    """Any damage to any file of the index raises IndexDamaged, which names the file."""
    path = copied_once / generation_folder(1) / name
    content = path.read_bytes()
    changed = damaged(content, damage, is_array=name.endswith(".npy"))
    if changed == content:
        pytest.skip("nobody wrote the papers of this corpus: a file without names cannot be shorter")
    with replaced(path, changed):
        if damage == "other shape" and name in NOT_READ_BY_QUERIES:
            assert name in {fault.file for fault in papersearch.open(copied_once).verify()}
            return
        with pytest.raises(IndexDamaged, match=name.split(".")[0]) as caught:
            index = papersearch.open(copied_once)
            index.search(f"pipeline bubbles {UNKNOWN}", filters=EVERY_FILTER, facets=True)
            index.paper("on-pipeline")
    assert (caught.value.path, caught.value.file) == (copied_once, name)


def damaged(content: bytes, damage: str, *, is_array: bool) -> bytes | None:
    """Return a file's damaged content; None if it is missing."""
    if damage == "other shape" and is_array:
        array = np.load(io.BytesIO(content))
        swapped = array.reshape(-1, 1)[:, 0].astype(array.dtype.newbyteorder(">"))
        made = io.BytesIO()
        np.save(made, swapped if array.itemsize > 1 else array.reshape(-1, 1))  # arrays of bytes have no byte order
        return made.getvalue()
    return {
        "missing": None,
        "empty": b"",
        "shorter": content[:-1],
        "longer": content + b"x",
        "other shape": content[1:],
    }[damage]


def test_a_file_that_the_system_does_not_map(small_index: Path) -> None:
    """A failure of the system to read a file is an error of the index, which names the file and the cause."""
    index = papersearch.open(small_index)
    refusal = OSError(errno.ENFILE, os.strerror(errno.ENFILE))
    refused = mock.patch("papersearch.index.generation.mmap.mmap", side_effect=refusal)
    with refused, pytest.raises(IndexUnreadable) as caught:
        index.search("pipeline bubbles", mode="keyword")
    assert caught.value.path.parent == small_index / generation_folder(1)
    assert caught.value.cause == os.strerror(errno.ENFILE)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b'["x"]', b'[{"kind": "x"}]', b'[{"kind":1,"file":[],"line":"","detail":null}]']
)
def test_findings_of_another_form(small_index: Path, content: bytes) -> None:
    """JSON of another form in place of findings is damage of its file, although its checksums fit."""
    path = small_index / generation_folder(1) / "report.json"
    path.write_bytes(content)
    record_anew(small_index, path.parent, path.name)
    with pytest.raises(IndexDamaged) as caught:
        papersearch.open(small_index).findings()
    assert caught.value.file == "report.json"


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
