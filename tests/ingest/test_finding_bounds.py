"""The bound of findings about one file."""

from __future__ import annotations

from pathlib import Path

from papersearch.ingest.reading import ingest


def test_findings_are_bounded(tmp_path: Path) -> None:
    """Of a fault in every record of a file, the first 2,000 are named, and the others counted."""
    (tmp_path / "a.ris").write_text("TY  - JOUR\nER  - \n" * 2345, encoding="ascii")
    (tmp_path / "b.ris").write_text("TY  - JOUR\nER  - \n" * 3, encoding="ascii")
    found = [finding for finding in ingest([tmp_path]).findings if finding.kind == "record without text"]
    assert [finding.line for finding in found[:2000]] == list(range(1, 4000, 2))
    assert (found[2000].line, found[2000].detail) == (4001, "345 more from here on")
    assert [finding.file for finding in found[2001:]] == ["b.ris"] * 3
