"""The journal: encodings of an interrupted build, used by the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from papersearch.index.journal import FOLDER as JOURNAL
from tests.growing import add, answers, leftovers


class Interrupted:
    """A progress callback that raises KeyboardInterrupt after some encodings."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, step: str, done: int, total: int) -> None:
        if step == "encoding" and done == self.after:
            raise KeyboardInterrupt


def test_an_interrupted_build_loses_nothing(small_corpus: Path, small_index: Path, build: Any) -> None:
    """After an interrupt the old index answers, and the next build uses the finished encodings."""
    before = answers(small_index)
    add(small_corpus, "new.txt", *(f"topic {n}" for n in range(10)))
    with pytest.raises(KeyboardInterrupt):
        build(progress=Interrupted(7))
    assert answers(small_index) == before
    report = build()
    assert (report.n_encoded, report.n_papers) == (3, 14)
    assert leftovers(small_index) == []


def test_a_torn_journal_is_passed_over(small_corpus: Path, small_index: Path, build: Any) -> None:
    """A damaged journal loses only its encodings."""
    add(small_corpus, "new.txt", *(f"topic {n}" for n in range(6)))
    with pytest.raises(KeyboardInterrupt):
        build(progress=Interrupted(5))
    (part,) = (small_index / JOURNAL).glob("*.npz")
    part.write_bytes(part.read_bytes()[:-50])
    (small_index / JOURNAL / "stranger").write_text("?")
    assert build().n_encoded == 6
    assert leftovers(small_index) == []
