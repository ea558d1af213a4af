"""Journals of SQLite databases. A database and its journals are one dump: all tell whether it changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from papersearch.checksums import sha256_of, sha256_of_file

_SUFFIXES = ("-wal", "-journal")
"""The write-ahead log, and the journal from which an unfinished change is rolled back."""


def place_of(path: Path) -> Path:
    """Return the file that a link leads to: SQLite keeps journals beside it, not beside the link."""
    return path.resolve() if path.is_symlink() else path


def journals_of(path: Path) -> list[Path]:
    """Return the journals with any content that lie beside a database."""
    return [journal for journal, status in _journals(path) if status.st_size]


def is_journal(path: Path) -> bool:
    """Return whether a file is a journal of the database beside it, which is read with it."""
    name, _, suffix = path.name.rpartition("-")
    return bool(name) and suffix in ("wal", "shm", "journal") and path.with_name(name).is_file()


def size_and_time(path: Path) -> tuple[int, int]:
    """Return the size and the time of a dump, its journals included. Raises OSError."""
    parts = [path.stat(), *(status for _, status in _journals(path))]
    return sum(part.st_size for part in parts), max(part.st_mtime_ns for part in parts)


def digest(path: Path) -> str:
    """Return the SHA-256 of a dump, its journals included. Raises OSError."""
    digests = [sha256_of_file(path)]
    for journal in journals_of(path):
        with suppress(FileNotFoundError):  # its program has just ended it
            digests.append(sha256_of_file(journal))
    return sha256_of("".join(digests).encode()) if len(digests) > 1 else digests[0]


def _journals(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the journals beside a database. Its program may end one at any time."""
    path = place_of(path)
    for suffix in _SUFFIXES:
        journal = path.with_name(path.name + suffix)
        with suppress(OSError):  # nearly all dumps have none
            status = journal.stat()
            if stat.S_ISREG(status.st_mode):
                yield journal, status
