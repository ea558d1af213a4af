"""The forward pass of a BERT-family encoder, in plain numpy over mapped weights.

A query takes milliseconds this way, while importing sentence-transformers alone takes seconds; a
build encodes papers by it too (`bulk`). The pass follows Devlin et al. 2019 as transformers
implements it. `architectures` has the models that it computes, and those whose pass differs. Tests
compare the packaged model's vectors with those of sentence-transformers, and the first build those
of another model. If they do not agree, the library encodes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.dense.late import Encoded
from papersearch.dense.model_folder import WEIGHTS_FILE
from papersearch.dense.safetensors_file import SafetensorsFile

if TYPE_CHECKING:
    from papersearch.dense.architectures import Tokenizer
    from papersearch.dense.heads import Head
    from papersearch.types import Float32Array, IntArray

_BATCH_PIECES = 512
"""Word pieces of one forward pass: enough to use the processor well, few enough for the memory."""

_CACHED = 1 << 14
"""Elements of a block that stays in the processor's cache."""

_CACHED_PRODUCTS = 1 << 17
"""Products of query and key that are handled together: half a megabyte."""

_LARGEST_EXPONENT = 60.0
"""Greatest product of query and key of which the exponential is taken as it is: sums of e**60 are
finite in float32, and e**-60 has all its digits."""

_LOG_TAIL = [
    np.float32(coefficient)
    for coefficient in (
        *(-0.0003280730097935264, 0.004910640948317141, -0.035924004742628364),
        *(-0.31884246154010915, -0.7976653553553388, -0.6931732584027448),
    )
]
"""Coefficients of p, from the highest power down, for which 1 - Phi(x) = exp(p(x)), x >= 0. They
minimise the greatest error of x Phi(x), which is 4.4e-7 before rounding."""

_FEW_ROWS = 64
"""Up to this many word pieces, `_few_rows` is faster than a plain matmul (docs/performance.md)."""


class BertShape(NamedTuple):
    """The part of a model's configuration that the forward pass needs."""

    n_layers: int
    n_heads: int
    norm_epsilon: float


class _Run(NamedTuple):
    """Consecutive sequences of `length` word pieces each, at `rows` of a matrix."""

    rows: slice
    n_sequences: int
    length: int


