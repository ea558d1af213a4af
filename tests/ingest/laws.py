"""What must hold of the reading of any file, however hostile: tests and the fuzzer assert it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson

from papersearch.ingest.finding_bounds import MOST_OF_A_KIND
from papersearch.ingest.reading import Ingest, ingest
from papersearch.ingest.record import MAX_TEXT_LENGTH, MAX_TITLE_LENGTH
from papersearch.text.cleaning import clean_text

_MOST_LINES = 1 << 40


def read_lawfully(path: Path, *, is_packed: bool = False) -> Ingest:
    """Read one file as the product does, and assert what holds of every file.

    is_packed: it may be compressed or an archive, so that it has other lines than its bytes, and members
    """
    found = ingest([path])
    content = path.read_bytes()
    n_lines = _MOST_LINES if is_packed else content.count(b"\n") + content.count(b"\r") + 1
    assert is_packed or len(found.dumps) + len(found.skipped) == 1
    assert is_packed or found.findings or not found.skipped
    of_kinds = Counter(finding.kind for finding in found.findings)
    assert max(of_kinds.values(), default=0) <= MOST_OF_A_KIND + 1, of_kinds
    for finding in found.findings:
        assert finding.file == path.name or (is_packed and finding.file.startswith(f"{path.name}/"))
        assert len(finding.detail) < 10_000, finding.detail[:200]
        assert finding.line is None or 1 <= finding.line <= n_lines + 1, finding
    for paper in found.papers:
        assert paper.title or paper.abstract
        assert len(paper.title) <= MAX_TITLE_LENGTH
        assert len(paper.abstract) <= 2 * MAX_TEXT_LENGTH
        assert len(set(paper.provenance)) <= n_lines
        for text in (paper.title, paper.abstract, *paper.authors, *paper.categories):
            assert text.isprintable() or clean_text(text) == text, text[:200]
        for place in paper.provenance:
            assert 1 <= place.first_line <= place.last_line <= n_lines + 1
        orjson.dumps(paper.title + paper.abstract + "".join(paper.authors))  # no lone surrogates
    return found
