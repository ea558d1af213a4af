"""Two builds at once: one waits, and says for whom."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import papersearch
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
    """A lock file that a killed build left holds nobody."""
    (small_index / LOCK).write_text("process 1, since 00:00:00")
    assert build(full=True).outcome == "published"