class BertEncoder:
    """Encoder of single texts; opening one maps the weights.

    `prefix` is put before each query. Subclasses are architectures that differ little. `scope` is
    what may come before the names of the tensors, `names` are replacements in BERT's names of them,
    made in this order.
    """

    in_context = True
    scope = "bert."
    names: tuple[tuple[str, str], ...] = ()

    def __init__(self, folder: Path, shape: BertShape, head: Head, tokenizer: Tokenizer, prefix: str = "") -> None:
        self._shape = shape
        self._head = head
        self._tokenizer = tokenizer
        self._prefix = prefix
        self._weights = SafetensorsFile(folder / WEIGHTS_FILE)
        self._scratch = _Scratch()
        self._scope = "" if "embeddings.word_embeddings.weight" in self._weights else self.scope

    def encode(self, text: str) -> Encoded:
        """Encode `text` as a query."""
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str], prefix: str | None = None) -> list[Encoded]:
        """Encode queries in the order given; see `encoders.QueryEncoder`."""
        before = self._prefix if prefix is None else prefix
        return self._encode_ids([np.array(self._tokenizer.ids(before + text), dtype=np.int64) for text in texts])

    def encode_pieces(self, ids: Sequence[int]) -> Encoded:
        """Encode the text that has these word pieces."""
        return self._encode_ids([np.array(ids, dtype=np.int64)])[0]

    def _encode_ids(self, ids: Sequence[IntArray]) -> list[Encoded]:
        encoded: dict[int, Encoded] = {}
        for numbers in _batches([len(pieces) for pieces in ids]):
            for number, states in zip(numbers, self._hidden_states([ids[n] for n in numbers]), strict=True):
                encoded[number] = Encoded(self._head.vector(states), ids[number], states)
        return [encoded[number] for number in range(len(ids))]

    def states_of(self, ids: IntArray, segments: IntArray | None) -> Float32Array:
        """Return the last hidden states (L, D) of the word pieces `ids` (L,), which may be of two texts.

        segments: the token type of each piece, (L,); None for 0
        """
        (states,) = self._hidden_states([ids], segments)
        return states

    def _hidden_states(self, ids: Sequence[IntArray], segments: IntArray | None = None) -> Iterable[Float32Array]:
        """Return the last hidden states, (L, D) each, of sequences of L word pieces.

        The pieces of all sequences are rows of one matrix, without padding. Adjacent sequences of
        equal length are multiplied together.
        """
        lengths = np.array([len(pieces) for pieces in ids])
        ends = np.cumsum(lengths)
        runs = _runs(lengths.tolist())
        states = self._weights.rows(self._name("embeddings.word_embeddings.weight"), np.concatenate(ids))
        places = np.concatenate([self._positions(pieces) for pieces in ids])
        states += self._tensor("embeddings.position_embeddings.weight")[places]
        if self._name("embeddings.token_type_embeddings.weight") in self._weights:
            states += self._tensor("embeddings.token_type_embeddings.weight")[0 if segments is None else segments]
        self._norm(states, "embeddings.LayerNorm")
        for layer in range(self._shape.n_layers):
            scope = f"encoder.layer.{layer}"
            mixed = self._attention(states, runs, scope)
            attended = self._linear(mixed, runs, f"{scope}.attention.output.dense", "attended")
            attended += states
            self._norm(attended, f"{scope}.attention.output.LayerNorm")
            inner = self._linear(attended, runs, f"{scope}.intermediate.dense", "inner")
            gelu(inner)
            states = self._linear(inner, runs, f"{scope}.output.dense", "states")
            states += attended
            self._norm(states, f"{scope}.output.LayerNorm")
        return np.split(states.copy(), ends[:-1])

    def _attention(self, states: Float32Array, runs: Sequence[_Run], scope: str) -> Float32Array:
        """Return the multi-head scaled dot-product self-attention of each sequence, (R, D).

        The rows of `states` (R, D) are the word pieces of all sequences; `runs` says which are
        whose.
        """
        width, heads = states.shape[1], self._shape.n_heads
        query, key, value = (
            self._linear(states, runs, f"{scope}.attention.self.{part}", part) for part in ("query", "key", "value")
        )
        query *= np.float32(1 / math.sqrt(width // heads))
        mixed = self._scratch.take("mixed", states.shape)
        for run in runs:
            shape = (run.n_sequences, run.length, heads, width // heads)
            parts = [part[run.rows].reshape(shape).transpose(0, 2, 1, 3) for part in (query, key, value, mixed)]
            bias = self._bias(run.length)
            for block in _attention_blocks(run, heads):
                self._attend([part[block] for part in parts], None if bias is None else bias[block[1]])
        return mixed

    def _attend(self, parts: Sequence[Float32Array], bias: Float32Array | None) -> None:
        """Put softmax(query key.T + bias) value into `mixed`, for `parts` (query, key, value, mixed).

        All are (n, heads, L, width of a head), and `bias` is (heads, L, L) or None.

        The softmax is the same without its usual subtraction of the greatest product, which only
        keeps the exponential finite. A pass over all products is saved where their bound by Cauchy
        and Schwarz allows it. The division follows the second product, which has fewer elements.
        """
        query, key, value, mixed = parts
        n_sequences, heads, length, _ = query.shape
        weights = self._scratch.take("weights", (n_sequences, heads, length, length))
        np.matmul(query, key.transpose(0, 1, 3, 2), out=weights)
        if bias is not None:
            weights += bias
        queries, keys = (np.einsum("nhld,nhld->nhl", rows, rows).max(axis=-1) for rows in (query, key))
        large = ~(queries * keys <= np.float32(_LARGEST_EXPONENT**2))
        if bias is not None:
            large[...] = True
        if large.any():
            products = weights[large]
            weights[large] = products - products.max(axis=-1, keepdims=True)
        np.exp(weights, out=weights)
        np.matmul(weights, value, out=mixed)
        mixed /= np.einsum("nhij->nhi", weights)[..., np.newaxis]

    def _linear(self, states: Float32Array, runs: Sequence[_Run], name: str, space: str) -> Float32Array:
        """Return states (R, D) @ weight.T + bias, where weight is (D', D), in the scratch buffer `space`.

        Each sequence is a product of its own. In one product for all, the last digits of a row
        depend on the rows beside it. A text's vector would then depend on the texts in its batch.
        """
        weight = self._tensor(f"{name}.weight")
        projected = self._scratch.take(space, (len(states), len(weight)))
        for run in runs:
            inputs = states[run.rows].reshape(run.n_sequences, run.length, -1)
            outputs = projected[run.rows].reshape(run.n_sequences, run.length, -1)
            multiply = np.matmul if run.length > _FEW_ROWS else _few_rows
            multiply(inputs, weight.T, out=outputs)
        projected += self._tensor(f"{name}.bias")
        return projected

    def _norm(self, states: Float32Array, name: str) -> None:
        """Replace each row by its layer normalisation (Ba et al. 2016)."""
        width = np.float32(states.shape[1])
        states -= (np.einsum("ij->i", states) / width)[:, np.newaxis]
        variance = np.einsum("ij,ij->i", states, states) / width
        states *= (1 / np.sqrt(variance + np.float32(self._shape.norm_epsilon)))[:, np.newaxis]
        states *= self._tensor(f"{name}.weight")
        states += self._tensor(f"{name}.bias")

    def _positions(self, ids: IntArray) -> IntArray:
        """Return the position of each word piece of a text, (L,), in the table of positions."""
        return np.arange(len(ids))

    def _bias(self, length: int) -> Float32Array | None:
        """Return what is added to attention between word pieces, (heads, L, L), or None."""
        return None

    def _tensor(self, name: str) -> Float32Array:
        return self._weights.tensor(self._name(name))

    def _name(self, name: str) -> str:
        """Return the name in the file of a tensor with this name in BERT."""
        for ours, theirs in self.names:
            name = name.replace(ours, theirs)
        return self._scope + name


class _Scratch:
    """Buffers that are used again: allocating large arrays anew costs page faults."""

    def __init__(self) -> None:
        self._buffers: dict[str, Float32Array] = {}

    def take(self, name: str, shape: tuple[int, ...]) -> Float32Array:
        """Return the buffer `name` in this shape; its content is undefined."""
        size = math.prod(shape)
        if name not in self._buffers or self._buffers[name].size < size:
            self._buffers[name] = np.empty(size, dtype=np.float32)
        return self._buffers[name][:size].reshape(shape)


def _attention_blocks(run: _Run, heads: int) -> Iterable[tuple[slice, slice]]:
    """Yield slices of sequences and of heads whose products stay in the processor's cache together."""
    size = run.length**2
    n_heads = min(heads, max(1, _CACHED_PRODUCTS // size))
    n_sequences = max(1, _CACHED_PRODUCTS // (size * heads))
    for start in range(0, run.n_sequences, n_sequences):
        for head in range(0, heads, n_heads):
            yield slice(start, start + n_sequences), slice(head, head + n_heads)


def _runs(lengths: Sequence[int]) -> list[_Run]:
    """Return one run for each group of adjacent sequences of equal length."""
    runs: list[_Run] = []
    start = 0
    for length, equal in groupby(lengths):
        n_sequences = len(list(equal))
        runs.append(_Run(slice(start, start + n_sequences * length), n_sequences, length))
        start += n_sequences * length
    return runs


def _few_rows(inputs: Float32Array, factor: Float32Array, out: Float32Array) -> None:
    """Multiply inputs (n, L, D) by factor (D, D') into `out` (n, L, D'), for small L.

    OpenBLAS copies both operands before it multiplies. In this order it copies the smaller operand
    once, and a block of the larger one at a time that stays in the cache.
    """
    columns = inputs.transpose(0, 2, 1)
    step = max(1, _CACHED // len(factor))
    for start in range(0, factor.shape[1], step):
        block = factor[:, start : start + step]
        out[:, :, start : start + step] = np.matmul(block.T, columns).transpose(0, 2, 1)


def _batches(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Yield the indices of texts of these lengths, shortest first, in batches.

    `lengths` are in word pieces. A batch has at most _BATCH_PIECES of them, or is a single text.
    """
    batch: list[int] = []
    n_pieces = 0
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and n_pieces + lengths[number] > _BATCH_PIECES:
            yield batch
            batch, n_pieces = [], 0
        batch.append(number)
        n_pieces += lengths[number]
    if batch:
        yield batch


def gelu(x: Float32Array) -> None:
    """Replace `x` by x Phi(x), elementwise and in place; x is contiguous float32.

    It is the exact GELU (Hendrycks and Gimpel 2016) to 7e-7, as max(x, 0) - |x| (1 - Phi(|x|)).
    """
    flat = x.reshape(-1)
    # Scratch buffers, reused for every block: allocating them anew costs twice the computation.
    size, tail = (np.empty(min(_CACHED, len(flat)), dtype=np.float32) for _ in range(2))
    with np.errstate(over="ignore"):  # far out, the polynomial is minus infinity, and its exponential zero
        for start in range(0, len(flat), _CACHED):
            block = flat[start : start + _CACHED]
            _gelu(block, size[: len(block)], tail[: len(block)])


def _gelu(x: Float32Array, size: Float32Array, tail: Float32Array) -> None:
    """Apply GELU in place; the other arrays are scratch buffers of the same length."""
    np.abs(x, out=size)
    np.multiply(size, _LOG_TAIL[0], out=tail)
    for coefficient in _LOG_TAIL[1:-1]:
        tail += coefficient
        tail *= size
    tail += _LOG_TAIL[-1]
    np.exp(tail, out=tail)
    tail *= size
    np.maximum(x, np.float32(0), out=x)
    x -= tail
