"""Which encoder reads the queries of an index: numpy where it agrees, otherwise the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, get_args

import numpy as np

from papersearch.dense import bert, models
from papersearch.errors import ModelError

if TYPE_CHECKING:
    from papersearch.dense.batch import BatchEncoder
    from papersearch.types import Float32Array

QueryBackend = Literal["numpy", "sentence-transformers"]
QUERY_BACKENDS: tuple[QueryBackend, ...] = get_args(QueryBackend)

TOLERANCE = 1e-5
"""Largest difference of a component between numpy's and the library's unit vectors."""

_PROBES = (
    "pipeline bubbles",
    "Does quantisation below 4 bits hurt long-context reasoning, and why?",
    "naïve Bayes — $M^3$ViT, H_2O 10^5 \N{GREEK SMALL LETTER ALPHA} 模型",
)


class QueryEncoder(Protocol):
    """Whatever turns one query into a unit vector (D,)."""

    def encode(self, text: str) -> Float32Array: ...


class EncoderRecord(NamedTuple):
    """What the manifest keeps of the encoder, so that queries use the very same.

    `folder` is empty for the packaged model. `weights_size` and `weights_mtime_ns` spare a
    query the hashing of weights that have not been touched since the build.
    """

    name: str
    source: models.Source
    folder: str
    fingerprint: str
    weights_size: int
    weights_mtime_ns: int
    dimensions: int
    max_length: int
    query_prefix: str
    query_backend: QueryBackend


def record(model: models.ModelFiles, fingerprint: str, encoder: BatchEncoder, dimensions: int) -> EncoderRecord:
    """Describe `encoder`, after comparing numpy's vectors of a few probes with its own."""
    weights = (model.folder / models.WEIGHTS).stat()
    return EncoderRecord(
        name=model.name,
        source=model.source,
        folder="" if model.source == "package" else str(model.folder),
        fingerprint=fingerprint,
        weights_size=weights.st_size,
        weights_mtime_ns=weights.st_mtime_ns,
        dimensions=dimensions,
        max_length=encoder.max_length,
        query_prefix=encoder.query_prefix,
        query_backend="numpy" if _numpy_agrees(model.folder, encoder) else "sentence-transformers",
    )


def _numpy_agrees(folder: Path, encoder: BatchEncoder) -> bool:
    shape = bert.read_shape(folder)
    if shape is None:
        return False
    try:
        ours = bert.BertEncoder(folder, shape, encoder.max_length, encoder.query_prefix)
        return all(
            float(np.abs(ours.encode(probe) - encoder.encode(probe)).max()) <= TOLERANCE for probe in _PROBES
        )
    except ModelError:
        return False


def open_query_encoder(described: EncoderRecord) -> QueryEncoder:
    """The encoder of an index's queries. Raises ModelError when its files are gone or changed."""
    model = models.relocate(described.name, described.source, described.folder)
    weights = (model.folder / models.WEIGHTS).stat()
    untouched = (weights.st_size, weights.st_mtime_ns) == (described.weights_size, described.weights_mtime_ns)
    if not untouched and models.fingerprint(model) != described.fingerprint:
        raise ModelError(
            f"the model {described.name} in {model.folder} is not the one the index was built with",
            "papersearch index",
        )
    if described.query_backend == "numpy":
        shape = bert.read_shape(model.folder)
        if shape is not None:
            return bert.BertEncoder(model.folder, shape, described.max_length, described.query_prefix)
    from papersearch.dense.batch import BatchEncoder

    return BatchEncoder(model)
