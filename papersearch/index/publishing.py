"""The publications of a build: words first, parts while papers are encoded, the complete generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersearch.errors import NothingToIndex
from papersearch.index import previous
from papersearch.index.first_seen import first_seen
from papersearch.index.generation import Generation
from papersearch.index.generations import next_generation, next_part, publish
from papersearch.index.layout import FORMAT_VERSION, generation_folder
from papersearch.index.locking import is_locked
from papersearch.index.manifest import Manifest
from papersearch.index.meaning import WORDS_FIRST, Meaning
from papersearch.index.report import BuildReport, Outcome
from papersearch.index.words import KeptWords, NewWords, Words, everything_kept, relative
from papersearch.ingest.reading import Ingest, ingest
from papersearch.text.amounts import amount
from papersearch.text.analysis import analysis_name
from papersearch.text.paper_text import Texts
from papersearch.types import Changes
from papersearch.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from papersearch.dense.encoding import EncodedCorpus
    from papersearch.index.build_request import BuildRequest
    from papersearch.index.files import Content, FileRecord
    from papersearch.ingest.corpus_files import Corpus
    from papersearch.types import DumpFile, Finding, Paper


@dataclass(frozen=True, slots=True)
class Source:
    """What a build publishes, apart from encodings.

    words: the files that no encoding changes
    generation: the number of the generation
    n_appearances, dumps, findings, n_left_out: as they will be reported
    """

    words: Words
    generation: int
    papers: Sequence[Paper]
    changes: Changes
    n_appearances: int
    dumps: tuple[DumpFile, ...]
    findings: tuple[Finding, ...]
    n_left_out: int


def read(request: BuildRequest, before: Generation | None) -> Source:
    """Read the dumps. A build of the same papers as an unfinished generation goes on with its number."""
    request.progress("reading dumps", 0, 0)
    with everything_kept():
        read = ingest(request.places, abstracts_only=request.leaves_out(before), reading=request.reading)
    if not read.papers:
        raise nothing_to_index(read.findings, read.n_left_out, request.named)
    return source_of(request, read, before)


def source_of(request: BuildRequest, read: Ingest, before: Generation | None) -> Source:
    """Return what was read as a source; it has papers."""
    with everything_kept():
        changes = previous.compare(before, read.papers)
    generation = next_generation(request.index_path)
    is_same = not (changes.added or changes.changed or changes.removed)
    languages = request.languages_after(before)
    if before is not None and is_same and not request.full and _is_unfinished(before, languages):
        generation = _continued(before)
    corpus = _relative(request.corpus, request.index_path)
    return Source(
        words=NewWords(
            read,
            before,
            languages,
            generation,
            first_seen([request.index_path, *request.known_from], [paper.paper_id for paper in read.papers]),
            {"corpus": corpus, "abstracts_only": request.leaves_out(before)},
            lambda done, total: request.progress("analysing", done, total),
        ),
        generation=generation,
        papers=read.papers,
        changes=changes,
        n_appearances=read.n_appearances,
        dumps=read.dumps,
        findings=read.findings,
        n_left_out=read.n_left_out,
    )


def _relative(corpus: Corpus | None, index_path: Path) -> str | dict[str, str] | None:
    """Return a corpus as the manifest has it: relative to the index, as far as that is possible."""
    if corpus is None or not isinstance(corpus, Mapping):
        return None if corpus is None else relative(corpus, index_path)
    return {name: relative(folder, index_path) or str(folder.resolve()) for name, folder in corpus.items()}


def _is_unfinished(before: Generation, languages: Sequence[str]) -> bool:
    """Tell whether a generation gets more parts, all of which have one format and one analysis."""
    manifest = before.manifest
    is_alike = manifest.format_version == FORMAT_VERSION and manifest.lexical.analyzer == analysis_name(languages)
    return manifest.is_partial and is_alike


def _continued(before: Generation) -> int:
    """Return the number under which a build goes on with an unfinished generation: its own, or the next.

    Without locks a complete generation of that number may be another build's, and is not replaced.
    """
    index_path, number = before.index_path, before.manifest.generation
    is_free = is_locked(index_path) or not (index_path / generation_folder(number)).exists()
    return number if is_free else next_generation(index_path)


def unfinished(before: Generation) -> Source | None:
    """Return an unfinished generation as a source, without reading a dump; None if it is damaged."""
    words, manifest = KeptWords(before), before.manifest
    if not words.are_intact():
        return None
    return Source(
        words=words,
        generation=_continued(before),
        papers=list(previous.papers_of(before)),
        changes=Changes(added=(), changed=(), removed=()),
        n_appearances=manifest.n_appearances,
        dumps=manifest.dumps,
        findings=before.findings(),
        n_left_out=manifest.n_left_out,
    )


def open_meaning(request: BuildRequest, source: Source, before: Generation | None) -> Meaning:
    """Open the encodings of a source, known ones and those to make."""
    with_late = request.keeps_late(len(source.papers))
    if request.encoder is None:  # what is there stays as it is
        with_late = before is not None and before.manifest.late is not None
    return Meaning(
        Texts(source.papers),
        request.encoder,
        [request.index_path, *request.known_from],
        before,
        with_late=with_late,
        full=request.full and request.encoder is not None,
        progress=request.progress,
        announce=request.announce,
    )


class Publishing:
    """The publications of one build."""

    def __init__(self, request: BuildRequest, source: Source, meaning: Meaning) -> None:
        self._request = request
        self._source = source
        self._meaning = meaning
        self._words = source.words

    def run(self, before: Generation | None, *, at_once: bool = False) -> BuildReport:
        """Publish words, milestones and the complete generation, and report.

        at_once: publish the complete generation alone; an interrupted build goes on from its journal
        """
        meaning, source = self._meaning, self._source
        if self._request.encoder is None:
            return report("published", self.publish(), source, 0)
        loses_nothing = not at_once and meaning.loses_nothing(before)
        if loses_nothing and meaning.n_missing() >= WORDS_FIRST and not isinstance(self._words, KeptWords):
            self.publish()
            n_papers, n_missing = len(source.papers), meaning.n_missing()
            self._request.announce(f"{n_papers:,} papers can be searched by words; {n_missing:,} texts to encode")
        n_encoded = meaning.encode(self.publish if loses_nothing else lambda: None)
        manifest = self.publish()
        meaning.discard_journal()
        return report("published", manifest, source, n_encoded)

    def publish(self) -> Manifest:
        """Publish what is encoded; later publications keep the files of this one."""
        request, encoded = self._request, self._meaning.corpus()
        manifest = publish(
            request.index_path, self._files(encoded), lambda records: self._manifest(encoded, records)
        )
        self._words = KeptWords(Generation(request.index_path, manifest, None))
        return manifest

    def _files(self, encoded: EncodedCorpus) -> Iterator[tuple[str, Content]]:
        yield from self._words.files()
        self._request.progress("publishing", 0, 0)
        yield from self._meaning.files(encoded)

    def _manifest(self, encoded: EncodedCorpus, records: dict[str, FileRecord]) -> Manifest:
        """Make the manifest, after `_files` has yielded every file; `records`: by file name."""
        is_partial = encoded.n_encoded < len(encoded.is_encoded)
        generation = self._source.generation
        return Manifest(
            format_version=FORMAT_VERSION,
            generation=generation,
            part=next_part(self._request.index_path, generation) if is_partial else 0,
            written_by=f"papersearch {__version__}",
            files=records,
            **self._words.fields(),
            **self._meaning.fields(encoded),
        )


def report(outcome: Outcome, manifest: Manifest | None, source: Source, n_encoded: int) -> BuildReport:
    """Return the report of a build that read its dumps or went on with a generation."""
    return BuildReport(
        outcome=outcome,
        manifest=manifest,
        changes=source.changes,
        n_papers=len(source.papers),
        n_appearances=source.n_appearances,
        dumps=source.dumps,
        n_encoded=n_encoded,
        findings=source.findings,
        n_left_out=source.n_left_out,
    )


def nothing_to_index(findings: Iterable[Finding], n: int, places: Sequence[Path]) -> NothingToIndex:
    """Return the error of a build without papers; `n` of them were left out for want of an abstract."""
    left_out = f"{amount(n, 'paper')} without abstract left out"
    reasons = (
        f"{finding.file}{f':{finding.line}' if finding.line else ''}: {finding.kind} ({finding.detail})"
        for finding in findings
    )
    return NothingToIndex(
        places=tuple(places),
        reasons=(*((left_out,) if n else ()), *reasons),
        n_left_out=n,
    )
