"""Texts to vectors in bulk, by sentence-transformers: the reference, and the slow way.

Imported while building, and by a query only where `bert` cannot compute the model.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.models import ModelFiles
from papersearch.errors import ModelError

if TYPE_CHECKING:
    from papersearch.types import Float32Array

MAX_LENGTH = 512
"""Word pieces read of a paper, where the model has as many positions. MiniLM's own default
is 256, and nearly every abstract is longer."""

_BATCH_SIZE = 8
"""Texts per forward pass: on CPUs faster than 32, because less is padded."""

_PROGRESS_STEP = 4 * _BATCH_SIZE

_OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})
"""Architectures whose first two positions are taken by padding."""


class BatchEncoder:
    """A sentence-transformers model, loaded quietly and from disk only."""

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
        self.query_prefix = prompts.get("query") or prompts.get(self._model.default_prompt_name or "", "") or ""

    def encode_papers(self, texts: Sequence[str], progress: Callable[[int], None]) -> Float32Array:
        """Unit rows (len(texts), D) in the order given; `progress` hears how many are done.

        Longest first, so that a batch is padded little and memory fails early if at all.
        """
        order = sorted(range(len(texts)), key=lambda i: (-len(texts[i]), i))
        vectors: Float32Array | None = None
        for start in range(0, len(order), _PROGRESS_STEP):
            chosen = order[start : start + _PROGRESS_STEP]
            encoded = self._model.encode_document(
                [texts[i] for i in chosen],
                batch_size=_BATCH_SIZE,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            if vectors is None:
                vectors = np.empty((len(texts), encoded.shape[1]), dtype=np.float32)
            vectors[chosen] = encoded
            progress(start + len(chosen))
        return vectors if vectors is not None else np.empty((0, 0), dtype=np.float32)

    def encode(self, text: str) -> Float32Array:
        """The unit vector (D,) of `text`, read as a query."""
        vector: Float32Array = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return vector

    def _positions(self) -> int:
        """MAX_LENGTH, or the model's own number of positions where that is smaller."""
        config = getattr(self._model[0].auto_model, "config", None)
        positions = int(getattr(config, "max_position_embeddings", MAX_LENGTH))
        if getattr(config, "model_type", "") in _OFFSET_POSITIONS:
            positions -= 2
        return min(MAX_LENGTH, positions)
