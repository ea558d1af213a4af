"""A build: the only place that orders its steps.

Dumps to papers, papers to postings and vectors, and all of it published as one generation.
Nothing is written before everything is known.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import orjson

from papersearch.analysis import ANALYZER, Analyzer
from papersearch.dense import encoders, models
from papersearch.errors import CorpusError, ModelError
from papersearch.ingest.reading import Ingest, ingest
from papersearch.lexical.statistics import K1, B, CorpusStatistics
from papersearch.storage.generations import check_writable, publish
from papersearch.storage.layout import FORMAT_VERSION
from papersearch.storage.manifest import FileRecord, LexicalRecord, Manifest
from papersearch.storage.papers import encode_paper, id_order, title_order
from papersearch.storage.string_table import pack_strings
from papersearch.types import Paper
from papersearch.version import __version__

if TYPE_CHECKING:
    import numpy.typing as npt

Step = Literal["reading dumps", "analysing", "loading the model", "encoding", "publishing"]
Progress = Callable[[Step, int, int], None]
"""Hears of each step: its name, how much of it is done, and of how much (0: not countable)."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: what came in, and the generation that it published."""

    ingest: Ingest
    manifest: Manifest


def paper_text(paper: Paper) -> str:
    """The text of a paper that both sides index."""
    return f"{paper.title}\n{paper.abstract}"


def build(
    corpus: str | Path | Sequence[str | Path],
    index_path: str | Path,
    *,
    model: str | None = None,
    device: str | None = None,
    progress: Progress = lambda step, done, total: None,
    announce: Callable[[str], None] = lambda message: None,
) -> BuildReport:
    """Build the index of `corpus` (a folder, or dumps one by one) at `index_path`.

    `model`: a sentence-transformers model, by folder or name; None for the packaged one.
    `device`: as torch names it; None chooses. `announce` hears what a user should know.
    Raises CorpusError, ModelError or StoredIndexError; the index that was there stays.
    """
    index_path = Path(index_path)
    if isinstance(corpus, str | Path):
        places, corpus_path = [Path(corpus)], Path(corpus)
    else:
        places, corpus_path = [Path(place) for place in corpus], None
    check_writable(index_path)
    progress("reading dumps", 0, 0)
    read = ingest(places)
    if not read.papers:
        raise _nothing_to_index(read, places)

    progress("analysing", 0, len(read.papers))
    analyzer = Analyzer()
    texts = [paper_text(paper) for paper in read.papers]
    statistics = CorpusStatistics(analyzer.terms(text) for text in texts)
    postings = statistics.postings()

    progress("loading the model", 0, 0)
    found = models.locate(model, announce)
    fingerprint = models.fingerprint(found)
    from papersearch.dense.batch import BatchEncoder  # seconds: after what can fail fast

    encoder = BatchEncoder(found, device)
    progress("encoding", 0, len(texts))
    vectors = encoder.encode_papers(texts, lambda done: progress("encoding", done, len(texts)))
    if not np.isfinite(vectors).all():
        raise ModelError(f"the model {found.name} gives vectors that are not numbers", "papersearch index")
    encoder_record = encoders.record(found, fingerprint, encoder, vectors.shape[1], texts)

    progress("publishing", 0, 0)
    papers, paper_offsets = pack_strings(map(encode_paper, read.papers))
    id_names, id_papers = id_order(read.papers)
    title_names, title_papers = title_order(read.papers)
    ids, id_offsets = pack_strings(id_names)
    titles, title_offsets = pack_strings(title_names)
    terms, term_offsets = pack_strings(postings.terms)
    files: dict[str, bytes | npt.NDArray[Any]] = {
        "papers.jsonl": papers,
        "papers.offsets.npy": paper_offsets,
        "ids.txt": ids,
        "ids.offsets.npy": id_offsets,
        "ids.papers.npy": np.array(id_papers, dtype=np.uint32),
        "titles.txt": titles,
        "titles.offsets.npy": title_offsets,
        "titles.papers.npy": np.array(title_papers, dtype=np.uint32),
        "terms.txt": terms,
        "terms.offsets.npy": term_offsets,
        "terms.idf.npy": postings.idf,
        "postings.offsets.npy": postings.offsets,
        "postings.papers.npy": postings.doc_idx.astype(np.uint32, copy=False),
        "postings.impacts.npy": postings.impacts,
        "vectors.npy": vectors,
        "report.json": orjson.dumps([finding._asdict() for finding in read.findings]),
    }

    def describe(generation: int, records: dict[str, FileRecord]) -> Manifest:
        return Manifest(
            format_version=FORMAT_VERSION,
            generation=generation,
            written_by=f"papersearch {__version__}",
            n_papers=len(read.papers),
            n_appearances=read.n_appearances,
            n_terms=len(postings.terms),
            n_postings=len(postings.doc_idx),
            lexical=LexicalRecord(ANALYZER, "rank_bm25.BM25Okapi, idf of Lucene", K1, B, statistics.avgdl),
            encoder=encoder_record,
            corpus=_relative(corpus_path, index_path) if corpus_path and corpus_path.is_dir() else None,
            dumps=read.dumps,
            skipped=read.skipped,
            files=records,
        )

    return BuildReport(read, publish(index_path, files, describe))


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
