"""Every source gives what its records say, and says what it does not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from papersearch.ingest.reading import Ingest, ingest
from tests.ingest.formats.json_shapes.samples import SAMPLES


def read(tmp_path: Path, *records: Any) -> Ingest:
    """Ingest JSON lines of these records."""
    (tmp_path / "records.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return ingest([tmp_path])


@pytest.mark.parametrize("source", SAMPLES)
def test_a_record_gives_what_it_says(tmp_path: Path, source: str) -> None:
    """A record in its source's documented form gives all that the index can keep, and no finding."""
    record, expected = SAMPLES[source]
    found = read(tmp_path, record)
    (paper,) = found.papers
    assert {name: getattr(paper, name) for name in expected} == expected
    assert found.findings == ()
