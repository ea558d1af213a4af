"""The steps of a join for one shard: its papers analysed, weighed by the whole, and published.

Between the steps the join adds up what the shards have found. Each step is a function of one value
that may be sent to another process, on any machine that has the folder of the index. It writes its
results in the folder of the join, and returns what is small. A step that is interrupted can be run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from papersearch.checksums import sha256_of
from papersearch.dense import models
from papersearch.dense.background import best_cosines
from papersearch.dense.choice import open_paper_encoder
from papersearch.dense.encoders import EncoderRecord, identity_of
from papersearch.dense.encoding import EncodedCorpus, Gathering, text_hash
from papersearch.dense.known_constants import known_constants
from papersearch.dense.late import piece_weights
from papersearch.dense.prefixes import Prefixes
from papersearch.dense.reference import ReferenceEncoder
from papersearch.dense.vectors import largest_component, quantize
from papersearch.errors import ModelUnusable, StoredIndexError
from papersearch.index import files, previous
from papersearch.index.files import FileRecord, KeptFile
from papersearch.index.first_seen import Lost, with_lost
from papersearch.index.generation import Generation
from papersearch.index.generations import publish, write_errors
from papersearch.index.journal import Journal, journal_key
from papersearch.index.layout import MANIFEST, generation_folder, read_description
from papersearch.index.manifest import LateRecord, Manifest, decode_manifest, encode_manifest
from papersearch.index.meaning import late_record
from papersearch.index.name_tables import name_counts
from papersearch.index.part_records import FINDINGS, PartRecord, part_folder, read_part
from papersearch.index.report import encode_findings
from papersearch.index.shards import open_each, read_shards, shard_folder
from papersearch.index.stored_parts import Groups, StoredAppearances, array, table
from papersearch.index.typed_json import read_value
from papersearch.index.words import analyse, paper_files, posting_files
from papersearch.ingest.merging import merge_group
from papersearch.lexical.bm25 import bm25_saturation, idf
from papersearch.text.paper_text import Texts
from papersearch.types import Count, Finding, Paper
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.index.files import Content

JOINING = "joining"
"""Beginning of the name of a join's folder, after a dot."""

WHOLE = "whole"
"""Folder in that of the join with what is of the whole."""

LOST = "lost.json"
"""File in `WHOLE` with the papers that are gone under their ids."""

OF_THE_WHOLE = (
    "words.txt", "words.offsets.npy", "words.counts.npy", "expansions.txt", "expansions.offsets.npy", "report.json",
)  # fmt: skip
"""Files that are equal in all shards, and written once."""


class Step(Value):
    """One shard of a join.

    joining: the name of the join's folder
    number: from 1
    encoder: None if no part has a paper
    """

    index_path: str
    joining: str
    number: Count
    n_shards: Count
    n_parts: Count
    with_late: bool
    abstracts_only: bool
    languages: tuple[str, ...]
    encoder: EncoderRecord | None
    device: str | None

    @property
    def folder(self) -> Path:
        """The folder of the step's results."""
        return Path(self.index_path) / self.joining / f"{self.number:05}"

    @property
    def shard_path(self) -> Path:
        """The folder of the shard."""
        return Path(self.index_path) / shard_folder(self.number, self.n_shards)


class Analysed(Value):
    """The papers of one shard, as far as they do not depend on the others.

    n_left_out: number of papers without abstract that were left out
    last_added: when the last of the papers first came, in seconds since 1970
    left_out: their appearances by dump
    n_words: number of terms of all papers, with repeats
    n_encoded: number of texts that the model encoded: those that no part has
    largest: the largest component of a vector
    """

    n_papers: Count
    n_appearances: Count
    n_terms: Count
    n_postings: Count
    n_positions: Count
    n_organisations: Count
    n_authors: Count
    n_by_author: Count
    n_categories: Count
    n_in_category: Count
    n_venues: Count
    n_at_venue: Count
    n_identifiers: Count
    n_probes: Count
    late: LateRecord | None
    n_left_out: Count
    last_added: Count
    left_out: Mapping[str, int]
    n_words: Count
    n_encoded: Count
    largest: float
    files: Mapping[str, FileRecord]


class Weighing(Value):
    """A shard to be weighed by the whole: N, the mean length, and the largest component of a vector."""

    step: Step
    n_papers: Count
    mean_length: float
    largest: float


class Weighed(Value):
    """The parameters of a shard's int8 vectors, and the files that depend on the whole."""

    scale: float
    error: float
    files: Mapping[str, FileRecord]


class Publication(Value):
    """A shard to be published with this manifest; `is_alone` if locks keep other joins away."""

    step: Step
    manifest: Manifest
    is_alone: bool


