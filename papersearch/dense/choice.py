"""The choice of what encodes the papers of a build: numpy, or sentence-transformers.

Numpy computes what it can where there is no graphics processor. It agrees with sentence-transformers
within `encoders.TOLERANCE`. Of the packaged model, tests prove that. For another model the first
build compares the two, and the manifest records the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from papersearch.dense import encoders, models
from papersearch.dense.accelerators import has_accelerator
from papersearch.dense.encoders import EncoderRecord
from papersearch.dense.encoding import ENCODING
from papersearch.dense.model_folder import is_static, read_modules, read_object
from papersearch.dense.prefixes import Prefixes, prefix_notice
from papersearch.dense.reference import MAX_LENGTH, wanted_precision
from papersearch.errors import ModelDamaged

if TYPE_CHECKING:
    from pathlib import Path

    from papersearch.dense.encoders import Identity, QueryBackend
    from papersearch.dense.encoding import PaperEncoder
    from papersearch.dense.reference import ReferenceEncoder


def choose_backend(
    model: models.ModelFiles, device: str | None, before: Sequence[EncoderRecord]
) -> QueryBackend | None:
    """Choose what encodes the papers, without importing torch; None if numpy must be compared first.

    device: a torch device, if one was asked for
    before: the encoders of earlier generations that have the same weights
    Numpy gives a text the same bits in every build, and sentence-transformers does not.
    """
    if is_static(model.folder):
        return "numpy"
    if device is not None or wanted_precision() == "bfloat16" or has_accelerator():
        return "sentence-transformers"
    return "numpy" if model.source == "package" else before[0].query_backend if before else None


def encoding_by(backend: QueryBackend | None) -> str:
    """Name the stored encodings of papers by `backend`; the name differs where bits may differ."""
    by = backend if backend != "sentence-transformers" else f"{backend} in {wanted_precision()}"
    return f"{ENCODING} by {by}"


def describe(
    model: models.ModelFiles,
    identity: Identity,
    device: str | None,
    before: Sequence[EncoderRecord],
    texts: Sequence[str],
    open_reference: Callable[[], ReferenceEncoder],
) -> EncoderRecord:
    """Describe the encoder of a build; compare numpy with sentence-transformers if no build has.

    `texts` are those of the papers; the other arguments are those of `choose_backend`.
    """
    backend = choose_backend(model, device, before)
    if model.source == "package":
        described = _packaged(model, identity)
    else:
        found = (encoders.same_record(one, model, texts) for one in before)
        described = next((one for one in found if one), None) or _compared(model, identity, open_reference, texts)
    return described.replace(
        encoding=encoding_by(backend or described.query_backend),
        query_prefix=identity.query_prefix,
        paper_prefix=identity.paper_prefix,
    )


def open_paper_encoder(
    model: models.ModelFiles, described: EncoderRecord, open_reference: Callable[[], ReferenceEncoder]
) -> PaperEncoder:
    """Open the encoder of the papers of an index that is being built."""
    if described.encoding != encoding_by("numpy"):
        return open_reference()
    if is_static(model.folder):
        from papersearch.dense.static import StaticEncoder

        return StaticEncoder(model, Prefixes(described.query_prefix, described.paper_prefix))
    from papersearch.dense.bulk import NumpyEncoder  # starts processes: not for a build with nothing to do

    return NumpyEncoder(model.folder, described.max_length, (described.query_prefix, described.paper_prefix))


def _packaged(model: models.ModelFiles, identity: Identity) -> EncoderRecord:
    """Describe the packaged model; tests compare numpy and `vocab.txt` with the libraries."""
    return EncoderRecord(
        **encoders.place_of(model),
        fingerprint=identity.fingerprint,
        dimensions=_width(model.folder / "config.json"),
        max_length=MAX_LENGTH,
        encoding="",
        query_prefix=identity.query_prefix,
        paper_prefix=identity.paper_prefix,
        query_backend="numpy",
        query_tokenizer="vocab.txt",
    )


def _width(path: Path) -> int:
    """Return the dimensions of the hidden states of the model with the configuration at `path`."""
    try:
        return int(read_object(path)["hidden_size"])
    except OSError as error:
        raise ModelDamaged(path=path, fault=error.strerror or str(error)) from error
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelDamaged(path=path, fault="it has no hidden_size") from error


def _compared(
    model: models.ModelFiles,
    identity: Identity,
    open_reference: Callable[[], ReferenceEncoder],
    texts: Sequence[str],
) -> EncoderRecord:
    """Describe a model that no build has described; static embeddings need no comparison."""
    prefixes = Prefixes(identity.query_prefix, identity.paper_prefix)
    from papersearch.dense.static import StaticEncoder

    encoder = StaticEncoder(model, prefixes) if is_static(model.folder) else open_reference()
    dimensions = len(encoder.encode("").vector)
    return encoders.record(model, identity.fingerprint, encoder, dimensions, texts)


def remarks(model: models.ModelFiles, prefixes: Prefixes) -> list[str]:
    """Say what is assumed about a model, and its user might not expect."""
    said: list[str] = []
    if not (model.folder / "modules.json").is_file() and read_modules(model.folder)[0].kind == "Transformer":
        said.append(f"the model {model.name} has no modules.json: a text's vector is the mean of its word pieces")
    if notice := prefix_notice(prefixes):
        said.append(notice)
    return said


def cost_of_queries(encoder: ReferenceEncoder) -> str:
    """Say what a query costs that goes through sentence-transformers."""
    opening = encoder.opening
    figures = f"about {opening.seconds:.0f} s and {opening.n_bytes / 1e6:.0f} MB" if opening else "several seconds"
    return f"queries with this model go through sentence-transformers: {figures} each"
