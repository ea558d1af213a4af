"""The choice of the encoder for an index's queries.

A build compares the numpy encoder with sentence-transformers and records the result in the
manifest. A query then uses numpy where both agree, and the library elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from papersearch.dense import architectures, models, wordpiece
from papersearch.dense.encoding import ENCODING, PaperEncoder
from papersearch.dense.model_folder import body_folder, is_static
from papersearch.dense.models import ModelFile, Source
from papersearch.errors import ModelChanged
from papersearch.types import Count
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded
    from papersearch.dense.prefixes import Prefixes

QueryBackend = Literal["numpy", "sentence-transformers"]
QueryTokenizer = Literal["vocab.txt", "tokenizer.json"]

TOLERANCE = 1e-5
"""Largest accepted difference in a component between numpy's and the library's unit vectors."""

_COMPARED = 100

_PROBES = (
    "pipeline bubbles",
    "Does quantisation below 4 bits hurt long-context reasoning, and why?",
    "naïve Bayes — $M^3$ViT, H_2O 10^5 \N{GREEK SMALL LETTER ALPHA} 模型",
)


class QueryEncoder(Protocol):
    """Protocol of an encoder of queries, one or many.

    in_context: whether the state of a word piece depends on the pieces beside it; the rows of a table do not
    """

    in_context: bool

    def encode(self, text: str) -> Encoded: ...

    def encode_many(self, texts: Sequence[str], prefix: str | None = None) -> list[Encoded]:
        """Encode queries in the order given.

        prefix: text before each query; None for the encoder's own
        """


class BuildEncoder(PaperEncoder, QueryEncoder, Protocol):
    """Protocol of the encoder of a build, for papers and queries."""

    prefixes: Prefixes
    max_length: int


class EncoderRecord(Value):
    """The encoder as the manifest describes it, so that queries use exactly the same.

    `folder` is empty for the packaged model. `files` lets a query skip the hash of files that have
    not been touched since the build.
    """

    name: str
    source: Source
    folder: str
    fingerprint: str
    files: tuple[ModelFile, ...]
    dimensions: Count
    max_length: Count
    encoding: str
    query_prefix: str
    paper_prefix: str
    query_backend: QueryBackend
    query_tokenizer: QueryTokenizer


class Identity(NamedTuple):
    """Everything that the encoding of a text depends on, besides the text."""

    fingerprint: str
    encoding: str
    query_prefix: str
    paper_prefix: str


def identity_of(described: EncoderRecord) -> Identity:
    """Return the part of a record that an encoding depends on."""
    return Identity(described.fingerprint, described.encoding, described.query_prefix, described.paper_prefix)


def record(
    model: models.ModelFiles,
    fingerprint: str,
    encoder: BuildEncoder,
    dimensions: int,
    texts: Sequence[str],
) -> EncoderRecord:
    """Describe `encoder`, after comparing it with the numpy encoder.

    Compared are the word pieces of a sample of `texts`, and the vectors of a few probes. Static
    embeddings are not compared: a build computes them as a query does.
    """
    has_table = is_static(model.folder)
    same_pieces = not has_table and wordpiece.agrees(
        body_folder(model.folder), encoder.max_length, (*_PROBES, *_sample(texts))
    )
    described = EncoderRecord(
        **place_of(model),
        fingerprint=fingerprint,
        dimensions=dimensions,
        max_length=encoder.max_length,
        encoding=ENCODING,
        query_prefix=encoder.prefixes.query,
        paper_prefix=encoder.prefixes.paper,
        query_backend="numpy",
        query_tokenizer="vocab.txt" if same_pieces else "tokenizer.json",
    )
    if has_table or _numpy_agrees(model.folder, described, encoder):
        return described
    return described.replace(query_backend="sentence-transformers")


def same_record(before: EncoderRecord, model: models.ModelFiles, texts: Sequence[str]) -> EncoderRecord | None:
    """Reuse the previous build's record if it is still valid for `texts`, else return None.

    `before` must describe the same files; its prefixes may differ.
    """
    if not before.encoding.startswith(ENCODING):
        return None
    if before.query_tokenizer == "vocab.txt" and not wordpiece.agrees(
        body_folder(model.folder), before.max_length, _sample(texts)
    ):
        return None
    return before.replace(**place_of(model))


def place_of(model: models.ModelFiles) -> dict[str, Any]:
    """Return the record's fields on where the model is and when its files were touched."""
    return {
        "name": model.name,
        "source": model.source,
        "folder": "" if model.source == "package" else str(model.folder),
        "files": models.touched(model),
    }


def _sample(texts: Sequence[str]) -> Sequence[str]:
    """Return about _COMPARED of the texts, evenly spread: comparing all of a large corpus takes
    minutes."""
    step = max(1, len(texts) // _COMPARED)
    return [texts[place] for place in range(0, len(texts), step)]


def is_untouched(described: EncoderRecord, model: models.ModelFiles) -> bool:
    """Return whether the files still have the sizes and times they had when they were hashed."""
    return models.touched(model) == described.files


def _numpy_agrees(folder: Path, described: EncoderRecord, encoder: BuildEncoder) -> bool:
    """Return whether numpy computes this model, and within TOLERANCE of the library."""
    try:
        ours = _numpy_encoder(folder, described)
        if ours is None:
            return False
        differences = [ours.encode(probe).vector - encoder.encode(probe).vector for probe in _PROBES]
        return float(np.abs(differences).max()) <= TOLERANCE
    except Exception:  # shapes that do not fit: the library encodes, or says why it cannot
        return False


def _numpy_encoder(folder: Path, described: EncoderRecord) -> QueryEncoder | None:
    """Return the numpy encoder of a transformer, or None if numpy cannot compute it."""
    body = body_folder(folder)
    if described.max_length == 0 or not (body / "tokenizer.json").is_file():
        return None  # static embeddings read all word pieces
    in_place = described.query_tokenizer == "vocab.txt"
    tokenizer = wordpiece.WordPieces if in_place else wordpiece.LibraryTokenizer
    return architectures.open_encoder(folder, tokenizer(body, described.max_length), described.query_prefix)


def open_query_encoder(described: EncoderRecord) -> QueryEncoder:
    """Open the encoder of an index's queries. Raises ModelError if its files are missing or changed."""
    model = models.relocate(described.name, described.source, described.folder)
    if not is_untouched(described, model) and models.fingerprint(model) != described.fingerprint:
        raise ModelChanged(name=described.name, folder=model.folder)
    if described.query_backend == "numpy" and (encoder := _numpy_encoder(model.folder, described)) is not None:
        return encoder
    from papersearch.dense.prefixes import Prefixes  # these are not for every query

    prefixes = Prefixes(described.query_prefix, described.paper_prefix)
    if is_static(model.folder):
        from papersearch.dense.static import StaticEncoder

        return StaticEncoder(model, prefixes)
    from papersearch.dense.reference import ReferenceEncoder

    return ReferenceEncoder(model, prefixes=prefixes)
