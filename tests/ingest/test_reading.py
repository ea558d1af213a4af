"""A corpus with faults: readable papers are indexed, and the rest is reported."""

from __future__ import annotations

import errno
import gzip
import json
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.errors import CorpusError, IndexMissing
from papersearch.ingest.reading import ingest
from tests.conftest import PATIENCE_S, page
from tests.growing import A, B


def write_nothing(folder: Path) -> None:
    pass


def write_binary(folder: Path) -> None:
    (folder / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")


def write_readme(folder: Path) -> None:
    (folder / "README.md").write_text("# Notes\n")


def write_half_title(folder: Path) -> None:
    (folder / "page.txt").write_text(page([]) + "\nOn be")


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (write_nothing, "no dumps"),
        (write_binary, "photo.txt: file skipped (an image, which is not read: no text can be read from it)"),
        (write_readme, "no dumps"),
        (write_half_title, "page.txt:11: title without abstract (On be)"),
    ],
)
def test_nothing_to_index(tmp_path: Path, prepare: Callable[[Path], None], told: str) -> None:
    """A corpus without any paper is an error that lists the findings, and no index is built."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    prepare(corpus)
    with pytest.raises(CorpusError) as caught:
        papersearch.build(corpus, tmp_path / "index")
    assert told in caught.value.message
    with pytest.raises(IndexMissing):
        papersearch.open(tmp_path / "index")


def test_missing_corpus(tmp_path: Path) -> None:
    """A corpus that does not exist is an error, not an empty index."""
    with pytest.raises(CorpusError, match="no such file or folder"):
        papersearch.build(tmp_path / "nowhere", tmp_path / "index")


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    """A line with a bad byte is reported with its number, and its paper is indexed."""
    text = page([A, B]).encode().replace(b"about apples", b"about \xff apples", 1)
    (tmp_path / "page.txt").write_bytes(text)
    found = ingest([tmp_path])
    assert [paper.title for paper in found.papers] == [A[0], B[0]]
    assert "about \N{REPLACEMENT CHARACTER} apples" in found.papers[0].abstract
    assert [(finding.kind, finding.line) for finding in found.findings] == [("bytes not UTF-8", 13)]


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe, a loop of links and a dangling link are reported and skipped, without blocking."""
    (tmp_path / "page.txt").write_text(page([A]))
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    found: list[Any] = []
    reader = threading.Thread(target=lambda: found.append(ingest([tmp_path])), daemon=True)
    reader.start()
    reader.join(PATIENCE_S)
    assert [paper.title for paper in found[0].papers] == [A[0]]
    assert {finding.file: finding.kind for finding in found[0].findings} == {
        "pipe.txt": "file skipped",
        "loop.txt": "file skipped",
        "gone.txt": "file skipped",
        "again": "folder skipped",
    }
    assert {file.name for file in found[0].skipped} == {finding.file for finding in found[0].findings}


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be read is reported with the reason, and the others are indexed."""
    (tmp_path / "page.txt").write_text(page([A]))
    (tmp_path / "secret.txt").write_text(page([B]))
    real_open = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith("secret.txt"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    found = ingest([tmp_path])
    assert [paper.title for paper in found.papers] == [A[0]]
    assert "Permission denied" in found.findings[0].detail


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_progress_of_a_file(tmp_path: Path, name: str) -> None:
    """A reader is told of each dump, from its first byte towards its size on disk, a few times per megabyte."""
    text = random.Random(1).randbytes(400_000).hex()
    lines = "".join(
        json.dumps({"title": f"On {text[n : n + 40]}", "abstract": text[n : n + 20_000]}) + "\n"
        for n in range(0, len(text), 20_000)
    ).encode()
    content = gzip.compress(lines) if name.endswith(".gz") else lines
    (tmp_path / name).write_bytes(content)
    (tmp_path / "b.jsonl").write_text('{"title": "On Owls", "abstract": "Owls sleep."}\n')
    told: list[tuple[str, int, int]] = []
    ingest([tmp_path], reading=lambda *words: told.append(words))
    of_it = [done for dump, done, total in told if (dump, total) == (name, len(content))]
    assert of_it == sorted(of_it)
    assert of_it[0] == 0
    assert len(content) // 2 < of_it[-1] <= len(content)
    assert 3 <= len(of_it) <= 5
    assert told[len(of_it) :] == [("b.jsonl", 0, (tmp_path / "b.jsonl").stat().st_size)]
