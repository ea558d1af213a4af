"""Dumps to papers: find the files, tell their format, read them, merge what is the same.

Nothing is dropped in silence: whatever does not become part of a paper is a `Finding`.
A new dump format is one more module beside `daily_papers` and `records`, and one more line
in `_FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from papersearch.checksums import sha256_of_file
from papersearch.ingest.appearance import Appearance
from papersearch.ingest.corpus_files import corpus_files
from papersearch.ingest.formats import daily_papers, json_records
from papersearch.ingest.lines import Line, read_lines
from papersearch.ingest.merging import merge
from papersearch.ingest.streams import Unreadable, open_stream, probe
from papersearch.types import DumpFile, Finding, Paper, SkippedFile

_Report: TypeAlias = Callable[[Finding], None]
_Reader: TypeAlias = Callable[[str, bytes, IO[bytes], _Report], Iterator[Appearance]]


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
        head = probe(path)
        read = None if isinstance(head, str) else _reader(head)
        if read is None or isinstance(head, str):
            findings.append(Finding(kind="file skipped", file=name, line=None, detail=_why_not(head)))
            skipped.append(_describe_skipped(name, path))
            continue
        before = len(appearances)
        try:
            with open_stream(path) as stream:
                for appearance in read(name, head, stream, findings.append):
                    appearances.append(appearance)  # noqa: PERF402  # what came before a fault is kept
        except Unreadable as error:
            findings.append(
                Finding(kind="file damaged", file=name, line=None, detail=f"{error}; what came before is kept")
            )
        dumps.append(_describe(name, path, len(appearances) - before))
    papers, merge_findings = merge(appearances)
    return Ingest(tuple(papers), tuple(dumps), tuple(skipped), tuple(findings + merge_findings))


def is_dump(path: Path) -> bool:
    """Whether the file is of a format that `ingest` reads."""
    head = probe(path)
    return not isinstance(head, str) and _reader(head) is not None


def _read_daily_papers(dump: str, head: bytes, stream: IO[bytes], report: _Report) -> Iterator[Appearance]:
    failure: list[Unreadable] = []

    def lines() -> Iterator[Line]:
        try:
            yield from read_lines(stream)
        except Unreadable as error:  # the page is read as far as it goes
            failure.append(error)

    found, findings = daily_papers.parse(dump, lines())
    for finding in findings:
        report(finding)
    yield from found
    for error in failure:
        raise error


def _is_daily_papers(head: bytes) -> bool:
    return daily_papers.is_daily_papers(head.decode("utf-8", "replace").splitlines())


_FORMATS: tuple[tuple[Callable[[bytes], bool], _Reader], ...] = (
    (_is_daily_papers, _read_daily_papers),
    (json_records.is_records, json_records.read),
)


def _reader(head: bytes) -> _Reader | None:
    """What reads a file that begins with these bytes."""
    return next((read for matches, read in _FORMATS if matches(head)), None)


def _why_not(head: bytes | str) -> str:
    """Why a file is no dump: what `probe` said, or that nothing known begins so."""
    if isinstance(head, str):
        return head
    if b"\0" in head:  # in a dump of a known format it costs no more than its line
        return "binary file"
    return "not a dump of a known format" if head.strip() else "empty file"


def _describe(name: str, path: Path, n_appearances: int) -> DumpFile:
    digest = sha256_of_file(path)
    status = path.stat()
    return DumpFile(
        name=name,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        sha256=digest,
        n_appearances=n_appearances,
    )


def _describe_skipped(name: str, path: Path) -> SkippedFile:
    try:
        status = path.lstat()
    except OSError:  # gone since it was listed
        return SkippedFile(name=name, size=0, mtime_ns=0)
    return SkippedFile(name=name, size=status.st_size, mtime_ns=status.st_mtime_ns)