def analyse_shard(step: Step) -> Analysed:
    """Merge, analyse and encode the papers of a shard; encode only texts that no part has."""
    folder = step.folder
    parts = list(read_parts(step))
    left_out: Counter[str] = Counter()
    papers, n_left_out = _merged(step, parts, left_out)
    written = _Written(folder)
    analysed = analyse(papers, step.languages, lambda done, total: None, n_workers=0)
    definitions = [[*pair, n] for pair, n in analysed.definitions.items()]
    written.beside("definitions.json", orjson.dumps(definitions))
    spelt = dict(zip(analysed.spellings, analysed.spelling_counts.tolist(), strict=True))
    written.beside("spellings.json", orjson.dumps(spelt))
    n_words = int(analysed.statistics.doc_lengths.sum())
    written.all(one for one in posting_files(analysed) if one[0] not in _WEIGHED)
    since = array(folder / "since.npy")
    lost = read_value(tuple[Lost, ...], orjson.loads((folder.parent / WHOLE / LOST).read_bytes()))
    added = with_lost(papers, array(folder / "added.npy"), lost)
    written.all(paper_files(papers, since, added, [dump for part in parts for dump in part.dumps]))
    encoded, n_encoded = _encoded(step, parts, papers)
    written.all([("vectors.npy", encoded.vectors), ("texts.sha256.npy", encoded.hashes)])
    no_probes = np.zeros((0, 0), dtype=np.float32)
    written.all([("probes.npy", encoded.constants.probes if encoded.constants else no_probes)])
    late = None
    if encoded.constants is not None:
        written.beside("best.npy", best_cosines(encoded.constants.probes, encoded.vectors))
    if encoded.constants is not None and encoded.pieces is not None:
        pieces = encoded.pieces._asdict()
        n_vocabulary = len(pieces.pop("weights"))
        late = late_record(encoded.pieces)
        written.all((f"pieces.{name}.npy", rows) for name, rows in pieces.items())
        written.beside("kept.npy", encoded.constants.kept)
        written.beside("pieces.df.npy", _piece_df(pieces["ids"], pieces["offsets"], n_vocabulary))
    return Analysed(
        n_papers=len(papers),
        n_appearances=sum(len(paper.provenance) for paper in papers),
        n_terms=written.lengths["terms.offsets.npy"] - 1,
        n_postings=written.lengths["postings.papers.npy"],
        n_positions=written.lengths["positions.npy"],
        n_organisations=written.lengths["organisations.offsets.npy"] - 1,
        **name_counts(written.lengths),
        n_identifiers=written.lengths["identifiers.papers.npy"],
        n_probes=len(encoded.constants.probes) if encoded.constants else 0,
        late=late,
        n_left_out=n_left_out,
        last_added=int(added.max(initial=0)),
        left_out=dict(left_out),
        n_words=n_words,
        n_encoded=n_encoded,
        largest=largest_component(encoded.vectors),
        files=written.records,
    )


def weigh_shard(weighing: Weighing) -> Weighed:
    """Compute what depends on all shards: idf, impacts, int8 vectors, weights of word pieces."""
    folder, whole = weighing.step.folder, weighing.step.folder.parent / WHOLE
    written = _Written(folder)
    of_whole = dict(zip(table(whole, "terms").all(), array(whole / "terms.df.npy").tolist(), strict=True))
    terms = table(folder, "terms").all()
    idfs = np.array([idf(of_whole[term], weighing.n_papers) for term in terms], dtype=np.float64)
    written.all([("terms.idf.npy", idfs), ("postings.impacts.npy", _impacts(folder, idfs, weighing.mean_length))])
    coarse, quantization = quantize(array(folder / "vectors.npy"), weighing.largest)
    written.all([("vectors.int8.npy", coarse)])
    if (folder / "kept.npy").exists():
        df, kept = array(whole / "pieces.df.npy"), array(folder / "kept.npy")
        written.all([("pieces.weights.npy", piece_weights(df, weighing.n_papers, kept))])
    return Weighed(scale=quantization.scale, error=quantization.error, files=written.records)


def publish_shard(publication: Publication) -> str:
    """Publish a shard; earlier generations stay. Return the SHA-256 of its manifest."""
    step, manifest = publication.step, publication.manifest
    whole = step.folder.parent / WHOLE
    contents = (
        (name, KeptFile((whole if name in OF_THE_WHOLE else step.folder) / name, record))
        for name, record in manifest.files.items()
    )
    _make_folders(step.shard_path)
    published = publish(
        step.shard_path,
        contents,
        lambda records: manifest.replace(files=records),
        join_is_alone=publication.is_alone,
    )
    return sha256_of(encode_manifest(published))


def read_parts(step: Step) -> Sequence[PartRecord]:
    """Return the records of all parts, which the join has checked."""
    folders = (Path(step.index_path) / part_folder(number, step.n_parts) for number in range(1, step.n_parts + 1))
    return [record for record in map(read_part, folders) if record is not None]


def generation_of(index_path: Path, part: PartRecord) -> Generation | None:
    """Return the index of a part, or None if it has no paper. Raises OSError or StoredIndexError."""
    if not part.generation:
        return None
    place = index_path / part_folder(part.number, part.n_parts)
    content = read_description(place / generation_folder(part.generation) / MANIFEST)
    return Generation(place, decode_manifest(content, str(place)), None)


