"""The manifest: a description of one generation, with the size and checksum of each of its files.

It is validated when it is parsed. File names must be those of `layout`, so that a hostile manifest
cannot name other files. Only the model folder may be outside the index; it is checked by its hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from papersearch.dense.background import Background
from papersearch.dense.encoders import EncoderRecord
from papersearch.dense.vectors import Quantization
from papersearch.errors import IndexDamaged
from papersearch.index.blocks import n_blocks
from papersearch.index.checked_json import decode_fields, encode_checked
from papersearch.index.files import FileRecord
from papersearch.index.layout import (
    CHECKSUMS,
    KIND,
    MANIFEST,
    OLDEST_READABLE_VERSION,
    OLDEST_REUSABLE_VERSION,
    files_of,
    generation_folder,
)
from papersearch.index.typed_json import read_record
from papersearch.types import Count, DumpFile, SkippedFile
from papersearch.values import Value


class LexicalRecord(Value):
    """The text analysis and the BM25 parameters of the postings."""

    analyzer: str
    statistics: str
    k1: float
    b: float
    mean_length: float


class LateRecord(Value):
    """Sizes of late interaction: M stored word pieces, V in the vocabulary, H and C dimensions.

    A word piece has `width` dimensions in the model, and `dimensions` in the index.
    """

    n_pieces: Count
    n_vocabulary: Count
    width: Count
    dimensions: Count


class Manifest(Value):
    """One generation, or a part of it: a publication before all its papers are encoded.

    part: 0 for a complete generation; the parts of one are numbered from 1
    n_encoded: number of papers with a vector
    encoder, background: None if no paper has a vector
    corpus: the corpus folder relative to the index, or the folders of several collections by name; None if
        the dumps were named one by one
    abstracts_only: papers without abstract were left out
    n_left_out: their number
    last_added: when the last paper of the whole first came, in seconds since 1970; 0 if no time is known
    late: None if late interaction was left out, or no paper has a vector
    quantization: the parameters of the int8 vectors
    background: the best cosines that random words reach (`search.verdict`)

    Axes: papers N, appearances A, terms T, postings P, positions O, expansions E, probes B,
    organisations G, spellings W, identifiers X, dumps F; names of authors I, of categories K, of
    venues Q, and the papers of all names J, L, R; blocks of files Y.
    """

    format_version: int
    generation: Count
    part: Count
    written_by: str
    n_papers: Count
    n_encoded: Count
    n_appearances: Count
    n_terms: Count
    n_postings: Count
    n_positions: Count
    n_expansions: Count
    n_probes: Count
    n_organisations: Count
    n_words: Count
    n_authors: Count
    n_by_author: Count
    n_categories: Count
    n_in_category: Count
    n_venues: Count
    n_at_venue: Count
    n_identifiers: Count
    lexical: LexicalRecord
    encoder: EncoderRecord | None
    quantization: Quantization
    late: LateRecord | None
    background: Background | None
    corpus: str | Mapping[str, str] | None
    abstracts_only: bool
    n_left_out: Count
    last_added: Count
    dumps: tuple[DumpFile, ...]
    skipped: tuple[SkippedFile, ...]
    files: Mapping[str, FileRecord]

    def __repr__(self) -> str:
        encoder = self.encoder.name if self.encoder else "words only"
        return f"<Manifest of generation {self.generation}: {self.n_papers} papers, {encoder}>"

    @property
    def folder(self) -> str:
        """Name of the folder with the files."""
        return generation_folder(self.generation, self.part)

    @property
    def collections(self) -> tuple[str, ...]:
        """Names of the collections that the index was built from; empty if it was built from one corpus."""
        return tuple(sorted(self.corpus)) if isinstance(self.corpus, Mapping) else ()

    @property
    def is_partial(self) -> bool:
        """True if some papers have no vector."""
        return self.n_encoded < self.n_papers

    def axis(self, letter: str) -> int:
        """Return the length of an axis of an array in `layout`."""
        if letter == "Y+1":  # counted for its own array alone
            return 1 + sum(n_blocks(record.size) for name, record in self.files.items() if name != CHECKSUMS)
        late = self.late or LateRecord(n_pieces=0, n_vocabulary=0, width=0, dimensions=0)
        lengths = {
            "N": self.n_papers,
            "T": self.n_terms,
            "P": self.n_postings,
            "O": self.n_positions,
            "E": self.n_expansions,
            "B": self.n_probes,
            "A": self.n_appearances,
            "F": len(self.dumps),
            "G": self.n_organisations,
            "W": self.n_words,
            "I": self.n_authors,
            "J": self.n_by_author,
            "K": self.n_categories,
            "L": self.n_in_category,
            "Q": self.n_venues,
            "R": self.n_at_venue,
            "X": self.n_identifiers,
            "S": 32,  # bytes of a SHA-256
            "D": self.encoder.dimensions if self.encoder else 0,
            "M": late.n_pieces,
            "V": late.n_vocabulary,
            "H": late.width,
            "C": late.dimensions,
        }
        return lengths[letter[0]] + (1 if letter.endswith("+1") else 0)


NAME_COUNTS = {
    "n_authors": ("authors.starts.npy", 1),
    "n_by_author": ("authors.papers.npy", 0),
    "n_categories": ("categories.starts.npy", 1),
    "n_in_category": ("categories.papers.npy", 0),
    "n_venues": ("venues.starts.npy", 1),
    "n_at_venue": ("venues.papers.npy", 0),
}
"""For each field of a manifest about names, the array whose length says it, and what is not counted."""


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as indented JSON with its kind first and its checksum last."""
    return encode_checked({"kind": KIND, **manifest.asdict()})


def decode_manifest(content: bytes, place: str, *, is_reused: bool = False) -> Manifest:
    """Parse a manifest; errors name `place`.

    is_reused: of an older format too, from which a build takes what it can; it has no queries

    Raises IndexForeign, IndexVersionError or IndexDamaged.
    """
    oldest = OLDEST_REUSABLE_VERSION if is_reused else OLDEST_READABLE_VERSION
    fields = decode_fields(content, KIND, Path(place), MANIFEST, oldest)
    is_older = fields["format_version"] < OLDEST_READABLE_VERSION
    if is_older:
        fields = {**{name: 0 for name, kind in Manifest.__annotations__.items() if kind == "Count"}, **fields}
    try:
        manifest = read_record(Manifest, fields)
    except (ValueError, OverflowError) as error:
        raise _damaged(place, f"is incomplete ({error})") from error
    if (fault := _fault_of_parts(manifest)) is not None:
        raise _damaged(place, fault)
    expected = files_of(has_late_interaction=manifest.late is not None, is_partial=manifest.is_partial)
    if not (manifest.files.keys() <= expected if is_older else manifest.files.keys() == expected):
        raise _damaged(place, "lists other files than this format has")
    return manifest


def _fault_of_parts(manifest: Manifest) -> str | None:
    """Return how the fields on encoded papers contradict each other, or None."""
    if manifest.n_encoded > manifest.n_papers:
        return "has more encoded papers than papers"
    if (manifest.part > 0) != manifest.is_partial:
        return "numbers a part, and every paper is encoded" if manifest.part else "numbers no part"
    dense = (manifest.encoder, manifest.background)
    if any((field is None) != (manifest.n_encoded == 0) for field in dense):
        return "describes an encoder that encoded no paper, or none"
    return "has word pieces of no paper" if manifest.late is not None and not manifest.n_encoded else None


def _damaged(place: str, fault: str) -> IndexDamaged:
    return IndexDamaged(path=Path(place), file=MANIFEST, fault=fault)
