"""An index opened for queries. Each array is mapped at its first use, not on opening."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from papersearch.dense.encoders import QueryEncoder, open_query_encoder
from papersearch.dense.late import PieceVectors
from papersearch.dense.vectors import PaperVectors
from papersearch.errors import IndexVersionError, ModelError, NothingEncoded
from papersearch.index.layout import LATE_ARRAYS
from papersearch.index.papers import Names, PaperIds, PaperStore
from papersearch.index.string_table import StringTable
from papersearch.lexical.acronyms import ExpansionTable
from papersearch.lexical.matching import LexicalIndex
from papersearch.lexical.phrases import DocumentLengths
from papersearch.lexical.postings import Postings
from papersearch.text.analysis import Analyzer, analysis_name, languages_of_analysis
from papersearch.text.words import ENGLISH

if TYPE_CHECKING:
    from pathlib import Path

    from papersearch.index.facts import Facts
    from papersearch.index.generation import Generation
    from papersearch.index.manifest import Manifest
    from papersearch.index.name_tables import NameTable
    from papersearch.types import BoolArray, DocIndices, NameKind


class OpenedIndex:
    """The arrays and tables of one generation, each mapped at its first use.

    Modules that few queries need are imported at their first use too.
    """

    def __init__(self, generation: Generation, analyzer: Analyzer) -> None:
        self._generation = generation
        self.analyzer = analyzer
        self._names: dict[NameKind, NameTable] = {}

    @property
    def manifest(self) -> Manifest:
        return self._generation.manifest

    @property
    def dump_names(self) -> list[str]:
        return [dump.name for dump in self.manifest.dumps]

    @cached_property
    def words(self) -> StringTable:
        """Spellings of words in papers, W strings; `word_counts` has their frequencies."""
        return self._strings("words")

    @cached_property
    def word_counts(self) -> DocIndices:
        return self._generation.rows("words.counts.npy")

    @cached_property
    def postings(self) -> Postings:
        files = self._generation
        return Postings(
            terms=self._strings("terms"),
            idf=files.rows("terms.idf.npy"),
            offsets=files.rows("postings.offsets.npy"),
            doc_indices=files.rows("postings.papers.npy"),
            impacts=files.rows("postings.impacts.npy"),
            starts=files.rows("postings.starts.npy"),
            position_offsets=files.rows("positions.offsets.npy"),
            positions=files.rows("positions.npy"),
        )

    @cached_property
    def lexical(self) -> LexicalIndex:
        """Postings and lengths, as matching a query's words needs them."""
        files = self._generation
        mean = self.manifest.lexical.mean_length
        lengths = DocumentLengths(files.rows("lengths.npy"), mean, files.rows("lengths.titles.npy"))
        return LexicalIndex(self.postings, lengths, self.analyzer)

    @cached_property
    def expansions(self) -> ExpansionTable:
        """Acronyms of the whole."""
        return ExpansionTable(self._strings("expansions"), self.analyzer)

    @cached_property
    def pieces(self) -> PieceVectors | None:
        """Word pieces for late interaction; None if the index was built without it."""
        if self.manifest.late is None:
            return None
        return PieceVectors(*map(self._generation.rows, LATE_ARRAYS))

    @cached_property
    def is_encoded(self) -> BoolArray | None:
        """Mask of the papers with a vector, (N,); None if all have one."""
        if not self.manifest.is_partial:
            return None
        mask: BoolArray = self._generation.array("papers.encoded.npy") != 0
        return mask

    @cached_property
    def vectors(self) -> PaperVectors:
        return PaperVectors(
            self._generation.rows("vectors.npy"),
            self._generation.rows("vectors.int8.npy"),
            self.manifest.quantization,
        )

    @cached_property
    def papers(self) -> PaperStore:
        # References to this index would be cycles, and keep the generation open.
        return PaperStore(
            lines=self._strings("papers", "papers.jsonl"),
            added=self._generation.rows("papers.added.npy"),
            open_names=partial(_names_of, self._generation),
            collections=self.manifest.collections,
        )

    @cached_property
    def facts(self) -> Facts:
        from papersearch.index.facts import Facts

        files = self._generation
        return Facts(
            dates=files.array("papers.dates.npy"),
            organisations=files.array("papers.organisations.npy"),
            organisation_lines=self._strings("organisations"),
            has_code=files.array("papers.code.npy"),
            since=files.array("papers.since.npy"),
            added=files.array("papers.added.npy"),
            dump_papers=files.rows("dumps.papers.npy"),
            dump_offsets=files.rows("dumps.offsets.npy"),
        )

    def names(self, kind: NameKind) -> NameTable:
        """Return the names of one kind, which no plain query reads."""
        if kind not in self._names:
            from papersearch.index.name_tables import NameTable

            files = self._generation
            starts, papers = files.rows(f"{kind}.starts.npy"), files.rows(f"{kind}.papers.npy")
            self._names[kind] = NameTable(kind, self._strings(kind), starts, papers)
        return self._names[kind]

    @cached_property
    def paper_ids(self) -> PaperIds:
        """All ids in paper order; a run names most papers, and reads none."""
        return PaperIds(self._strings("ids"), self._generation.array("ids.papers.npy"))

    @cached_property
    def encoder(self) -> QueryEncoder:
        """The encoder of queries. Raises ModelError."""
        return query_encoder(self.manifest, self._generation.index_path)

    def _strings(self, name: str, file: str | None = None) -> StringTable:
        return _strings_of(self._generation, name, file)


def analyzer_of(manifest: Manifest, path: Path) -> Analyzer:
    """Return the analyzer of the index in the folder `path`. Raises IndexVersionError."""
    found = manifest.lexical.analyzer
    languages = languages_of_analysis(found)
    readable = analysis_name(languages or (ENGLISH,))
    if languages is None or found != readable:
        raise IndexVersionError(path=path, what="analysis", found=found, readable=readable)
    return Analyzer(languages)


def query_encoder(manifest: Manifest, index_path: Path) -> QueryEncoder:
    """Open the encoder of queries. Raises ModelError, which names the index."""
    try:
        if manifest.encoder is None:
            raise NothingEncoded(n_papers=manifest.n_papers)
        return open_query_encoder(manifest.encoder)
    except ModelError as error:
        error.index_path = index_path
        raise


def _names_of(generation: Generation, name: str) -> Names:
    return Names(_strings_of(generation, name), generation.rows(f"{name}.papers.npy"))


def _strings_of(generation: Generation, name: str, file: str | None = None) -> StringTable:
    return StringTable(generation.spans(file or f"{name}.txt"), generation.rows(f"{name}.offsets.npy"))
