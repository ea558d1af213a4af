"""A build: the only place that orders its steps.

Dumps to papers, papers to postings and encodings, and all of it published as one generation.
What the index has already is taken from it: a text is encoded once. Postings and statistics
are made anew from all papers, so that an index brought up to date equals a fresh one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import orjson

from papersearch.analysis import ANALYZER, Analyzer
from papersearch.checksums import sha256_of
from papersearch.dense import encoders, models
from papersearch.dense.corpus import ENCODING, EncodedCorpus, ModelConstants, TextEncoding, encode_corpus, text_hash
from papersearch.dense.encoders import EncoderRecord
from papersearch.dense.late import MAX_PAPERS
from papersearch.dense.vectors import quantize
from papersearch.errors import CorpusError, ModelError, StoredIndexError
from papersearch.ingest.reading import Ingest, ingest
from papersearch.lexical.acronyms import expansion_lines, learn
from papersearch.lexical.bm25 import K1, B
from papersearch.lexical.statistics import CorpusStatistics
from papersearch.staleness import is_stale
from papersearch.storage import previous
from papersearch.storage.files import FileRecord
from papersearch.storage.generations import (
    Generation,
    check_writable,
    next_generation,
    open_current,
    open_generations,
    publish,
)
from papersearch.storage.journal import Journal
from papersearch.storage.layout import FORMAT_VERSION
from papersearch.storage.locking import writing
from papersearch.storage.manifest import LateRecord, LexicalRecord, Manifest
from papersearch.storage.papers import encode_paper, id_order, title_order
from papersearch.storage.string_table import pack_strings
from papersearch.types import Changes, Finding, Paper
from papersearch.version import __version__

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.dense.batch import BatchEncoder

Step = Literal["reading dumps", "analysing", "loading the model", "encoding", "publishing"]
Progress = Callable[[Step, int, int], None]
"""Hears of each step: its name, how much of it is done, and of how much (0: not countable)."""

Outcome = Literal["published", "up to date", "dry run"]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `manifest` is the index as it is now, None when a dry run found none;
    `changes` against what was there before; `n_encoded` texts went (or would go) through the
    model; `findings` of the dumps, those of the last build when nothing had to be read."""

    outcome: Outcome
    manifest: Manifest | None
    changes: Changes
    n_papers: int
    n_appearances: int
    n_dumps: int
    n_encoded: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the caller asked for."""

    places: Sequence[Path]
    corpus_path: Path | None
    index_path: Path
    model: models.ModelFiles
    device: str | None
    late: bool | None
    full: bool
    progress: Progress

    def keeps_late(self, n_papers: int) -> bool:
        """Whether an index of so many papers keeps what late interaction needs."""
        return n_papers <= MAX_PAPERS if self.late is None else self.late


def paper_text(paper: Paper) -> str:
    """The text of a paper that both sides index."""
    return "\n".join(filter(None, (paper.title, paper.abstract)))


def build(
    corpus: str | Path | Sequence[str | Path],
    index_path: str | Path,
    *,
    model: str | None = None,
    device: str | None = None,
    late: bool | None = None,
    full: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda step, done, total: None,
    announce: Callable[[str], None] = lambda message: None,
) -> BuildReport:
    """Bring the index at `index_path` up to date with `corpus` (a folder, or dumps one by one).

    `model`: a sentence-transformers model, by folder or name; None for the packaged one.
    `device`: as torch names it; None chooses. `late`: whether to keep what late interaction
    needs; None: while there are at most `dense.late.MAX_PAPERS` papers. `full`: as if there
    were no index yet. `dry_run`: only say what would change. `announce` hears what a user
    should know. Waits for another build of the same index to end.

    Raises CorpusError, ModelError or StoredIndexError; the index that was there stays, and
    what was encoded until then is not lost.
    """
    index_path = Path(index_path)
    if isinstance(corpus, str | Path):
        places, corpus_path = [Path(corpus)], Path(corpus)
    else:
        places, corpus_path = [Path(place) for place in corpus], None
    if corpus_path is not None and not corpus_path.is_dir():
        corpus_path = None
    if not dry_run:
        check_writable(index_path)
    found = models.locate(model, announce)
    wanted = _Wanted(places, corpus_path, index_path, found, device, late, full, progress)
    if dry_run:
        return _update(wanted, dry_run=True)
    with writing(index_path, announce):
        return _update(wanted, dry_run=False)


def _update(wanted: _Wanted, *, dry_run: bool) -> BuildReport:
    before = _open_current(wanted.index_path, leased=dry_run)
    if before is not None and not wanted.full and _is_up_to_date(wanted, before):
        return _unchanged(before)
    wanted.progress("reading dumps", 0, 0)
    read = ingest(wanted.places)
    if not read.papers:
        raise _nothing_to_index(read, wanted.places)
    changes = previous.compare(before, read.papers)
    texts = [paper_text(paper) for paper in read.papers]
    with_late = wanted.keeps_late(len(texts))
    fingerprint = models.fingerprint(wanted.model)
    on_disk = [] if wanted.full else open_generations(wanted.index_path)
    known, constants = previous.encodings(on_disk, fingerprint, with_late=with_late)
    if dry_run:
        missing = {text_hash(text) for text in texts} - known.keys()
        manifest = before.manifest if before else None
        return _report("dry run", manifest, changes, read, len(missing))
    key = sha256_of(f"{fingerprint} {ENCODING} {with_late}".encode())
    journal = Journal(wanted.index_path, key)
    if not wanted.full:
        known |= journal.load()

    wanted.progress("analysing", 0, len(texts))
    analyzer = Analyzer()
    statistics = CorpusStatistics(analyzer.occurrences(text) for text in texts)
    title_lengths = [analyzer.n_positions(paper.title) for paper in read.papers]
    expansions = expansion_lines(learn(texts), analyzer)
    encoded, encoder_record = _encode(wanted, before, fingerprint, texts, known, constants, journal, with_late)

    wanted.progress("publishing", 0, 0)
    generation = next_generation(wanted.index_path)
    contents = _lexical_files(statistics, title_lengths, expansions)
    contents |= _paper_files(read, previous.since(before, read.papers, generation))
    coarse, quantization = quantize(encoded.vectors)
    contents |= {"vectors.int8.npy": coarse, **_dense_files(encoded)}

    def describe(records: dict[str, FileRecord]) -> Manifest:
        shapes = {name: content.shape for name, content in contents.items() if not isinstance(content, bytes)}
        return Manifest(
            format_version=FORMAT_VERSION,
            generation=generation,
            written_by=f"papersearch {__version__}",
            n_papers=len(read.papers),
            n_appearances=read.n_appearances,
            n_terms=shapes["terms.idf.npy"][0],
            n_postings=shapes["postings.papers.npy"][0],
            n_positions=shapes["positions.npy"][0],
            n_expansions=len(expansions),
            n_probes=shapes["probes.npy"][0],
            lexical=LexicalRecord(ANALYZER, "rank_bm25.BM25Okapi, idf of Lucene", K1, B, statistics.avgdl),
            encoder=encoder_record,
            quantization=quantization,
            late=_late_record(encoded),
            background=encoded.background,
            corpus=_relative(wanted.corpus_path, wanted.index_path) if wanted.corpus_path else None,
            dumps=read.dumps,
            skipped=read.skipped,
            files=records,
        )

    manifest = publish(wanted.index_path, contents, describe)
    journal.discard()
    return _report("published", manifest, changes, read, encoded.n_encoded)


def _is_up_to_date(wanted: _Wanted, before: Generation) -> bool:
    """Whether a build would publish what is there. Costs what looking at the dumps costs."""
    manifest, encoder = before.manifest, before.manifest.encoder
    if wanted.corpus_path is None or is_stale(manifest, wanted.index_path, wanted.corpus_path, missing=True):
        return False
    return (
        (manifest.late is not None) == wanted.keeps_late(manifest.n_papers)
        and manifest.lexical.analyzer == ANALYZER
        and encoder.encoding == ENCODING
        and (encoder.name, encoder.source) == (wanted.model.name, wanted.model.source)
        and encoders.is_untouched(encoder, wanted.model)
    )


def _encode(
    wanted: _Wanted,
    before: Generation | None,
    fingerprint: str,
    texts: Sequence[str],
    known: dict[bytes, TextEncoding],
    constants: ModelConstants | None,
    journal: Journal,
    with_late: bool,
) -> tuple[EncodedCorpus, EncoderRecord]:
    opened: list[BatchEncoder] = []

    def open_encoder() -> BatchEncoder:
        wanted.progress("loading the model", 0, 0)
        from papersearch.dense.batch import BatchEncoder  # seconds: not where nothing is new

        opened.append(BatchEncoder(wanted.model, wanted.device))
        return opened[0]

    with _kept_on_failure(journal):
        encoded = encode_corpus(
            texts,
            known,
            constants,
            open_encoder,
            with_late=with_late,
            keep=journal.add,
            progress=lambda done, total: wanted.progress("encoding", done, total),
        )
    if not np.isfinite(encoded.vectors).all():
        journal.discard()
        raise ModelError(f"the model {wanted.model.name} gives vectors that are not numbers", "papersearch index")
    if before is not None and not wanted.full and before.manifest.encoder.fingerprint == fingerprint:
        described = encoders.same_record(before.manifest.encoder, wanted.model, texts)
        if described is not None:
            return encoded, described
    encoder = opened[0] if opened else open_encoder()
    return encoded, encoders.record(wanted.model, fingerprint, encoder, encoded.vectors.shape[1], texts)


@contextmanager
def _kept_on_failure(journal: Journal) -> Iterator[None]:
    """Whatever ends the encoding early, what is done stays for the next build."""
    try:
        yield
    except BaseException:
        journal.flush()
        raise


def _lexical_files(
    statistics: CorpusStatistics, title_lengths: Sequence[int], expansions: Sequence[str]
) -> dict[str, bytes | npt.NDArray[Any]]:
    postings = statistics.postings()
    terms, term_offsets = pack_strings(postings.terms)
    expansion_texts, expansion_offsets = pack_strings(expansions)
    return {
        "terms.txt": terms,
        "terms.offsets.npy": term_offsets,
        "terms.idf.npy": postings.idf,
        "postings.offsets.npy": postings.offsets,
        "postings.papers.npy": postings.doc_idx,
        "postings.impacts.npy": postings.impacts,
        "postings.starts.npy": postings.starts,
        "positions.offsets.npy": postings.position_offsets,
        "positions.npy": postings.positions,
        "lengths.npy": np.array(statistics.doc_len, dtype=np.uint32),
        "lengths.titles.npy": np.array(title_lengths, dtype=np.uint32),
        "expansions.txt": expansion_texts,
        "expansions.offsets.npy": expansion_offsets,
    }


def _paper_files(read: Ingest, since: npt.NDArray[np.uint32]) -> dict[str, bytes | npt.NDArray[Any]]:
    papers, paper_offsets = pack_strings(map(encode_paper, read.papers))
    id_names, id_papers = id_order(read.papers)
    title_names, title_papers = title_order(read.papers)
    ids, id_offsets = pack_strings(id_names)
    titles, title_offsets = pack_strings(title_names)
    return {
        "papers.jsonl": papers,
        "papers.offsets.npy": paper_offsets,
        "papers.since.npy": since,
        "ids.txt": ids,
        "ids.offsets.npy": id_offsets,
        "ids.papers.npy": np.array(id_papers, dtype=np.uint32),
        "titles.txt": titles,
        "titles.offsets.npy": title_offsets,
        "titles.papers.npy": np.array(title_papers, dtype=np.uint32),
        "report.json": orjson.dumps([finding._asdict() for finding in read.findings]),
    }


def _dense_files(encoded: EncodedCorpus) -> dict[str, bytes | npt.NDArray[Any]]:
    contents: dict[str, bytes | npt.NDArray[Any]] = {
        "vectors.npy": encoded.vectors,
        "texts.sha256.npy": encoded.hashes,
        "probes.npy": encoded.constants.probes,
    }
    if encoded.pieces is not None:
        contents |= {f"pieces.{name}.npy": array for name, array in encoded.pieces._asdict().items()}
    return contents


def _late_record(encoded: EncodedCorpus) -> LateRecord | None:
    if encoded.pieces is None:
        return None
    n_pieces, dimensions = encoded.pieces.vectors.shape
    return LateRecord(n_pieces, len(encoded.pieces.weights), dimensions)


def _open_current(index_path: Path, *, leased: bool) -> Generation | None:
    """The index that is there, if it can be read."""
    try:
        return open_current(index_path, leased=leased)
    except StoredIndexError:
        return None


def _unchanged(before: Generation) -> BuildReport:
    manifest = before.manifest
    return BuildReport(
        outcome="up to date",
        manifest=manifest,
        changes=Changes((), (), ()),
        n_papers=manifest.n_papers,
        n_appearances=manifest.n_appearances,
        n_dumps=len(manifest.dumps),
        n_encoded=0,
        findings=before.findings(),
    )


def _report(
    outcome: Outcome, manifest: Manifest | None, changes: Changes, read: Ingest, n_encoded: int
) -> BuildReport:
    return BuildReport(
        outcome=outcome,
        manifest=manifest,
        changes=changes,
        n_papers=len(read.papers),
        n_appearances=read.n_appearances,
        n_dumps=len(read.dumps),
        n_encoded=n_encoded,
        findings=read.findings,
    )


def _relative(corpus: Path, index_path: Path) -> str | None:
    """The corpus as seen from the index, so that both can move together."""
    try:
        return Path(os.path.relpath(corpus.resolve(), index_path.resolve())).as_posix()
    except ValueError:  # on another drive
        return None


def _nothing_to_index(read: Ingest, places: Sequence[Path]) -> CorpusError:
    where = ", ".join(map(str, places))
    hint = f"save a Daily Papers page as a .txt file in {where}, then: papersearch index"
    if not read.findings:
        return CorpusError(f"there is nothing to index in {where}: no dumps", hint)
    reasons = "; ".join(
        f"{finding.file}{f':{finding.line}' if finding.line else ''}: {finding.kind} ({finding.detail})"
        for finding in read.findings[:3]
    )
    more = f"; and {len(read.findings) - 3} more" if len(read.findings) > 3 else ""
    return CorpusError(f"there is nothing to index in {where}: {reasons}{more}", hint)
