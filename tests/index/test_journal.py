"""The journal: encodings of an interrupted build, used by the next one."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.dense.encoding import TextEncoding
from papersearch.index.journal import FOLDER as JOURNAL
from papersearch.index.journal import Journal
from tests.conftest import command_environment
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


def test_a_killed_build_loses_no_finished_encoding(
    small_corpus: Path, small_index: Path, small_model: Path, build: Any
) -> None:
    """A build that is killed without notice leaves every encoding that it has reported."""
    add(small_corpus, "new.txt", *(f"topic {n}" for n in range(10)))
    script = (
        "import os, signal, sys, papersearch\n"
        "def progress(step, done, total):\n"
        "    if step == 'encoding' and done == 7: os.kill(os.getpid(), signal.SIGKILL)\n"
        "papersearch.build(sys.argv[1], sys.argv[2], model=sys.argv[3], progress=progress)"
    )
    command = [sys.executable, "-c", script, str(small_corpus), str(small_index), str(small_model)]
    killed = subprocess.run(command, env=command_environment(), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert build().n_encoded == 3
    assert leftovers(small_index) == []


@pytest.mark.parametrize(("place", "n_lost"), [("end", 1), ("middle", 3), ("beginning", 5)])
def test_damage_costs_what_follows_it(
    small_corpus: Path, small_index: Path, build: Any, place: str, n_lost: int
) -> None:
    """A journal that is cut or damaged keeps the encodings before the damage."""
    add(small_corpus, "new.txt", *(f"topic {n}" for n in range(6)))
    with pytest.raises(KeyboardInterrupt):
        build(progress=Interrupted(5))
    (part,) = (small_index / JOURNAL).glob("*.frames")
    content = bytearray(part.read_bytes())
    if place == "end":
        del content[-50:]
    else:
        content[len(content) // 2 if place == "middle" else 3] ^= 1
    part.write_bytes(content)
    (small_index / JOURNAL / "stranger").write_text("?")
    assert build().n_encoded == 1 + n_lost
    assert leftovers(small_index) == []


def encoding_of(number: int, n_pieces: int, dimensions: int = 8) -> TextEncoding:
    drawn = np.random.default_rng(number)
    return TextEncoding(
        drawn.standard_normal(dimensions).astype(np.float32),
        drawn.integers(0, 1000, n_pieces).astype(np.uint32),
        drawn.integers(0, 1000, n_pieces).astype(np.uint32),
        drawn.integers(-127, 128, (n_pieces, 4)).astype(np.int8),
    )


def equal(one: TextEncoding, other: TextEncoding) -> bool:
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@given(st.lists(st.integers(0, 6), max_size=8), st.integers(0, 2000), st.integers(0, 255))
def test_every_damage_is_found(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], at: int, byte: int
) -> None:
    """An encoding that is read from a damaged journal is the one that was added, at any changed byte."""
    index_path = tmp_path_factory.mktemp("index")
    written = {bytes([number]) * 32: encoding_of(number, size) for number, size in enumerate(sizes)}
    with closing(Journal(index_path, "a" * 64)) as journal:
        journal.load()
        for digest, encoding in written.items():
            journal.add(digest, encoding)
        assert dict.keys(written) == set(journal)
        assert all(equal(journal[digest], encoding) for digest, encoding in written.items())
    for path in (index_path / JOURNAL).glob("*"):
        content = bytearray(path.read_bytes())
        content[at % len(content)] = byte
        path.write_bytes(content)
    with closing(Journal(index_path, "a" * 64)) as journal:
        journal.load()
        assert all(equal(journal[digest], written[digest]) for digest in journal)
        missing = next(iter(written.keys() - set(journal)), None)
        if missing is not None:
            journal.add(missing, written[missing])
            assert equal(journal[missing], written[missing])
    with closing(Journal(index_path, "b" * 64)) as journal:
        journal.load()
        assert len(journal) == 0


def test_a_full_disk_costs_memory_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encodings that cannot be written are kept in memory, and those before them on disk."""
    first, second, third = (encoding_of(number, 3) for number in range(3))
    with closing(Journal(tmp_path, "a" * 64)) as journal:
        journal.load()
        journal.add(b"1" * 32, first)

        class Full:
            """A file on a full disk, which takes half of what is written."""

            def __init__(self, file: Any) -> None:
                self._file = file

            def write(self, content: bytes) -> int:
                return int(self._file.write(content[: len(content) // 2]))

            def __getattr__(self, name: str) -> Any:
                return getattr(self._file, name)

        monkeypatch.setattr(journal, "_file", Full(journal._file))
        journal.add(b"2" * 32, second)
        assert equal(journal[b"1" * 32], first)
        assert equal(journal[b"2" * 32], second)
        monkeypatch.undo()
        journal.add(b"3" * 32, third)
        assert len(journal) == 3
    with closing(Journal(tmp_path, "a" * 64)) as journal:
        journal.load()
        assert set(journal) == {b"1" * 32, b"3" * 32}
        assert equal(journal[b"3" * 32], third)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 99) | st.just((1 << 32) - 1))
def test_content_that_contradicts_its_head(
    tmp_path_factory: pytest.TempPathFactory, dimensions: int, n_pieces: int, width: int, n_bytes: int
) -> None:
    """A frame with the right checksum is kept if its arrays have the sizes that its head says, else it ends all."""
    index_path = tmp_path_factory.mktemp("index")
    with closing(Journal(index_path, "a" * 64)) as journal:
        journal.load()
        journal.add(b"1" * 32, encoding_of(1, 3))
    [path] = (index_path / JOURNAL).glob("*")
    head = b"2" * 32 + struct.pack("<III", dimensions, n_pieces if n_bytes < 100 else n_bytes, width)
    content = head + bytes(n_bytes % 100)
    frame = struct.pack("<8sQI", b"encoding", len(content), zlib.crc32(content)) + content
    path.write_bytes(path.read_bytes() + frame)
    with closing(Journal(index_path, "a" * 64)) as journal:
        journal.load()
        fits = n_bytes == 4 * dimensions + 8 * n_pieces + n_pieces * width
        assert set(journal) == ({b"1" * 32, b"2" * 32} if fits else {b"1" * 32})
        assert equal(journal[b"1" * 32], encoding_of(1, 3))
        assert not fits or journal[b"2" * 32].piece_vectors.shape == (n_pieces, width)
