"""Locks and leases: two builds at once, and removal beside readers."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.index import locking
from papersearch.index.locking import LOCK, writing
from tests.conftest import wait_until
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
