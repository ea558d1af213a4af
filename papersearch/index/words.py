"""The files of a generation that no encoding changes: papers, postings and facts.

A build makes them from the dumps, once. The later publications of the same build keep them: they
link the files of the one before.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from papersearch.index import previous
from papersearch.index.facts import fact_arrays, organisation_table
from papersearch.index.files import KeptFile
from papersearch.index.first_seen import with_lost
from papersearch.index.identifiers import identifier_order
from papersearch.index.layout import DENSE_FILES
from papersearch.index.manifest import NAME_COUNTS, LexicalRecord
from papersearch.index.name_tables import name_counts, name_files
from papersearch.index.papers import encode_paper, id_order, title_order
from papersearch.index.report import encode_findings
from papersearch.index.string_table import table_files
from papersearch.lexical.acronyms import expansion_lines
from papersearch.lexical.bm25 import K1, B
from papersearch.lexical.indexing import analyse_corpus
from papersearch.lexical.statistics import Merging
from papersearch.text.analysis import Analyzer, analysis_name
from papersearch.text.paper_text import Texts, keywords_of

if TYPE_CHECKING:
    from papersearch.index.files import Content
    from papersearch.index.first_seen import FirstSeen
    from papersearch.index.generation import Generation
    from papersearch.ingest.reading import Ingest
    from papersearch.lexical.indexing import AnalysedCorpus
    from papersearch.types import DocIndices, DumpFile, Paper

_KEPT_FIELDS = (
    "n_papers",
    "n_appearances",
    "n_terms",
    "n_postings",
    "n_positions",
    "n_expansions",
    "n_organisations",
    "n_words",
    *NAME_COUNTS,
    "n_identifiers",
    "lexical",
    "corpus",
    "abstracts_only",
    "n_left_out",
    "last_added",
    "dumps",
    "skipped",
)


class Words(Protocol):
    """The files that no encoding changes, and the manifest's fields about them."""

    def files(self) -> Iterator[tuple[str, Content]]:
        """Yield name and content of each file, so that each can be freed once it is written."""

    def fields(self) -> dict[str, Any]:
        """Return the manifest's fields, after `files` has yielded every file."""


class KeptWords:
    """The files of an earlier publication of the same generation."""

    def __init__(self, published: Generation) -> None:
        self._published = published

    def files(self) -> Iterator[tuple[str, Content]]:
        """Yield name and place of each file."""
        for name, record in self._published.manifest.files.items():
            if name not in DENSE_FILES:
                yield name, KeptFile(self._published.file_path(name), record, self._published.sums(name))

    def fields(self) -> dict[str, Any]:
        """Return the same fields as the earlier publication has."""
        return {name: getattr(self._published.manifest, name) for name in _KEPT_FIELDS}

    def are_intact(self) -> bool:
        """Return whether every file has the content that the manifest says. Reads all of them."""
        return self._published.are_intact(self._published.manifest.files.keys() - DENSE_FILES)


class NewWords:
    """Files made from dumps.

    languages: those of the papers
    generation: the number of the build
    seen: when earlier builds first saw papers
    chosen: the manifest's fields about what was chosen to be read
    """

    def __init__(
        self,
        read: Ingest,
        before: Generation | None,
        languages: Sequence[str],
        generation: int,
        seen: FirstSeen,
        chosen: dict[str, Any],
        progress: Callable[[int, int], None],
    ) -> None:
        self._read = read
        self._before = before
        self._languages = languages
        self._generation = generation
        self._added = with_lost(read.papers, seen.of(paper.paper_id for paper in read.papers), seen.lost)
        self._chosen = chosen
        self._progress = progress
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._lexical: LexicalRecord | None = None

    def files(self) -> Iterator[tuple[str, Content]]:
        """Make the files, one after the other."""
        for part in (self._lexical_files, self._paper_files):
            for name, content in part():
                if isinstance(content, np.ndarray):
                    self._shapes[name] = content.shape
                yield name, content

    def fields(self) -> dict[str, Any]:
        """Return what the files turned out to be."""
        return {
            "n_papers": len(self._read.papers),
            "n_appearances": self._read.n_appearances,
            "n_terms": self._shapes["terms.idf.npy"][0],
            "n_postings": self._shapes["postings.papers.npy"][0],
            "n_positions": self._shapes["positions.npy"][0],
            "n_expansions": self._shapes["expansions.offsets.npy"][0] - 1,
            "n_organisations": self._shapes["organisations.offsets.npy"][0] - 1,
            "n_words": self._shapes["words.counts.npy"][0],
            **name_counts({name: shape[0] for name, shape in self._shapes.items()}),
            "n_identifiers": self._shapes["identifiers.papers.npy"][0],
            "lexical": self._lexical,
            "n_left_out": self._read.n_left_out,
            "last_added": int(self._added.max(initial=0)),
            **self._chosen,
            "dumps": self._read.dumps,
            "skipped": self._read.skipped,
        }

    def _lexical_files(self) -> Iterator[tuple[str, Content]]:
        analysed = analyse(self._read.papers, self._languages, self._progress)
        yield from table_files("words", analysed.spellings)
        yield "words.counts.npy", analysed.spelling_counts
        self._lexical = lexical_record(self._languages, analysed.statistics.mean_length)
        yield from posting_files(analysed)
        yield from table_files("expansions", expansion_lines(analysed.acronyms, Analyzer(self._languages)))

    def _paper_files(self) -> Iterator[tuple[str, Content]]:
        papers = self._read.papers
        since = previous.since(self._before, papers, self._generation)
        yield from paper_files(papers, since, self._added, self._read.dumps)
        yield "report.json", encode_findings(self._read.findings)


