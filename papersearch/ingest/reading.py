"""Dumps to papers: find the files, tell their format, read them, merge what is the same.

Nothing is dropped in silence: whatever does not become part of a paper is a `Finding`.
A new dump format is one more module beside `daily_papers` and one more line in `_FORMATS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from papersearch.ingest import daily_papers
from papersearch.ingest.appearance import Appearance
from papersearch.ingest.files import corpus_files
from papersearch.ingest.lines import Line, probe, read_lines
from papersearch.ingest.merging import merge
from papersearch.types import DumpFile, Finding, Paper, SkippedFile

_Parser = Callable[[str, Iterable[Line]], tuple[list[Appearance], list[Finding]]]

_FORMATS = ((daily_papers.is_daily_papers, daily_papers.parse),)


@dataclass(frozen=True, slots=True)
class Ingest:
    """What came in: papers in order of first appearance, dumps in order of name, findings."""

    papers: tuple[Paper, ...]
    dumps: tuple[DumpFile, ...]
    skipped: tuple[SkippedFile, ...]
    findings: tuple[Finding, ...]

    @property
    def n_appearances(self) -> int:
        """How often papers appear, repeats over dumps included."""
        return sum(dump.n_appearances for dump in self.dumps)


def ingest(places: Iterable[Path]) -> Ingest:
    """Read every dump at `places` (files or folders) into papers."""
    appearances: list[Appearance] = []
    dumps: list[DumpFile] = []
    skipped: list[SkippedFile] = []
    findings: list[Finding] = []
    for name, path in corpus_files(places):
        reason, parse = _recognise(path)
        if parse is None:
            findings.append(Finding("file skipped", name, None, reason))
            skipped.append(_describe_skipped(name, path))
            continue
        found, not_understood = parse(name, read_lines(path))
        appearances += found
        findings += not_understood
        dumps.append(_describe(name, path, len(found)))
    papers, merge_findings = merge(appearances)
    return Ingest(tuple(papers), tuple(dumps), tuple(skipped), tuple(findings + merge_findings))


def is_dump(path: Path) -> bool:
    """Whether the file is of a format that `ingest` reads."""
    return _recognise(path)[1] is not None


def _recognise(path: Path) -> tuple[str, _Parser | None]:
    """(why not, None) for a file of no known format, else ("", its parser)."""
    head = probe(path)
    if isinstance(head, str):
        return head, None
    if not head.strip():
        return "empty file", None
    lines = head.decode("utf-8", "replace").splitlines()
    for matches, parse in _FORMATS:
        if matches(lines):
            return "", parse
    return "not a dump of a known format", None


def _describe(name: str, path: Path, n_appearances: int) -> DumpFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    status = path.stat()
    return DumpFile(name, status.st_size, status.st_mtime_ns, digest, n_appearances)


def _describe_skipped(name: str, path: Path) -> SkippedFile:
    try:
        status = path.lstat()
    except OSError:  # gone since it was listed
        return SkippedFile(name, 0, 0)
    return SkippedFile(name, status.st_size, status.st_mtime_ns)
