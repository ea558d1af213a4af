"""Texts to vectors in bulk, by sentence-transformers: the reference, and the slow way.

Imported while building, and by a query only where `bert` cannot compute the model.
"""

from __future__ import annotations

import copy
import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from papersearch.dense.feedback import unit
from papersearch.dense.late import Encoded
from papersearch.dense.models import ModelFiles
from papersearch.errors import ModelError

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


class BatchEncoder:
    """A sentence-transformers model, loaded quietly and from disk only.

    `device`: as torch names it; None chooses. Papers go through the transformer in bfloat16
    where the processor multiplies it faster than float32, unless PAPERSEARCH_PRECISION says
    float32 (or bfloat16 everywhere). Queries are always encoded in float32, and so is
    everything after the last hidden states.
    """

    def __init__(self, model: ModelFiles, device: str | None = None) -> None:
        # A user must never see the load report, the progress bars or the advice of three libraries.
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._model = SentenceTransformer(
                    str(model.folder),
                    device=device,
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
        except Exception as error:  # whatever a stranger's folder makes the libraries raise
            raise ModelError(
                f"the model in {model.folder} cannot be loaded: {error}",
                "papersearch index --model FOLDER",
            ) from error
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
        and where in the text each of its word pieces begins, (L,), if that is asked for.

        Longest first, so that a batch is padded little and memory fails early if at all.
        """
        order = sorted(range(len(texts)), key=lambda i: (-len(texts[i]), i))
        size = _BATCH_SIZE if self._model.device.type == "cpu" else _ACCELERATOR_BATCH_SIZE
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            outputs = self._papers_model.encode_document(
                [texts[i] for i in chosen], batch_size=size, output_value=None, show_progress_bar=False
            )
            for i, output in zip(chosen, outputs, strict=True):
                encoded = _encoded(output)
                receive(i, encoded, self._starts(texts[i], encoded.pieces) if with_starts else encoded.pieces[:0])

    def _starts(self, text: str, pieces: IntArray) -> IntArray:
        """Where in `text` each of its word `pieces` (L,) begins, in characters, (L,); all 0
        where the model's tokenizer does not say."""
        tokenizer = self._model.tokenizer
        nowhere = np.zeros(len(pieces), dtype=np.int64)
        if not getattr(tokenizer, "is_fast", False):
            return nowhere
        found = tokenizer(
            self._paper_prefix + text, truncation=True, max_length=self.max_length, return_offsets_mapping=True
        )
        if found["input_ids"] != pieces.tolist():
            return nowhere
        starts = np.array(found["offset_mapping"], dtype=np.int64)[:, 0] - len(self._paper_prefix)
        return np.maximum(starts, 0)

    def encode(self, text: str) -> Encoded:
        """`text`, read as a query."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[Encoded]:
        """Many queries in the order given."""
        outputs = self._model.encode_query(
            list(texts), batch_size=_QUERY_BATCH_SIZE, output_value=None, show_progress_bar=False
        )
        return [_encoded(output) for output in outputs]

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
        raise ModelError(f"{PRECISION_VARIABLE}={wanted}: it is auto, {' or '.join(get_args(Precision))}", "")
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


def _encoded(output: Mapping[str, Any]) -> Encoded:
    """What sentence-transformers gives for one text, without padding."""
    real = output["attention_mask"].bool()
    return Encoded(
        vector=unit(output["sentence_embedding"].float().cpu().numpy()),
        pieces=output["input_ids"][real].cpu().numpy().astype(np.int64),
        states=output["token_embeddings"][real].float().cpu().numpy(),
    )
