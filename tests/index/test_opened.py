"""An index that is opened: only regular files, whole ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import papersearch
from papersearch.errors import IndexDamaged
from papersearch.index.layout import generation_folder


def test_links_lead_nowhere(small_index: Path, tmp_path: Path) -> None:
    """A file or folder of an index that is a link, or a pipe, is refused and never followed."""
    folder = small_index / generation_folder(1)
    real = folder / "papers.jsonl"
    outside = tmp_path / "outside"
    shutil.copy(real, outside)
    real.unlink()
    real.symlink_to(outside)
    with pytest.raises(IndexDamaged, match="no regular file"):
        papersearch.open(small_index)
    real.unlink()
    os.mkfifo(real)
    with pytest.raises(IndexDamaged, match="no regular file"):
        papersearch.open(small_index)
    real.unlink()
    shutil.copy(outside, real)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(IndexDamaged, match="no folder of its own"):
        papersearch.open(small_index)
