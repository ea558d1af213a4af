"""Journals of SQLite databases. A database and its write-ahead log are one dump: both tell whether it changed."""

from __future__ import annotations

from pathlib import Path

from papersearch.checksums import sha256_of, sha256_of_file


def log_of(path: Path) -> Path:
    """Return the path of a database's write-ahead log, which may not exist."""
    return path.with_name(path.name + "-wal")


def is_journal(path: Path) -> bool:
    """Return whether a file is a journal of the database beside it, which is read with it."""
    name, _, suffix = path.name.rpartition("-")
    return bool(name) and suffix in ("wal", "shm", "journal") and path.with_name(name).is_file()


def size_and_time(path: Path) -> tuple[int, int]:
    """Return the size and the time of a dump, its log included. Raises OSError."""
    status = path.stat()
    try:
        log = log_of(path).stat()
    except OSError:  # nearly all dumps
        return status.st_size, status.st_mtime_ns
    return status.st_size + log.st_size, max(status.st_mtime_ns, log.st_mtime_ns)


def digest(path: Path) -> str:
    """Return the SHA-256 of a dump, its log included. Raises OSError."""
    log = log_of(path)
    if not log.is_file():
        return sha256_of_file(path)
    return sha256_of((sha256_of_file(path) + sha256_of_file(log)).encode())
