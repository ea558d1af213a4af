"""Locks and leases: two builds at once, and removal beside readers."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.errors import IndexNotWritable
from papersearch.index import locking
from papersearch.index.locking import LOCK, writing
from tests.conftest import wait_until
from tests.faults.disk_calls import failing, observed
from tests.growing import add


def test_a_second_build_waits_and_says_for_whom(small_corpus: Path, small_index: Path, build: Any) -> None:
    """While another process builds, a build waits, names it, and then goes on."""
    add(small_corpus, "new.txt", "quantum annealing")
    told: list[str] = []
    done: list[papersearch.BuildReport] = []
    with writing(small_index, told.append):
        waiting = threading.Thread(target=lambda: done.append(build(announce=told.append)))
        waiting.start()
        wait_until(lambda: bool(told), "a second build does not say that it waits")
        assert done == []
    waiting.join()
    assert told == [f"waiting for another build of {small_index} ({told[0].split('(')[1]}"]
    assert f"process {os.getpid()}, since" in told[0]
    assert done[0].n_papers == 5


def test_the_lock_dies_with_its_process(small_index: Path, build: Any) -> None:
    """The lock file of a killed build does not block the next build."""
    (small_index / LOCK).write_text("process 1, since 00:00:00")
    assert build(full=True).outcome == "published"


def test_a_full_disk_does_not_end_who_holds_the_lock(tmp_path: Path) -> None:
    """The name of the holder may not fit on the disk; the lock is held all the same."""
    with observed(tmp_path, failing(2, errno.ENOSPC)), writing(tmp_path, print):
        assert locking.is_locked(tmp_path)
    assert (tmp_path / LOCK).read_bytes() == b""


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_lies_in_the_place_of_a_lock(tmp_path: Path, kind: str) -> None:
    """A link or a pipe in the place of the lock is neither followed nor waited for."""
    other = tmp_path / "other"
    other.write_bytes(b"other")
    if kind == "link":
        (tmp_path / LOCK).symlink_to(other)
    else:
        os.mkfifo(tmp_path / LOCK)
    assert not locking.is_locked(tmp_path)
    with suppress(IndexNotWritable), writing(tmp_path, print):
        assert kind == "pipe"
    with locking.alone_by(tmp_path / LOCK):
        assert other.read_bytes() == b"other"


@pytest.mark.parametrize("fault", ["no module", "no locks"])
def test_without_locks(
    small_corpus: Path, small_index: Path, build: Any, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Without locks in the system or file system, builds and readers work."""

    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    if fault == "no module":
        monkeypatch.setattr(locking, "fcntl", None)
    else:
        monkeypatch.setattr(locking.fcntl, "flock", refuse)
    add(small_corpus, "new.txt", "quantum annealing")
    assert build().outcome == "published"
    assert len(papersearch.open(small_index)) == 5


def test_what_is_being_removed_cannot_be_held(small_index: Path) -> None:
    """A generation has either readers or a process that removes it.

    A removed generation cannot be leased.
    """
    [manifest] = small_index.glob("generation-*/manifest.json")
    with locking.unread(manifest) as is_free:
        assert is_free
        with pytest.raises(FileNotFoundError):
            locking.lease(manifest)
    held = locking.lease(manifest)
    with locking.unread(manifest) as is_free:
        assert not is_free
    del held
    with locking.unread(manifest.with_name("gone")) as is_free:
        assert is_free
