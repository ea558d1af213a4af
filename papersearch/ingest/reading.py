"""Ingest in order: list the files, detect their formats, read them, merge equal papers.

Nothing is dropped silently: everything that does not become part of a paper is a `Finding`. A new
dump format is one more module in `formats/` and one more line in `_FORMATS`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from papersearch.ingest.appearance import Appearance
from papersearch.ingest.archives import is_archive, with_members
from papersearch.ingest.corpus_files import CorpusFile, CorpusListing, corpus_files, is_readme
from papersearch.ingest.finding_bounds import add_few, few_of_each_kind
from papersearch.ingest.formats import (
    arxiv_mail,
    bibtex,
    daily_papers,
    daily_papers_html,
    json_records,
    nbib,
    notes,
    parquet,
    ris,
    tables,
    web_of_science,
    zotero_sqlite,
)
from papersearch.ingest.formats.xml import acl, arxiv_atom, crossref, endnote, jats, oai_pmh, pubmed
from papersearch.ingest.journals import digest, is_journal, size_and_time
from papersearch.ingest.known_kinds import kind_of
from papersearch.ingest.merging import merge
from papersearch.ingest.record import NotADump, admit, complain_about
from papersearch.ingest.streams import Unreadable, open_stream, probe
from papersearch.types import DumpFile, DumpProgress, Finding, Paper, SkippedFile


@dataclass(frozen=True, slots=True)
class Ingest:
    """The result of an ingest: papers by first appearance, dumps by name, skipped files, findings.

    abstracts_only: papers without abstract were left out
    n_left_out: their number
    """

    papers: tuple[Paper, ...]
    dumps: tuple[DumpFile, ...]
    skipped: tuple[SkippedFile, ...]
    findings: tuple[Finding, ...]
    abstracts_only: bool = False
    n_left_out: int = 0

    @property
    def n_appearances(self) -> int:
        """Number of appearances of the papers, repeats over dumps included."""
        return sum(dump.n_appearances for dump in self.dumps)


class DumpsRead(NamedTuple):
    """The contents of files in their order, before appearances are merged.

    skipped, archives: files and folders that gave no paper; archives, whose members were read
    findings, notes_left: what was found in files, and the notes among them that were skipped
    """

    appearances: Sequence[Appearance]
    dumps: tuple[DumpFile, ...]
    skipped: tuple[SkippedFile, ...]
    archives: tuple[SkippedFile, ...]
    findings: tuple[Finding, ...]
    notes_left: tuple[Finding, ...]


def ingest(
    places: Iterable[Path] | Mapping[str, Path],
    *,
    abstracts_only: bool = False,
    reading: DumpProgress = lambda dump, done, total: None,
) -> Ingest:
    """Read every dump at `places` (files or folders, or the folders of collections by name) into papers.

    abstracts_only: leave out papers for which no dump has an abstract
    reading: called for each dump, and again as it is read

    Raises CorpusError for a place that does not exist; faults inside files become findings.
    """
    read = read_dumps(corpus_files(places), reading)
    return ingested(read, *merge(read.appearances), abstracts_only=abstracts_only)


def read_dumps(listing: CorpusListing, reading: DumpProgress = lambda dump, done, total: None) -> DumpsRead:
    """Read the files of a corpus, or of a part of it."""
    appearances: list[Appearance] = []
    dumps: list[DumpFile] = []
    skipped: list[SkippedFile] = []
    findings: list[Finding] = []
    notes_left: list[Finding] = []
    archives: list[CorpusFile] = []
    for folder, why in listing.skipped:
        findings.append(Finding(kind="folder skipped", file=folder, line=None, detail=why))
        skipped.append(SkippedFile(name=folder, size=0, mtime_ns=0))
    for name, path, is_named, archive in with_members(listing.files, findings.append, archives):
        head = probe(path)
        form = None if isinstance(head, str) else _format(head)
        if form is None or isinstance(head, str):
            if is_named or isinstance(head, str) or not (is_readme(Path(name)) or is_journal(path)):
                is_note = not is_named and Path(name).suffix.lower() in _NOTES
                (notes_left if is_note else findings).append(
                    Finding(kind="file skipped", file=name, line=None, detail=_why_not(head))
                )
            skipped += [] if archive else [_describe_skipped(name, path)]
            continue
        before = len(appearances)
        sources: Counter[str] = Counter()
        try:
            if not is_named and (why_not := _unless_named(form, head)):
                raise NotADump(why_not)
            with few_of_each_kind(findings.append) as report, open_stream(path, partial(reading, name)) as stream:
                for record in form.read(stream, head, complain_about(name, report)):
                    appearance = admit(record, name, report)
                    if appearance is not None:
                        appearances.append(appearance)
                        sources[record.source] += 1
        except NotADump as error:
            findings.append(Finding(kind="file skipped", file=name, line=None, detail=str(error)))
            skipped += [] if archive else [_describe_skipped(name, path)]
            continue
        except Unreadable as error:
            findings.append(
                Finding(kind="file damaged", file=name, line=None, detail=f"{error}; what came before is kept")
            )
        dumps.append(_describe(name, archive.path if archive else path, form, sources, appearances[before:]))
    unpacked = [_describe_skipped(name, path) for name, path, _ in archives]
    return DumpsRead(appearances, tuple(dumps), tuple(skipped), tuple(unpacked), tuple(findings), tuple(notes_left))


def ingested(
    read: DumpsRead, papers: Iterable[Paper], merge_findings: Iterable[Finding], *, abstracts_only: bool
) -> Ingest:
    """Return what was read, with the papers that it was merged into."""
    findings = all_findings(read, merge_findings)
    whole = Ingest(
        tuple(papers), with_findings(read.dumps, findings), read.skipped + read.archives, tuple(findings)
    )
    return _with_abstracts(whole) if abstracts_only else whole


def all_findings(read: DumpsRead, merge_findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings about files and those of merging, in the order in which they are kept."""
    findings = [*read.findings, *_in_one(read.notes_left)]
    add_few(findings, merge_findings)
    return findings


