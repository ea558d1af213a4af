"""Every format of XML gives what its records say."""

from __future__ import annotations

from pathlib import Path

import pytest

from papersearch.ingest.reading import Ingest, ingest
from tests.ingest.formats.xml.samples import SAMPLES


def read(tmp_path: Path, text: str | bytes) -> Ingest:
    """Ingest one file."""
    (tmp_path / "download").write_bytes(text if isinstance(text, bytes) else text.encode())
    return ingest([tmp_path])


@pytest.mark.parametrize("source", SAMPLES)
def test_a_record_gives_what_it_says(tmp_path: Path, source: str) -> None:
    """A record in its source's documented form gives all that the index can keep, and no finding."""
    text, expected = SAMPLES[source]
    found = read(tmp_path, text)
    (paper,) = found.papers
    assert {name: getattr(paper, name) for name in expected} == expected
    assert found.findings == ()
