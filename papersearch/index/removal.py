"""Removal of what an index does not need any more: old generations, and what killed builds left.

Writers hold `locking.writing` meanwhile, and say whether it keeps them apart: where a file system has
no locks, another build may be at work, so only what is a day old is removed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.clock import DAY_S
from papersearch.index import files, locking
from papersearch.index.layout import MANIFEST, generation_folder

if TYPE_CHECKING:
    from papersearch.index.manifest import Manifest


def remove_old(
    index_path: Path,
    folders: Iterable[tuple[int, int]],
    now: Manifest,
    before: Manifest | None,
    *,
    is_alone: bool,
) -> None:
    """Remove publications that are not being read and of no use; `folders` are those on disk.

    Of use are the current one, and the last one of the build before it, for a rollback. Later ones stay
    after a rollback, so that no number is used twice: a copy made meanwhile has files of one build.
    """
    kept = {now.folder}
    if before is not None and before.generation != now.generation:
        kept.add(before.folder)
    for generation, part in folders:
        folder = index_path / generation_folder(generation, part)
        is_earlier = before is not None and generation < before.generation == now.generation
        if folder.name not in kept and not is_earlier and generation <= now.generation:
            remove_unread(folder, is_alone=is_alone)


def remove_unread(folder: Path, *, is_alone: bool) -> None:
    """Remove a generation that nobody reads.

    On Windows it stays while a file of it is open, so there nothing needs to be old.
    """
    with locking.unread(folder / MANIFEST) as is_unread:
        if is_unread and (is_alone or os.name == "nt" or _is_old(folder)):
            files.remove_unless_open(folder)


def remove_litter(index_path: Path, patterns: Iterable[str], *, is_alone: bool) -> None:
    """Remove files and folders with such names, which killed builds left."""
    for pattern in patterns:
        for path in index_path.glob(pattern):
            if is_alone or _is_old(path):
                files.remove(path)


def replace_locked(path: Path, content: bytes, *, is_alone: bool) -> None:
    """Replace a file that is written under a lock alone; remove what killed processes left beside it.

    Raises OSError.
    """
    remove_litter(path.parent, (f".{path.name}-*",), is_alone=is_alone)
    files.replace_file(path, content)


def _is_old(path: Path) -> bool:
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime > DAY_S
    return False