def is_dump(path: Path) -> bool:
    """Return whether the file has a format that `ingest` reads."""
    if is_archive(path):
        return True
    head = probe(path)
    if isinstance(head, str):
        return False
    form = _format(head)
    return form is not None and _unless_named(form, head) is None


_FORMATS: tuple[ModuleType, ...] = (
    zotero_sqlite,
    parquet,
    pubmed,
    arxiv_atom,
    oai_pmh,
    endnote,
    acl,
    jats,
    crossref,
    daily_papers_html,
    daily_papers,
    arxiv_mail,
    web_of_science,
    nbib,
    ris,
    notes,
    bibtex,
    json_records,
    tables,
)
"""The formats, from the surest mark to the loosest; each module has NAME, ABOUT, matches and read."""


_NOTES = frozenset({".md", ".markdown"})
"""Suffixes of notes, whose findings are summed up."""


def _format(head: bytes) -> ModuleType | None:
    """Return the format of a file with this head, or None if it is unknown."""
    return next((one for one in _FORMATS if one.matches(head)), None)


def _unless_named(form: ModuleType, head: bytes) -> str | None:
    """Return why a file of this format is read only where it is named itself, or None."""
    return tables.only_if_named(head) if form is tables else None


def _why_not(head: bytes | str) -> str:
    """Return why a file is not a dump: the message of `probe`, its kind, or that the format is unknown."""
    if isinstance(head, str):
        return head
    if not head.strip():
        return "empty file"
    kind = kind_of(head)
    if kind is not None:
        return kind
    if head.startswith(b"---\n"):
        return "a note without the reference of a paper in its front matter"
    if b"\0" in head:  # a dump of a known format may contain one, which costs only its line
        return "binary file"
    return "not a dump of a known format"


def _in_one(notes_left: Sequence[Finding]) -> Sequence[Finding]:
    """Return one finding for all notes that are not papers: a vault has thousands of them."""
    if len(notes_left) < 2:
        return notes_left
    n = len(notes_left) - 1
    detail = f"{notes_left[0].detail}; {n:,} more {'notes' if n > 1 else 'note'} in Markdown skipped"
    return [Finding(kind="file skipped", file=notes_left[0].file, line=None, detail=detail)]


def _format_name(form: ModuleType, sources: Counter[str]) -> str:
    """Return the name of a dump's format: the source of most of its papers, where one gave more than half."""
    source, n = max(sources.items(), key=lambda item: item[1], default=("", 0))
    return source if source and 2 * n > sources.total() else str(form.NAME)


def _describe(
    name: str, path: Path, form: ModuleType, sources: Counter[str], appearances: Sequence[Appearance]
) -> DumpFile:
    """Describe a dump by its file and its papers; its findings are counted when all are known."""
    size, mtime_ns = size_and_time(path)
    sha256 = _digest(path, size, mtime_ns)
    return DumpFile(
        name=name,
        size=size,
        mtime_ns=mtime_ns,
        sha256=sha256,
        format=_format_name(form, sources),
        n_appearances=len(appearances),
        n_without_abstract=sum(not appearance.abstract for appearance in appearances),
        n_left_out=0,
        n_findings=0,
    )


@lru_cache(maxsize=1)
def _digest(path: Path, _size: int, _mtime_ns: int) -> str:
    """Return the digest of a file, which is the same for all members of an archive."""
    return digest(path)


def with_findings(dumps: Iterable[DumpFile], findings: Iterable[Finding]) -> tuple[DumpFile, ...]:
    """Return the dumps with the number of findings in each."""
    counts = Counter(finding.file for finding in findings)
    return tuple(dump.replace(n_findings=counts[dump.name]) for dump in dumps)


def _with_abstracts(read: Ingest) -> Ingest:
    """Leave out the papers without abstract, and count them in each of their dumps.

    An appearance without an abstract counts as one where another dump has the abstract.
    """
    left_out = [paper for paper in read.papers if not paper.abstract]
    dumps = without(read.dumps, Counter(place.dump for paper in left_out for place in paper.provenance))
    papers = tuple(paper for paper in read.papers if paper.abstract)
    return replace(read, papers=papers, dumps=dumps, abstracts_only=True, n_left_out=len(left_out))


def without(dumps: Iterable[DumpFile], left_out: Counter[str]) -> tuple[DumpFile, ...]:
    """Return the dumps without the appearances that are left out, given by the name of their dump."""
    return tuple(
        dump.replace(
            n_appearances=dump.n_appearances - left_out[dump.name],
            n_without_abstract=dump.n_without_abstract - left_out[dump.name],
            n_left_out=left_out[dump.name],
        )
        for dump in dumps
    )


def _describe_skipped(name: str, path: Path) -> SkippedFile:
    try:
        status = path.lstat()
    except OSError:  # removed since it was listed
        return SkippedFile(name=name, size=0, mtime_ns=0)
    return SkippedFile(name=name, size=status.st_size, mtime_ns=status.st_mtime_ns)
