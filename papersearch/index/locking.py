"""One writer at a time, and readers whose generation stays while they read it.

Both are locks of the operating system, which end with the process that holds them, however
it ends. A writer waits for another; readers wait for nobody. Where the file system has no
locks, builds are as careful as before, and nobody is told.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows, where a mapped file cannot be removed anyway
    fcntl = None  # type: ignore[assignment]  # a module, where there is one

LOCK = ".lock"
_PAUSE = 0.1


@contextmanager
def writing(index_path: Path, announce: Callable[[str], None]) -> Iterator[None]:
    """Be the only build of this index; wait for another one, after `announce` has said whose."""
    descriptor = os.open(index_path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        told = False
        while not _locked(descriptor):
            if not told:
                told = True
                announce(f"waiting for another build of {index_path} ({_holder(descriptor)})")
            time.sleep(_PAUSE)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, since {datetime.now():%H:%M:%S}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def lease(manifest: Path) -> mmap.mmap | None:
    """Hold the generation whose manifest this is: nobody removes it while the mapping lives.

    None where there are no locks. Raises FileNotFoundError when it is gone or going.
    """
    descriptor = os.open(manifest, os.O_RDONLY)
    try:
        if fcntl is None:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileNotFoundError(f"{manifest} is being removed") from None
        except OSError:
            return None
        if not os.path.samestat(os.fstat(descriptor), manifest.stat()):
            raise FileNotFoundError(f"{manifest} was removed")
        # The mapping keeps the open file, and with it the lock, for as long as it lives.
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(descriptor)


@contextmanager
def unread(manifest: Path) -> Iterator[bool]:
    """Whether nobody holds the generation whose manifest this is; nobody will, meanwhile."""
    try:
        descriptor = os.open(manifest, os.O_RDONLY)
    except OSError:
        yield True
        return
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Try to take the lock for writing; true also where there are no locks."""
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
        return os.pread(descriptor, 100, 0).decode("utf-8", "replace") or "just begun"
    return "unknown"
