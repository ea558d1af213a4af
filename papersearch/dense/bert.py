"""Queries through a BERT-family encoder in plain numpy, from mapped weights.

This is what makes a query cost milliseconds: sentence-transformers takes seconds to import
alone. It follows Devlin et al. 2019 as transformers implements it, for the models most used
here (MiniLM, BGE, E5, GTE). A build compares it with sentence-transformers and records
whether it agrees; where it does not, queries go through sentence-transformers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np
import orjson

from papersearch.dense.feedback import unit
from papersearch.dense.late import Encoded
from papersearch.dense.models import WEIGHTS
from papersearch.dense.safetensors_file import SafetensorsFile

if TYPE_CHECKING:
    from papersearch.types import Float32Array, IntArray

_BATCH_PIECES = 2048
"""Word pieces of one forward pass: enough for the processor, little for the memory."""

_CACHED = 1 << 15
"""Elements that a chain of elementwise operations takes together: they stay in the cache."""

_FEW_ROWS = 64
"""Of so few word pieces a product with the weights is quicker transposed, by half (docs/performance.md)."""


class BertShape(NamedTuple):
    """What of a model's configuration the forward pass needs."""

    n_layers: int
    n_heads: int
    norm_epsilon: float
    pooling: Literal["mean", "cls"]


