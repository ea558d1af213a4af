"""Building one part of an index, on any machine that has the corpus and the folder of the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson

from papersearch.checksums import sha256_of
from papersearch.dense import models
from papersearch.dense.prefixes import choose_prefixes
from papersearch.errors import IndexForeign
from papersearch.index import files
from papersearch.index.build_request import BuildRequest, Encoder, places_of
from papersearch.index.generations import check_writable, open_before, open_current, read_manifest, write_errors
from papersearch.index.layout import DENSE_FILES, MANIFEST, PARTS, SHARDS, read_description
from papersearch.index.locking import is_locked, writing
from papersearch.index.part_checks import check_files, older, release
from papersearch.index.part_records import (
    FINDINGS,
    PART,
    READ,
    Choices,
    PartRecord,
    cut,
    encode_part,
    fingerprint,
    part_folder,
    read_findings,
    read_part,
)
from papersearch.index.removal import replace_locked
from papersearch.index.report import Outcome, Progress
from papersearch.index.shards import FOLDER as SHARDS_FOLDER
from papersearch.index.string_table import table_files
from papersearch.index.words import everything_kept, relative
from papersearch.ingest.corpus_files import CorpusListing, corpus_files
from papersearch.text.languages import languages_in
from papersearch.text.words import ENGLISH
from papersearch.types import DumpProgress, Finding
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.index.files import Content, FileRecord
    from papersearch.index.generation import Generation
    from papersearch.ingest.reading import DumpsRead


class PartRequest(Value):
    """The arguments of the build of one part, which may be sent to another process.

    places: the corpus folder, or files and folders in its place
    corpus: the corpus folder, if it was not named
    The others are those of `api.build`.
    """

    places: tuple[str, ...]
    corpus: str | None
    index_path: str
    number: int
    n_parts: int
    model: str | None = None
    query_prefix: str | None = None
    paper_prefix: str | None = None
    device: str | None = None
    late: bool | None = None
    abstracts_only: bool = False
    language: str = ENGLISH
    full: bool = False

    @classmethod
    def of(cls, corpus: str | Path | Sequence[str | Path], **fields: Any) -> PartRequest:
        """Make a request of a corpus as `api.build` takes it, and of the other fields."""
        places, folder = places_of(corpus)
        return cls(places=tuple(map(str, places)), corpus=str(folder) if folder else None, **fields)


class PartReport(Value):
    """The outcome of the build of one part.

    n_papers: number of papers of its dumps alone; other parts may have some of them too
    n_encoded: number of texts that the model encoded
    """

    outcome: Outcome
    number: int
    n_parts: int
    n_papers: int
    n_appearances: int
    n_encoded: int
    n_dumps: int
    findings: tuple[Finding, ...]


class Watch(NamedTuple):
    """The callbacks of a build: progress, progress within a dump, and messages for the user."""

    progress: Progress = lambda step, done, total: None
    reading: DumpProgress = lambda dump, done, total: None
    announce: Callable[[str], None] = lambda message: None


QUIET = Watch()


def build_part(request: PartRequest, watch: Watch = QUIET) -> PartReport:
    """Build one part, or bring it up to date; go on where an earlier call was interrupted.

    Waits while another process builds the same part. Raises CorpusError, ModelError, StoredIndexError,
    and ValueError unless the number is from 1 to `n_parts`.
    """
    if not 1 <= request.number <= request.n_parts:
        raise ValueError(f"expected a part from 1 to {request.n_parts}, found {request.number}")
    index_path = Path(request.index_path)
    check_whole(index_path)
    listing = corpus_files(map(Path, request.places))
    own = cut(listing, request.n_parts)[request.number - 1]
    place = index_path / part_folder(request.number, request.n_parts)
    check_writable(place)
    found = models.locate(request.model, watch.announce)
    encoder = Encoder(found, choose_prefixes(found, request.query_prefix, request.paper_prefix), request.device)
    part = _Part(request, place, fingerprint(listing), own, encoder, watch)
    with writing(place, watch.announce):
        record = None if request.full else read_part(place)
        if record is not None and part.is_current(record):
            return _report("up to date", record, place, 0)
        return part.build()


def check_whole(index_path: Path) -> None:
    """Raise IndexForeign or IndexNotWritable unless a folder may have an index that is built in parts."""
    if index_path.exists() and not index_path.is_dir():
        raise IndexForeign(path=index_path, cause="it is a file")
    ours = {SHARDS, PARTS, SHARDS_FOLDER}
    found = sorted(path.name for path in index_path.iterdir()) if index_path.is_dir() else []
    foreign = [name for name in found if name not in ours and not name.startswith((".", "README"))]
    if MANIFEST in foreign:
        raise IndexForeign(path=index_path, cause="it holds an index that was built in one go")
    if foreign:
        raise IndexForeign(path=index_path, cause=f"it holds {foreign[0]}, which papersearch did not write")
    for folder in (index_path / SHARDS_FOLDER, index_path / PARTS):
        for place in (folder, *(folder.iterdir() if folder.is_dir() else ())):
            if place.is_symlink():  # what is written there would be outside
                raise IndexForeign(path=index_path, cause=f"its {place.relative_to(index_path)} is a link")
    with write_errors(index_path):
        files.make_folders(index_path)


class _Part(NamedTuple):
    """The build of one part.

    listing: the fingerprint of the whole corpus
    own: the files of the part
    """

    request: PartRequest
    place: Path
    listing: str
    own: CorpusListing
    encoder: Encoder
    watch: Watch

    def choices(self) -> Choices:
        """Return what all parts have to share."""
        request, whole = self.request, Path(self.request.index_path)
        return Choices(
            places=tuple(relative(Path(one), whole) or one for one in request.places),
            corpus=relative(Path(request.corpus), whole) if request.corpus else None,
            late=request.late,
            abstracts_only=request.abstracts_only,
            languages=languages_in(request.language),
        )

    def is_current(self, record: PartRecord) -> bool:
        """Return whether a complete part is what would be built, and intact. Reads the files of the join."""
        request = self.request
        is_same = (record.format_version, record.written_by, record.analyzer) == release()
        is_same &= (record.number, record.n_parts) == (request.number, request.n_parts)
        is_same &= (record.listing, record.choices) == (self.listing, self.choices())
        if not is_same:
            return False
        if record.encoder is not None and not self.encoder.has_made(record.encoder):
            return False
        return self._reads_the_same(record) and check_files(self.place, record) is None

    def _reads_the_same(self, record: PartRecord) -> bool:
        """Return whether the files of the part are as they were when it was built."""
        paths = {file.name: file.path for file in self.own.files}
        try:
            for one in record.skipped:
                if one.name in paths:
                    status = paths[one.name].lstat()
                    if (status.st_size, status.st_mtime_ns) != (one.size, one.mtime_ns):
                        return False
        except OSError:
            return False
        return older(record, paths) is None

    def build(self) -> PartReport:
        """Read the dumps, publish the part's index, and then what the join needs of it."""
        from papersearch.ingest.merging import merge  # the parsers and more: not for a part that is up to date
        from papersearch.ingest.reading import ingested, read_dumps

        self.watch.progress("reading dumps", 0, 0)
        with everything_kept():
            read = read_dumps(self.own, self.watch.reading)
            whole = ingested(read, *merge(read.appearances), abstracts_only=self.request.abstracts_only)
        n_encoded, published = 0, None
        if whole.papers:
            n_encoded, published = self._publish_index(whole)
        self.watch.progress("publishing", 0, 0)
        with write_errors(self.place):
            record = self._publish(read, published)
        return _report("published", record, self.place, n_encoded)

    def _publish_index(self, whole: Any) -> tuple[int, Generation]:
        """Publish the index of the part; return the number of new encodings, and the generation."""
        from papersearch.index import publishing

        request = BuildRequest(
            places=[],
            corpus=None,
            index_path=self.place,
            known_from=(),
            encoder=self.encoder,
            most_texts=None,
            late=self.request.late,
            abstracts_only=self.request.abstracts_only,
            languages=self.choices().languages,
            full=self.request.full,
            **self.watch._asdict(),
        )
        before = open_before(self.place, leased=False)
        source = publishing.source_of(request, whole, before)
        meaning = publishing.open_meaning(request, source, before)
        with closing(meaning):
            report = publishing.Publishing(request, source, meaning).run(before, at_once=True)
        return report.n_encoded, open_current(self.place, leased=False)

    def _publish(self, read: DumpsRead, published: Generation | None) -> PartRecord:
        """Write appearances and findings, and `part.json` last. Raises OSError."""
        building = self.place / f".{READ}"
        files.remove(building)
        files.make_folder(building)
        records = {}
        for name, content in _files(read):
            records[f"{READ}/{name}"] = files.write_file(building / name, content).record
        files.rename_folder(building, self.place / READ)  # `part.json` names other checksums from now on
        if published is not None:
            records |= _dense_files(published)
        format_version, written_by, analyzer = release()
        record = PartRecord(
            format_version=format_version,
            written_by=written_by,
            analyzer=analyzer,
            number=self.request.number,
            n_parts=self.request.n_parts,
            listing=self.listing,
            choices=self.choices(),
            encoder=published.manifest.encoder if published else None,
            generation=published.manifest.generation if published else 0,
            n_appearances=len(read.appearances),
            dumps=read.dumps,
            skipped=read.skipped,
            archives=read.archives,
            files=records,
        )
        replace_locked(self.place / PART, encode_part(record), is_alone=is_locked(self.place))
        return record


