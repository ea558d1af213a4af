"""Journals of SQLite databases. A database and its journals are one dump: all tell whether it changed."""

from __future__ import annotations

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
    path = place_of(path)
    beside = (path.with_name(path.name + suffix) for suffix in _SUFFIXES)
    return [journal for journal in beside if journal.is_file() and journal.stat().st_size]


def is_journal(path: Path) -> bool:
    """Return whether a file is a journal of the database beside it, which is read with it."""
    name, _, suffix = path.name.rpartition("-")
    return bool(name) and suffix in ("wal", "shm", "journal") and path.with_name(name).is_file()


def size_and_time(path: Path) -> tuple[int, int]:
    """Return the size and the time of a dump, its journals included. Raises OSError."""
    status = path.stat()
    size, mtime_ns = status.st_size, status.st_mtime_ns
    for journal_size, journal_mtime_ns in _sizes_and_times(path):
        size += journal_size
        mtime_ns = max(mtime_ns, journal_mtime_ns)
    return size, mtime_ns


def _sizes_and_times(path: Path) -> Iterator[tuple[int, int]]:
    path = place_of(path)
    for suffix in _SUFFIXES:
        with suppress(OSError):  # nearly all dumps have none
            status = path.with_name(path.name + suffix).stat()
            yield status.st_size, status.st_mtime_ns


def digest(path: Path) -> str:
    """Return the SHA-256 of a dump, its journals included. Raises OSError."""
    journals = journals_of(path)
    if not journals:
        return sha256_of_file(path)
    return sha256_of("".join(map(sha256_of_file, (path, *journals))).encode())
