"""Texts to vectors in bulk, by sentence-transformers: the reference, and the slow way.

Imported while building, and by a query only where `bert` cannot compute the model.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from papersearch.dense.feedback import unit
from papersearch.dense.late import Encoded
from papersearch.dense.models import ModelFiles
from papersearch.dense.quiet import quiet_models
from papersearch.errors import ModelUnusable, UnknownPrecision

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from papersearch.types import IntArray

MAX_LENGTH = 512
"""Word pieces read of a paper, where the model has as many positions. MiniLM's own default
is 256, and nearly every abstract is longer."""

_BATCH_SIZE = 8
_ACCELERATOR_BATCH_SIZE = 128
_QUERY_BATCH_SIZE = 64
"""Texts per forward pass: for papers on CPUs faster than 32, because less is padded; queries
are short."""

_PAPER_PROMPTS = ("document", "passage", "corpus")
"""What sentence-transformers takes a document's prompt from."""

Precision = Literal["float32", "bfloat16"]
PRECISION_VARIABLE = "PAPERSEARCH_PRECISION"

_OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})
"""Architectures whose first two positions are taken by padding."""


class ReferenceEncoder:
    """A sentence-transformers model, loaded quietly and from disk only.

    `device`: as torch names it; None chooses. Papers go through the transformer in bfloat16
    where the processor multiplies it faster than float32, unless PAPERSEARCH_PRECISION says
    float32 (or bfloat16 everywhere). Queries are always encoded in float32, and so is
    everything after the last hidden states.
    """

    def __init__(self, model: ModelFiles, device: str | None = None) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            with quiet_models():
                self._model = SentenceTransformer(
                    str(model.folder),
                    device=device,
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
        except Exception as error:  # whatever a stranger's folder makes the libraries raise
            raise ModelUnusable(name=str(model.folder), cause=f"loading it failed: {error}") from error
        self.max_length = self._positions()
        self._model.max_seq_length = self.max_length
        prompts = self._model.prompts or {}
        self._papers_model = self._model
        if _precision(self._model.device.type) == "bfloat16":
            self._papers_model = _with_bfloat16(self._model)
        named = (*_PAPER_PROMPTS, self._model.default_prompt_name or "")
        self._paper_prefix = next((prompts[name] for name in named if prompts.get(name)), "")
        self.query_prefix = prompts.get("query") or prompts.get(self._model.default_prompt_name or "", "") or ""

    def encode_papers(
        self, texts: Sequence[str], receive: Callable[[int, Encoded, IntArray], None], *, with_starts: bool = False
    ) -> None:
        """Encode `texts` as papers and hand each over as soon as it is done, with its position,
        and where in the text each of its word pieces begins, (L,), if that is asked for."""
        size = _BATCH_SIZE if self._model.device.type == "cpu" else _ACCELERATOR_BATCH_SIZE
        for chosen in _longest_first(texts, size):
            batch = [texts[i] for i in chosen]
            with quiet_models():
                outputs = self._papers_model.encode_document(
                    batch, batch_size=size, output_value=None, show_progress_bar=False
                )
            encoded = _encoded(outputs)
            starts = self._starts(batch, encoded) if with_starts else [one.pieces[:0] for one in encoded]
            for i, one, places in zip(chosen, encoded, starts, strict=True):
                receive(i, one, places)

    def _starts(self, texts: Sequence[str], encoded: Sequence[Encoded]) -> list[IntArray]:
        """Where in each text each of its word pieces (L,) begins, in characters, (L,); all 0 where
        the model's tokenizer does not say."""
        starts = [np.zeros(len(one.pieces), dtype=np.int64) for one in encoded]
        tokenizer, prefix = self._model.tokenizer, self._paper_prefix
        if getattr(tokenizer, "is_fast", False):
            prefixed = [prefix + text for text in texts]
            found = tokenizer(prefixed, truncation=True, max_length=self.max_length, return_offsets_mapping=True)
            for places, one, ids, offsets in zip(
                starts, encoded, found["input_ids"], found["offset_mapping"], strict=True
            ):
                if ids == one.pieces.tolist():
                    places[:] = [max(0, start - len(prefix)) for start, _ in offsets]
        return starts

    def encode(self, text: str) -> Encoded:
        """`text`, read as a query."""
        return self.encode_together([text])[0]

    def encode_many(self, texts: Sequence[str]) -> list[Encoded]:
        """Many queries in the order given, each by itself: beside others its last digits would be
        others, and its answer might."""
        return [self.encode(text) for text in texts]

    def encode_together(self, texts: Sequence[str]) -> list[Encoded]:
        """Many texts, read as queries, in the order given; several at a time, for speed."""
        encoded: dict[int, Encoded] = {}
        for chosen in _longest_first(texts, _QUERY_BATCH_SIZE):
            batch = [texts[i] for i in chosen]
            with quiet_models():
                outputs = self._model.encode_query(
                    batch, batch_size=_QUERY_BATCH_SIZE, output_value=None, show_progress_bar=False
                )
            encoded |= zip(chosen, _encoded(outputs), strict=True)
        return [encoded[i] for i in range(len(texts))]

    def vocabulary(self) -> list[str]:
        """The model's word pieces by id; an id that none has is an empty string."""
        pieces: dict[str, int] = self._model.tokenizer.get_vocab()
        named = [""] * (max(pieces.values(), default=-1) + 1)
        for piece, number in pieces.items():
            named[number] = piece
        return named

    def _positions(self) -> int:
        """MAX_LENGTH, or the model's own number of positions where that is smaller."""
        config = getattr(self._model[0].auto_model, "config", None)
        positions = int(getattr(config, "max_position_embeddings", MAX_LENGTH))
        if getattr(config, "model_type", "") in _OFFSET_POSITIONS:
            positions -= 2
        return min(MAX_LENGTH, positions)


def _precision(device: str) -> Precision:
    """bfloat16 where it has instructions of its own: elsewhere it takes twice as long as float32."""
    import torch

    wanted = os.environ.get(PRECISION_VARIABLE) or "auto"
    if wanted in get_args(Precision):
        return cast(Precision, wanted)
    if wanted != "auto":
        raise UnknownPrecision(variable=PRECISION_VARIABLE, value=wanted, known=("auto", *get_args(Precision)))
    if device == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability() >= (8, 0) else "float32"
    if device != "cpu":
        return "float32"
    features = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    has_instructions = any(getattr(torch.cpu, feature, lambda: False)() for feature in features)
    return "bfloat16" if has_instructions else "float32"


def _with_bfloat16(model: SentenceTransformer) -> SentenceTransformer:
    """The same model with its transformer in bfloat16; pooling and what follows stay float32."""
    import torch
    from sentence_transformers import SentenceTransformer

    class ToFloat32(torch.nn.Module):  # type: ignore[misc]  # torch is not read by the type checker
        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            features["token_embeddings"] = features["token_embeddings"].float()
            return features

    transformer = copy.deepcopy(model[0]).to(torch.bfloat16)
    lighter = SentenceTransformer(
        modules=[transformer, ToFloat32(), *list(model)[1:]],
        device=str(model.device),
        prompts=model.prompts,
        default_prompt_name=model.default_prompt_name,
    )
    lighter.max_seq_length = model.max_seq_length
    return lighter


def _longest_first(texts: Sequence[str], size: int) -> Iterator[list[int]]:
    """The places of the texts in batches of `size`: a batch is padded little, and memory fails
    early if at all."""
    order = sorted(range(len(texts)), key=lambda i: (-len(texts[i]), i))
    yield from (order[start : start + size] for start in range(0, len(order), size))


def _encoded(outputs: Sequence[Mapping[str, Any]]) -> list[Encoded]:
    """What sentence-transformers gives for the texts of one batch, without padding. It comes from
    the device at once: waiting for each text by itself would take longer than the model."""
    import torch

    def together(name: str) -> torch.Tensor:
        return torch.stack([output[name] for output in outputs]).cpu()

    is_real = together("attention_mask").bool().numpy()
    pieces = together("input_ids").numpy().astype(np.int64)
    states = together("token_embeddings").float().numpy()
    vectors = together("sentence_embedding").float().numpy()
    return [
        Encoded(unit(vector), ids[real], rows[real])
        for vector, ids, rows, real in zip(vectors, pieces, states, is_real, strict=True)
    ]