def read_shape(folder: Path) -> BertShape | None:
    """The model's shape, or None when it is not a BERT that this module computes."""
    try:
        config = orjson.loads((folder / "config.json").read_bytes())
        modules = [
            (module["type"].rsplit(".", 1)[-1], module["path"])
            for module in orjson.loads((folder / "modules.json").read_bytes())
        ]
        if [kind for kind, _ in modules] not in (
            ["Transformer", "Pooling"],
            ["Transformer", "Pooling", "Normalize"],
        ):
            return None
        pooling_path = (folder / modules[1][1] / "config.json").resolve()
        if not pooling_path.is_relative_to(folder.resolve()):
            return None
        pooling = _pooling_mode(orjson.loads(pooling_path.read_bytes()))
        computable = (
            config["model_type"] == "bert"
            and config["hidden_act"] == "gelu"
            and config.get("position_embedding_type", "absolute") == "absolute"
            and (folder / "tokenizer.json").is_file()
        )
        if pooling is None or not computable:
            return None
        return BertShape(
            n_layers=int(config["num_hidden_layers"]),
            n_heads=int(config["num_attention_heads"]),
            norm_epsilon=float(config["layer_norm_eps"]),
            pooling=pooling,
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _pooling_mode(config: dict[str, object]) -> Literal["mean", "cls"] | None:
    """Mean or first-token pooling, alone; both spellings of sentence-transformers' file."""
    if "pooling_mode" in config:
        modes = [config["pooling_mode"]]
    else:
        modes = [
            name.removeprefix("pooling_mode_").removesuffix("_token").removesuffix("_tokens")
            for name, on in config.items()
            if name.startswith("pooling_mode_") and on
        ]
    if config.get("include_prompt", True) is not True:
        return None
    return "mean" if modes == ["mean"] else "cls" if modes == ["cls"] else None


class Tokenizer(Protocol):
    """Whatever gives the ids of a text's word pieces, special tokens included, at most as
    many as the model has positions."""

    def ids(self, text: str) -> list[int]: ...


class BertEncoder:
    """Encodes queries. Opening it maps the weights."""

    def __init__(self, folder: Path, shape: BertShape, tokenizer: Tokenizer, prefix: str = "") -> None:
        self._shape = shape
        self._tokenizer = tokenizer
        self._prefix = prefix
        self._weights = SafetensorsFile(folder / WEIGHTS)
        self._scope = "" if "embeddings.word_embeddings.weight" in self._weights else "bert."

    def encode(self, text: str) -> Encoded:
        """`text`, read as a query."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[Encoded]:
        """Many queries in the order given; those of equal length share a forward pass."""
        ids = [np.array(self._tokenizer.ids(self._prefix + text), dtype=np.int64) for text in texts]
        by_length: dict[int, list[int]] = {}
        for number, pieces in enumerate(ids):
            by_length.setdefault(len(pieces), []).append(number)
        encoded: dict[int, Encoded] = {}
        for length, numbers in by_length.items():
            step = max(1, _BATCH_PIECES // length)
            for start in range(0, len(numbers), step):
                chosen = numbers[start : start + step]
                batch = self._hidden_states(np.stack([ids[number] for number in chosen]))
                for number, states in zip(chosen, batch, strict=True):
                    pooled = states.mean(axis=0) if self._shape.pooling == "mean" else states[0]
                    encoded[number] = Encoded(unit(pooled), ids[number], states)
        return [encoded[number] for number in range(len(texts))]

    def _hidden_states(self, ids: IntArray) -> Float32Array:
        """Last hidden states (Q, L, D) of Q sequences of L word pieces."""
        words = self._tensor("embeddings.word_embeddings.weight")[ids]
        places = self._tensor("embeddings.position_embeddings.weight")[: ids.shape[1]]
        segment = self._tensor("embeddings.token_type_embeddings.weight")[0]
        states = self._norm(words + places + segment, "embeddings.LayerNorm")
        for layer in range(self._shape.n_layers):
            scope = f"encoder.layer.{layer}"
            attended = self._linear(self._attention(states, scope), f"{scope}.attention.output.dense")
            states = self._norm(attended + states, f"{scope}.attention.output.LayerNorm")
            inner = gelu(self._linear(states, f"{scope}.intermediate.dense"))
            states = self._norm(self._linear(inner, f"{scope}.output.dense") + states, f"{scope}.output.LayerNorm")
        return states

    def _attention(self, states: Float32Array, scope: str) -> Float32Array:
        """Multi-head scaled dot-product attention of sequences to themselves, (Q, L, D) to (Q, L, D)."""
        n_texts, length, width = states.shape
        heads = self._shape.n_heads

        def split(part: str) -> Float32Array:
            projected = self._linear(states, f"{scope}.attention.self.{part}")
            return projected.reshape(n_texts, length, heads, width // heads).transpose(0, 2, 1, 3)

        query, key, value = split("query"), split("key"), split("value")
        logits = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // heads))
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        attended: Float32Array = (weights @ value).transpose(0, 2, 1, 3).reshape(n_texts, length, width)
        return attended

    def _linear(self, states: Float32Array, name: str) -> Float32Array:
        """states (.., D) @ weight.T + bias, where weight is (D', D)."""
        rows = states.reshape(-1, states.shape[-1])
        weight = self._tensor(f"{name}.weight")
        # OpenBLAS copies its second factor: of the two, let it be the smaller one.
        projected = rows @ weight.T if len(rows) > _FEW_ROWS else np.ascontiguousarray((weight @ rows.T).T)
        biased: Float32Array = projected + self._tensor(f"{name}.bias")
        return biased.reshape(*states.shape[:-1], -1)

    def _norm(self, states: Float32Array, name: str) -> Float32Array:
        """Layer normalisation over the last axis (Ba et al. 2016)."""
        centred = states - states.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        scaled: Float32Array = centred / np.sqrt(variance + np.float32(self._shape.norm_epsilon))
        scaled = scaled * self._tensor(f"{name}.weight") + self._tensor(f"{name}.bias")
        return scaled

    def _tensor(self, name: str) -> Float32Array:
        return self._weights.tensor(self._scope + name)


def gelu(x: Float32Array) -> Float32Array:
    """x Phi(x), elementwise, float32. The exact GELU (Hendrycks and Gimpel 2016), by formula
    7.1.26 of Abramowitz and Stegun for erf: absolute error of Phi below 1e-7."""
    activated = np.empty_like(x)
    flat, target = x.reshape(-1), activated.reshape(-1)
    for start in range(0, len(flat), _CACHED):
        target[start : start + _CACHED] = _gelu(flat[start : start + _CACHED])
    return activated


def _gelu(x: Float32Array) -> Float32Array:
    z = np.abs(x) * np.float32(1 / np.sqrt(2.0))
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = np.full_like(t, 1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = series * t + np.float32(coefficient)
    tail = np.float32(0.5) * series * t * np.exp(-z * z)  # 1 - Phi(|x|)
    activated: Float32Array = x * np.where(x >= 0, 1 - tail, tail)
    return activated
