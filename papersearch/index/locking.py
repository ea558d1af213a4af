"""Locks: one writer at a time, and leases that keep a generation while it is read.

Both are locks of the operating system, which releases them when their process ends, even if it is
killed. A writer waits for other writers; readers never wait. Without lock support in the file
system, builds go on unprotected and without a warning; `is_locked` then tells them to remove nothing
that may be another's.
"""

from __future__ import annotations

import mmap
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from papersearch.errors import IndexNotWritable

try:
    import fcntl
except ImportError:  # Windows has none, but renames no folder of which a file is open or mapped
    fcntl = None  # type: ignore[assignment]  # a module, where there is one

LOCK = ".lock"
_PAUSE = 0.1

_UNLINKED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Flags of files in an index, which may come from elsewhere: no link is followed, no pipe waited for."""


@contextmanager
def writing(index_path: Path, announce: Callable[[str], None]) -> Iterator[None]:
    """Hold the write lock of the index during the block.

    Waits for another build, after one call of `announce` that names it. Raises IndexNotWritable.
    """
    try:
        descriptor = os.open(index_path / LOCK, os.O_RDWR | os.O_CREAT | _UNLINKED, 0o644)
    except OSError as error:
        raise IndexNotWritable(path=index_path / LOCK, cause=error.strerror or str(error)) from error
    try:
        told = False
        while not _locked(descriptor):
            if not told:
                told = True
                announce(f"waiting for another build of {index_path} ({_holder(descriptor)})")
            time.sleep(_PAUSE)
        with suppress(OSError):  # only messages of others name this process
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"process {os.getpid()}, since {datetime.now():%H:%M:%S}".encode())
        yield
    finally:
        os.close(descriptor)


def is_locked(index_path: Path) -> bool:
    """Return whether a process holds the write lock of the index.

    The holder asks as well: it gets False where locks are missing, or do nothing.
    """
    if fcntl is None:
        return False
    try:
        descriptor = os.open(index_path / LOCK, os.O_RDWR | _UNLINKED)
    except OSError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file or folder during the block; other processes and threads wait for it.

    The place itself is locked, so that no lock file is left behind. Raises OSError if it does not exist.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # the file system has no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone_by(lock: Path) -> Iterator[None]:
    """Hold an exclusive lock during the block, on a lock file that is made for it and then removed.

    The file that it protects may be replaced meanwhile. Other processes and threads wait. Where the
    lock file cannot be made, the block runs unprotected.
    """
    if fcntl is None:
        yield
        return
    descriptor = _lock_of(lock)
    try:
        yield
    finally:
        if descriptor is not None:
            with suppress(OSError):  # before the lock ends: another file of the name has a holder
                lock.unlink()
            os.close(descriptor)


def _lock_of(lock: Path) -> int | None:
    """Return a descriptor with the lock, of the file that has this name; None where it cannot be made."""
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | _UNLINKED, 0o600)
        except OSError:
            return None
        with suppress(OSError):  # the file system has no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(descriptor), lock.lstat()):
                return descriptor
        except FileNotFoundError:  # an earlier holder has removed it
            pass
        except OSError:
            os.close(descriptor)
            return None
        os.close(descriptor)


def lease(manifest: Path) -> mmap.mmap | None:
    """Take a lease on the generation of this manifest; it ends with the returned mapping.

    Returns None where the file system has no locks. Raises FileNotFoundError if the generation is removed, or
    about to be, or its manifest is empty.
    """
    descriptor = os.open(manifest, os.O_RDONLY | _UNLINKED)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileNotFoundError(f"{manifest} is not a regular file")
        if fcntl is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FileNotFoundError(f"{manifest} is being removed") from None
            except OSError:
                return None
        if not os.path.samestat(os.fstat(descriptor), manifest.stat()):
            raise FileNotFoundError(f"{manifest} was removed")
        # The mapping keeps the file open, and with it the lock, for as long as it exists.
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise FileNotFoundError(f"{manifest} is empty") from None
    finally:
        os.close(descriptor)


@contextmanager
def unread(manifest: Path) -> Iterator[bool]:
    """Yield whether no lease is held on the generation of this manifest; block new ones meanwhile.

    Without lock support, leases are not known here; see `files.remove_unless_open`.
    """
    if fcntl is None:  # an open descriptor would be taken for a lease
        yield True
        return
    try:
        descriptor = os.open(manifest, os.O_RDONLY | _UNLINKED)
    except OSError:
        yield True
        return
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Try to take the exclusive lock; return True as well if the file system has no locks."""
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


def _holder(descriptor: int) -> str:
    with suppress(OSError):
        return os.read(descriptor, 100).decode("utf-8", "replace") or "just begun"
    return "unknown"
