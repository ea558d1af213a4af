"""The manifest: what an index is, and the size and checksum of each of its files.

Parsed once, validated at the door. It names no path that is followed: the files' names are
those of `layout`, and only a model folder, read as numbers and checked by its hash, may lie
outside the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from papersearch.dense.background import Background
from papersearch.dense.encoders import QUERY_BACKENDS, QUERY_TOKENIZERS, EncoderRecord
from papersearch.dense.models import SOURCES
from papersearch.dense.vectors import Quantization
from papersearch.errors import IndexDamaged, IndexForeign, IndexVersionError
from papersearch.index.files import FileRecord
from papersearch.index.layout import FORMAT_VERSION, KIND, OLDEST_READABLE_VERSION, files_of
from papersearch.types import DumpFile, SkippedFile
from papersearch.values import Value


class LexicalRecord(Value):
    """Which analysis and which BM25 the postings hold."""

    analyzer: str
    statistics: str
    k1: float
    b: float
    mean_length: float


class LateRecord(Value):
    """Late interaction: word pieces stored M, of a vocabulary V, in so many dimensions C."""

    n_pieces: int
    n_vocabulary: int
    dimensions: int


class Manifest(Value):
    """One generation. `corpus` is the corpus folder relative to the index, or None when the
    dumps were named one by one. `late` is None where late interaction was left out.
    `quantization` tells how the int8 vectors were made. `background` are the cosines of
    papers to queries that are not about them (`verdict`).
    Counts: papers N, appearances A, terms T, postings P, their positions O, expansions E,
    probes B, organisations G, spellings W; dumps F."""

    format_version: int
    generation: int
    written_by: str
    n_papers: int
    n_appearances: int
    n_terms: int
    n_postings: int
    n_positions: int
    n_expansions: int
    n_probes: int
    n_organisations: int
    n_words: int
    lexical: LexicalRecord
    encoder: EncoderRecord
    quantization: Quantization
    late: LateRecord | None
    background: Background
    corpus: str | None
    dumps: tuple[DumpFile, ...]
    skipped: tuple[SkippedFile, ...]
    files: Mapping[str, FileRecord]

    def __repr__(self) -> str:
        return f"<Manifest of generation {self.generation}: {self.n_papers} papers, {self.encoder.name}>"

    def axis(self, letter: str) -> int:
        """The length of an axis of `layout.ARRAYS` and `layout.LATE_ARRAYS`."""
        late = self.late or LateRecord(n_pieces=0, n_vocabulary=0, dimensions=0)
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
            "S": 32,  # bytes of a SHA-256
            "D": self.encoder.dimensions,
            "M": late.n_pieces,
            "V": late.n_vocabulary,
            "C": late.dimensions,
        }
        return lengths[letter[0]] + (1 if letter.endswith("+1") else 0)


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as indented JSON with its kind first."""
    return orjson.dumps({"kind": KIND, **manifest.asdict()}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def decode_manifest(content: bytes, place: str) -> Manifest:
    """Read a manifest; `place` is named in errors.

    Raises IndexForeign, IndexVersionError or IndexDamaged.
    """
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise _damaged(place, "is not JSON") from error
    if not isinstance(fields, dict) or fields.pop("kind", None) != KIND:
        raise IndexForeign(path=Path(place), cause="papersearch did not write its manifest.json")
    version = fields.get("format_version")
    if not isinstance(version, int):
        raise _damaged(place, "has no format version")
    if not OLDEST_READABLE_VERSION <= version <= FORMAT_VERSION:
        raise IndexVersionError(
            path=Path(place),
            what="format",
            found=str(version),
            readable=f"{OLDEST_READABLE_VERSION} to {FORMAT_VERSION}",
            is_newer=version > FORMAT_VERSION,
        )
    try:
        return _checked(fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(place, f"is incomplete ({error})") from error


def _checked(fields: dict[str, Any]) -> Manifest:
    manifest = Manifest(
        **{
            **fields,
            "lexical": LexicalRecord(**fields["lexical"]),
            "encoder": EncoderRecord(**fields["encoder"]),
            "quantization": Quantization(**fields["quantization"]),
            "late": LateRecord(**fields["late"]) if fields["late"] is not None else None,
            "background": Background(**fields["background"]),
            "dumps": tuple(DumpFile(**dump) for dump in fields["dumps"]),
            "skipped": tuple(SkippedFile(**file) for file in fields["skipped"]),
            "files": {name: FileRecord(**record) for name, record in fields["files"].items()},
        }
    )
    counts = (
        manifest.generation,
        manifest.n_papers,
        manifest.n_appearances,
        manifest.n_terms,
        manifest.n_postings,
        manifest.n_positions,
        manifest.n_expansions,
        manifest.n_probes,
        manifest.n_organisations,
        manifest.n_words,
        *(manifest.late.asdict().values() if manifest.late else ()),
        manifest.encoder.dimensions,
        manifest.encoder.max_length,
        manifest.encoder.weights_size,
        manifest.encoder.weights_mtime_ns,
        *(record.size for record in manifest.files.values()),
    )
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        raise ValueError("a count is not a number")
    if set(manifest.files) != files_of(has_late_interaction=manifest.late is not None):
        raise ValueError("it lists other files than this format has")
    encoder = manifest.encoder
    if (
        encoder.source not in SOURCES
        or encoder.query_backend not in QUERY_BACKENDS
        or encoder.query_tokenizer not in QUERY_TOKENIZERS
    ):
        raise ValueError("it names an unknown encoder")
    if not all(
        isinstance(figure, float | int)
        for figure in (
            *manifest.background.asdict().values(),
            *manifest.quantization.asdict().values(),
            manifest.lexical.mean_length,
        )
    ):
        raise ValueError("a figure is not a number")
    texts = (
        encoder.name,
        encoder.folder,
        encoder.fingerprint,
        encoder.encoding,
        encoder.query_prefix,
        manifest.lexical.analyzer,
    )
    if not all(isinstance(text, str) for text in texts) or not isinstance(manifest.corpus, str | None):
        raise ValueError("a name is not text")
    return manifest


def _damaged(place: str, fault: str) -> IndexDamaged:
    return IndexDamaged(path=Path(place), file="manifest.json", fault=fault)
