"""Small files that only their owner reads and writes, and that may be lost or damaged at any time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from papersearch.clock import DAY_S
from papersearch.user_files import open_regular


def read_private(path: Path, most_bytes: int, kept_days: int) -> bytes | None:
    """Return the content of a regular file; None if it is old, too large, or of somebody else. Raises OSError."""
    with open_regular(path, follows_link=False) as file:
        status = os.fstat(file.fileno())
        is_own = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
        if not is_own or status.st_size > most_bytes:
            return None
        return None if _is_old(status, kept_days) else file.read(most_bytes)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file, which only its owner can read. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}-{os.urandom(8).hex()}")  # no other process or thread has the name
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def remove_old(folder: Path, kept: Path, most_files: int, kept_days: int) -> None:
    """Remove old files of a folder, and all but the newest `most_files`; `kept` stays. Raises OSError."""
    files = sorted(_files(folder), key=lambda file: -file[1].st_mtime)
    for number, (other, status) in enumerate(files):
        if other != kept and (number >= most_files or _is_old(status, kept_days)):
            other.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                yield Path(entry.path), entry.stat(follow_symlinks=False)


def _is_old(status: os.stat_result, kept_days: int) -> bool:
    return time.time() - status.st_mtime > kept_days * DAY_S