def analyse(
    papers: Sequence[Paper], languages: Sequence[str], progress: Callable[[int, int], None], **how: int
) -> AnalysedCorpus:
    """Analyse papers; `how` are further arguments of `analyse_corpus`."""
    with everything_kept():
        title_lengths, keywords = [len(paper.title) for paper in papers], list(map(keywords_of, papers))
        texts = Texts(papers)
        return analyse_corpus(texts, title_lengths, progress, keywords=keywords, languages=languages, **how)


def lexical_record(languages: Sequence[str], mean_length: float) -> LexicalRecord:
    """Return the manifest's record of the text analysis and the BM25 parameters."""
    return LexicalRecord(
        analyzer=analysis_name(languages),
        statistics="rank_bm25.BM25Okapi, idf of Lucene",
        k1=K1,
        b=B,
        mean_length=mean_length,
    )


def posting_files(analysed: AnalysedCorpus) -> Iterator[tuple[str, Content]]:
    """Yield name and content of the files of postings; this uses up `analysed`."""
    merging = Merging(analysed.statistics)
    yield from table_files("terms", merging.terms)
    yield "terms.idf.npy", merging.idf
    yield "postings.offsets.npy", merging.offsets.astype(np.uint64)
    first, second = merging.papers_and_impacts()
    yield "postings.papers.npy", first
    yield "postings.impacts.npy", second
    del first, second  # before the others are made
    starts, positions = merging.starts_and_positions()
    yield "postings.starts.npy", starts
    yield "positions.offsets.npy", merging.position_offsets.astype(np.uint64)
    yield "positions.npy", positions
    yield "lengths.npy", analysed.statistics.doc_lengths.astype(np.uint32)
    yield "lengths.titles.npy", analysed.title_positions


def paper_files(
    papers: Sequence[Paper], since: DocIndices, added: DocIndices, dumps: Sequence[DumpFile]
) -> Iterator[tuple[str, Content]]:
    """Yield name and content of the files of papers, facts and organisations.

    since: (N,), the generation that first had each paper
    added: (N,), when each paper first came, in seconds since 1970
    dumps: in the manifest's order
    """
    yield from table_files("papers", map(encode_paper, papers), "papers.jsonl")
    yield "papers.since.npy", since
    yield "papers.added.npy", added
    yield from fact_arrays(papers, [dump.name for dump in dumps])
    lines, numbers = organisation_table(papers)
    yield from table_files("organisations", lines)
    yield "papers.organisations.npy", numbers
    yield from name_files(papers)
    found = (
        ("ids", id_order(papers)),
        ("titles", title_order(papers)),
        ("identifiers", identifier_order(papers, dumps)),
    )
    for name, (names, doc_indices) in found:
        yield from table_files(name, names)
        yield f"{name}.papers.npy", np.array(doc_indices, dtype=np.uint32)


@contextmanager
def everything_kept() -> Iterator[None]:
    """Turn the cyclic garbage collector off.

    Nearly every object made here is kept. Traversing millions of them repeatedly would take a
    third of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def relative(corpus: Path, index_path: Path) -> str | None:
    """Return the corpus's path relative to the index, so that both can move together."""
    try:
        return Path(os.path.relpath(corpus.resolve(), index_path.resolve())).as_posix()
    except ValueError:  # on another drive
        return None