def _files(read: DumpsRead) -> Sequence[tuple[str, Content]]:
    """Return name and content of the files in `read/`."""
    from papersearch.ingest.kinship import keys_of
    from papersearch.ingest.stored import encode_appearance

    keys = [keys_of(one) for one in read.appearances]
    found = {"findings": read.findings, "notes_left": read.notes_left}
    said = {name: [finding.asdict() for finding in listed] for name, listed in found.items()}
    return [
        *table_files("appearances", map(encode_appearance, read.appearances), "appearances.jsonl"),
        ("keys.npy", np.array([key for of_one in keys for key in of_one], dtype=np.uint64)),
        ("keys.offsets.npy", np.cumsum([0, *map(len, keys)]).astype(np.uint64)),
        ("abstracts.npy", np.array([bool(one.abstract) for one in read.appearances], dtype=np.uint8)),
        (FINDINGS, orjson.dumps(said)),
    ]


def _dense_files(published: Generation) -> dict[str, FileRecord]:
    """Return the records of the files from which a join takes encodings, and of their manifest."""
    manifest = published.manifest
    content = read_description(published.index_path / manifest.folder / MANIFEST)
    own = files.FileRecord(size=len(content), sha256=sha256_of(content))
    read = DENSE_FILES - {"vectors.int8.npy"}  # which depends on the whole: the join makes it
    dense = {name: record for name, record in manifest.files.items() if name in read}
    return {f"{manifest.folder}/{name}": record for name, record in {MANIFEST: own, **dense}.items()}


def _report(outcome: Outcome, record: PartRecord, place: Path, n_encoded: int) -> PartReport:
    n_papers = read_manifest(place).n_papers if record.generation else 0
    said = read_findings(place)
    return PartReport(
        outcome=outcome,
        number=record.number,
        n_parts=record.n_parts,
        n_papers=n_papers,
        n_appearances=record.n_appearances,
        n_encoded=n_encoded,
        n_dumps=len(record.dumps),
        findings=said["findings"] + said["notes_left"],
    )