_WEIGHED = ("terms.idf.npy", "postings.impacts.npy")
"""Files of postings that `weigh_shard` makes, by the statistics of the whole."""


class _Written:
    """Files of a step: their records, and the length of each array."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.records: dict[str, FileRecord] = {}
        self.lengths: dict[str, int] = {}

    def all(self, contents: Iterable[tuple[str, Content]]) -> None:
        """Write files that belong to the shard."""
        for name, content in contents:
            if isinstance(content, np.ndarray):
                self.lengths[name] = len(content)
            self.records[name] = self.beside(name, content)

    def beside(self, name: str, content: Content) -> FileRecord:
        """Write a file that only the join reads."""
        path = self._folder / name
        with write_errors(path):
            files.remove(path)
            return files.write_file(path, content).record


def _make_folders(path: Path) -> None:
    with write_errors(path):
        files.make_folders(path)


def _merged(step: Step, parts: Sequence[PartRecord], left_out: Counter[str]) -> tuple[list[Paper], int]:
    """Return the papers of a shard, and the number of those that are left out; write what is found."""
    folder = step.folder
    appearances = StoredAppearances(Path(step.index_path), parts)
    groups = Groups(appearances, array(folder / "places.npy"), array(folder / "ends.npy"))
    findings: list[Finding] = []
    papers: list[Paper] = []
    n_left_out = 0
    for group, name in zip(groups, table(folder, "names"), strict=True):
        paper = merge_group(group, name, findings)
        if paper.abstract or not step.abstracts_only:
            papers.append(paper)
        else:
            n_left_out += 1
            left_out.update(place.dump for place in paper.provenance)
    _Written(folder).beside(FINDINGS, encode_findings(findings))
    return papers, n_left_out


def _encoded(step: Step, parts: Sequence[PartRecord], papers: Sequence[Paper]) -> tuple[EncodedCorpus, int]:
    """Return the encodings of a shard's papers, and how many the model made; it makes those that no part has."""
    texts, record = Texts(papers), step.encoder
    if record is None:
        return Gathering(texts, {}, None, with_late=False).corpus(), 0
    index_path, identity = Path(step.index_path), identity_of(record)
    sources = [one for part in parts if (one := generation_of(index_path, part)) is not None]
    wanted, packaged = list(map(text_hash, texts)), known_constants(identity)
    known, constants = previous.encodings(
        sources, identity, packaged, with_late=step.with_late, wanted=wanted, are_checked=True
    )
    constants = constants or packaged
    missing = [digest for digest in wanted if digest not in known]
    if missing and constants is not None:  # what merging made may be known from the last join
        earlier = _earlier(index_path)
        made, _ = previous.encodings(earlier, identity, constants, with_late=step.with_late, wanted=missing)
        known.take(made)
    gathering = Gathering(texts, known, constants, with_late=step.with_late)
    journal = Journal(step.shard_path, journal_key(identity, packaged, with_late=step.with_late))
    with closing(journal):
        n_new = _encode(step, record, gathering, journal) if gathering.missing() else 0
        encoded = gathering.corpus()
    if not np.isfinite(encoded.vectors).all():
        raise ModelUnusable(name=record.name, cause="its vectors are not numbers")
    return encoded, n_new


def _encode(step: Step, record: EncoderRecord, gathering: Gathering, journal: Journal) -> int:
    """Encode the texts that merging over parts has made; a journal beside the shard keeps them."""
    model = models.relocate(record.name, record.source, record.folder)
    prefixes = Prefixes(record.query_prefix, record.paper_prefix)
    _make_folders(step.shard_path)
    journal.load()
    return gathering.encode(
        lambda: open_paper_encoder(model, record, lambda: ReferenceEncoder(model, step.device, prefixes)),
        journal,
        lambda done, total: None,
    )


def _earlier(index_path: Path) -> Sequence[Generation]:
    """Return the shards that are published: texts that merging made may be known from there."""
    try:
        return open_each(index_path, read_shards(index_path), leased=False)
    except StoredIndexError:
        return []


def _piece_df(ids: Any, offsets: Any, n_vocabulary: int) -> Any:
    """Count the papers that have each word piece, (V,)."""
    papers = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets.astype(np.int64)))
    pairs = np.unique((papers << 32) | ids.astype(np.int64))
    return np.bincount(pairs & 0xFFFFFFFF, minlength=n_vocabulary)


def _impacts(folder: Path, idfs: Any, mean_length: float) -> Any:
    """Return the impacts of a shard's postings, (P,), in blocks of postings."""
    offsets = array(folder / "postings.offsets.npy").astype(np.int64)
    starts = array(folder / "postings.starts.npy").astype(np.int64)
    position_offsets = array(folder / "positions.offsets.npy").astype(np.int64)
    terms = np.repeat(np.arange(len(idfs)), np.diff(offsets))
    tf = np.diff(starts + position_offsets[terms], append=position_offsets[-1])
    lengths = array(folder / "lengths.npy").astype(np.float64)[array(folder / "postings.papers.npy")]
    return idfs[terms] * bm25_saturation(tf.astype(np.float64), lengths, mean_length)
