"""Transformers that are computed text by text in float32, and their layers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.late import Encoded
from papersearch.dense.model_folder import WEIGHTS_FILE
from papersearch.dense.safetensors_file import SafetensorsFile

if TYPE_CHECKING:
    from papersearch.dense.architectures import Tokenizer
    from papersearch.dense.heads import Head
    from papersearch.types import BoolArray, Float32Array, IntArray


class TransformerEncoder(ABC):
    """Base of encoders that compute each text by itself; opening one maps the weights."""

    in_context = True

    def __init__(self, folder: Path, head: Head, tokenizer: Tokenizer, prefix: str) -> None:
        self._head = head
        self._tokenizer = tokenizer
        self._prefix = prefix
        self._weights = SafetensorsFile(folder / WEIGHTS_FILE)

    def encode(self, text: str) -> Encoded:
        """Encode `text` as a query."""
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str], prefix: str | None = None) -> list[Encoded]:
        """Encode queries in the order given; see `encoders.QueryEncoder`."""
        before = self._prefix if prefix is None else prefix
        return [self.encode_pieces(self._tokenizer.ids(before + text)) for text in texts]

    def encode_pieces(self, ids: Sequence[int]) -> Encoded:
        """Encode the text that has these word pieces."""
        pieces = np.array(ids, dtype=np.int64)
        states = self._hidden_states(pieces)
        return Encoded(self._head.vector(states), pieces, states)

    @abstractmethod
    def _hidden_states(self, ids: IntArray) -> Float32Array:
        """Return the last hidden states (L, D) of the word pieces `ids` (L,)."""


def linear(states: Float32Array, weight: Float32Array, bias: Float32Array | None = None) -> Float32Array:
    """Return states (L, D) times the transpose of weight (D', D), plus bias (D',): (L, D')."""
    projected: Float32Array = states @ weight.T
    if bias is not None:
        projected += bias
    return projected


def layer_norm(
    states: Float32Array, weight: Float32Array, bias: Float32Array | None, epsilon: float
) -> Float32Array:
    """Return the layer normalisation of each row (Ba et al. 2016)."""
    centred: Float32Array = states - states.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", centred, centred) / np.float32(states.shape[1])
    centred /= np.sqrt(variance + np.float32(epsilon))[:, np.newaxis]
    centred *= weight
    if bias is not None:
        centred += bias
    return centred


def attention(
    query: Float32Array, key: Float32Array, value: Float32Array, hidden: BoolArray | None = None
) -> Float32Array:
    """Return scaled dot-product attention of heads, each (heads, L, D / heads), side by side: (L, D).

    hidden: (L, L), true where a row does not see a column; None if each sees all
    """
    weights: Float32Array = query @ key.transpose(0, 2, 1)
    weights *= np.float32(1 / math.sqrt(query.shape[-1]))
    if hidden is not None:
        weights[:, hidden] = -np.inf
    weights -= weights.max(axis=-1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=-1, keepdims=True)
    heads, length, width = query.shape
    attended: Float32Array = weights @ value
    return attended.transpose(1, 0, 2).reshape(length, heads * width)


def heads_of(states: Float32Array, n_heads: int) -> Float32Array:
    """Return states (L, D) divided among heads: (heads, L, D / heads)."""
    return states.reshape(len(states), n_heads, -1).transpose(1, 0, 2)


def rotated(heads: Float32Array, base: float) -> Float32Array:
    """Return heads (heads, L, W) with rotary positions (Su et al. 2021), halves as GPT-NeoX has them."""
    length, width = heads.shape[1:]
    steps = np.arange(0, width, 2, dtype=np.float32) / np.float32(width)
    frequencies = np.float32(1) / np.power(np.float32(base), steps)
    angles = np.arange(length, dtype=np.float32)[:, np.newaxis] * np.concatenate([frequencies, frequencies])
    first, second = heads[..., : width // 2], heads[..., width // 2 :]
    turned = np.concatenate([-second, first], axis=-1)
    mixed: Float32Array = heads * np.cos(angles) + turned * np.sin(angles)
    return mixed
