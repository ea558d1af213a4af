"""Lines of any length, read in bounded memory."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from papersearch.ingest.lines import MAX_LINE_BYTES, read_lines
from papersearch.ingest.reading import ingest
from tests.conftest import page
from tests.growing import A, B
from tests.memory import with_peak


def test_a_line_of_50_megabytes(tmp_path: Path) -> None:
    """A very long line loses no papers beside it, and needs less memory than its size."""
    with (tmp_path / "page.txt").open("wb") as file:
        file.write(page([A]).encode() + b"\n")
        for _ in range(50):
            file.write(b"x" * 1_000_000)
        file.write(f"\n\n{B[0]}\n\n{B[1]}\n".encode())
    found, peak = with_peak(lambda: ingest([tmp_path]))
    assert [paper.title for paper in found.papers] == [A[0], B[0]]
    assert [(finding.kind, finding.line) for finding in found.findings] == [("line too long", 15)]
    assert peak < 5_000_000


@pytest.mark.parametrize("excess", [-1, 0, 1, 2])
def test_the_last_line_without_its_end(excess: int) -> None:
    """The limit is as exact for a last line without a line feed: it has its text, or a fault."""
    (line,) = read_lines(io.BytesIO(b"x" * (20 + excess)), 20)
    assert (len(line.text), line.fault is not None) == ((20 + excess, False) if excess <= 0 else (0, True))


@pytest.mark.parametrize("excess", [-1, 0, 1, 2])
def test_the_longest_line(tmp_path: Path, excess: int) -> None:
    """The limit is exact, and the line after a long one keeps its number and text."""
    path = tmp_path / "lines.txt"
    path.write_bytes(b"x" * (MAX_LINE_BYTES + excess) + b"\nnext\n")
    with path.open("rb") as stream:
        first, second = read_lines(stream)
    assert (first.fault is not None) == (excess > 0)
    assert len(first.text) == (0 if excess > 0 else MAX_LINE_BYTES + excess)
    assert second == (2, "next", None)
