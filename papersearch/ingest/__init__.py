"""Dumps to papers: find the files, tell their format, read them, merge what is the same.

Nothing is dropped in silence: whatever does not become part of a paper is a `Finding`.
A new dump format is one more module beside `daily_papers` and one more line in `_FORMATS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from papersearch.cleaning import clean_text
from papersearch.errors import CorpusError
from papersearch.ingest import daily_papers
from papersearch.ingest.appearance import Appearance
from papersearch.ingest.lines import Line, probe, read_lines
from papersearch.ingest.merging import merge
from papersearch.types import DumpFile, Finding, Paper

__all__ = ["Ingest", "corpus_files", "ingest", "is_dump"]

_Parser = Callable[[str, Iterable[Line]], tuple[list[Appearance], list[Finding]]]

_FORMATS = ((daily_papers.is_daily_papers, daily_papers.parse),)


@dataclass(frozen=True, slots=True)
class Ingest:
    """What came in: papers in order of first appearance, dumps in order of name, findings."""

    papers: tuple[Paper, ...]
    dumps: tuple[DumpFile, ...]
    findings: tuple[Finding, ...]

    @property
    def n_appearances(self) -> int:
        """How often papers appear, repeats over dumps included."""
        return sum(dump.n_appearances for dump in self.dumps)


def corpus_files(places: Iterable[Path]) -> list[tuple[str, Path]]:
    """The files to read, as (name for reports, path), ascending by name.

    A folder gives all files below it that are not hidden; links to folders are not followed.
    Raises CorpusError for a place that does not exist.
    """
    found: dict[str, Path] = {}
    for place in places:
        if place.is_dir():
            for path in sorted(place.rglob("*")):
                name = path.relative_to(place).as_posix()
                hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
                if not hidden and not path.is_dir():
                    found[name] = path
        elif place.exists():
            found[place.name] = place
        else:
            raise CorpusError(f"{place}: no such file or folder", "papersearch index --corpus FOLDER")
    return sorted(found.items())


def ingest(places: Iterable[Path]) -> Ingest:
    """Read every dump at `places` (files or folders) into papers."""
    appearances: list[Appearance] = []
    dumps: list[DumpFile] = []
    findings: list[Finding] = []
    for name, path in corpus_files(places):
        name = clean_text(name)
        reason, parse = _recognise(path)
        if parse is None:
            findings.append(Finding("file skipped", name, None, reason))
            continue
        found, not_understood = parse(name, read_lines(path))
        appearances += found
        findings += not_understood
        dumps.append(_describe(name, path, len(found)))
    papers, merge_findings = merge(appearances)
    return Ingest(tuple(papers), tuple(dumps), tuple(findings + merge_findings))


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
