"""Static embeddings: a text's vector is the mean of its word pieces' rows in a table.

There is no transformer, so that forty thousand abstracts take less than a minute. The forms are
sentence-transformers' StaticEmbedding and model2vec's. Builds and queries compute both here, without
a model library. Late interaction compares the rows themselves, which know nothing of their context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.encoding import ModelConstants, TextEncoding, stored_places, without_pieces
from papersearch.dense.feedback import unit
from papersearch.dense.late import Encoded, compress
from papersearch.dense.model_folder import WEIGHTS_FILE, read_modules
from papersearch.dense.prefixes import Prefixes
from papersearch.dense.safetensors_file import SafetensorsFile
from papersearch.dense.threads import one_thread
from papersearch.dense.wordpiece import by_number, damage_told, load_tokenizer
from papersearch.errors import ModelDamaged, ModelUnusable

if TYPE_CHECKING:
    import numpy.typing as npt
    from tokenizers import Encoding

    from papersearch.dense.models import ModelFiles
    from papersearch.types import Float32Array, IntArray

UNLIMITED = 0
"""Number of word pieces read of a text: all of them."""

_BATCH = 256
"""Texts split into word pieces at once."""

_ROWS = 4096
"""Rows of the table that are compressed at once."""


class StaticEncoder:
    """Encoder of papers and queries by a table; opening one maps the table. Raises ModelError."""

    in_context = False
    max_length = UNLIMITED

    def __init__(self, model: ModelFiles, prefixes: Prefixes) -> None:
        self.prefixes = prefixes
        table, *others = read_modules(model.folder)
        if unknown := next((module.kind for module in others if module.kind != "Normalize"), None):
            raise ModelUnusable(name=model.name, cause=f"{unknown} after static embeddings is not computed")
        self._path = table.folder / "tokenizer.json"
        self._tokenizer = load_tokenizer(self._path)
        self._table = _Table(table.folder / WEIGHTS_FILE)
        if self._tokenizer.get_vocab_size() > self._table.n_pieces:
            raise ModelDamaged(path=self._path, fault="it has more word pieces than the table has rows")

    def encode(self, text: str) -> Encoded:
        """Encode `text` as a query."""
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str], prefix: str | None = None) -> list[Encoded]:
        """Encode queries in the order given; see `encoders.QueryEncoder`."""
        before = self.prefixes.query if prefix is None else prefix
        with damage_told(self._path):
            splits = [self._tokenizer.encode(before + text, add_special_tokens=False) for text in texts]
        return list(map(self._encoded, splits))

    encode_together = encode_many

    def encode_for_index(
        self, texts: Sequence[str], constants: ModelConstants | None, receive: Callable[[int, TextEncoding], None]
    ) -> None:
        """Encode `texts` as papers, in the form of an index; see `encoding.PaperEncoder`."""
        compressed = None if constants is None else self._table.compressed(constants.basis)
        for first in range(0, len(texts), _BATCH):
            batch = [texts[number] for number in range(first, min(first + _BATCH, len(texts)))]
            prefixed = [self.prefixes.paper + text for text in batch]
            with damage_told(self._path):
                splits = self._tokenizer.encode_batch(prefixed, add_special_tokens=False)
            for number, split in enumerate(splits, first):
                encoded = self._encoded(split)
                if constants is None or compressed is None:
                    receive(number, without_pieces(encoded.vector))
                else:
                    chosen = stored_places(encoded.pieces, constants)
                    pieces = encoded.pieces[chosen].astype(np.uint32)
                    receive(
                        number,
                        TextEncoding(encoded.vector, pieces, self._starts(split)[chosen], compressed[pieces]),
                    )

    def _starts(self, split: Encoding) -> npt.NDArray[np.uint32]:
        """Return the offset of each word piece of a paper in its text, without the prefix: (L,)."""
        starts = np.array([start for start, _ in split.offsets], dtype=np.int64)
        return np.maximum(starts - len(self.prefixes.paper), 0).astype(np.uint32)

    def vocabulary(self) -> list[str]:
        """List the model's word pieces by id; an unused id has an empty string."""
        return by_number(self._tokenizer.get_vocab(), self._path)

    def _encoded(self, split: Encoding) -> Encoded:
        ids = np.array(split.ids, dtype=np.int64)
        with np.errstate(over="ignore", invalid="ignore"):  # told below, as an error
            states = self._table.rows(ids)
            # Without word pieces there is no direction to prefer, and a vector must have one.
            mean = states.mean(axis=0) if len(states) else np.ones(states.shape[1], dtype=np.float32)
            vector = unit(mean)
        if not np.isfinite(vector).all():
            raise self._table.fault("its numbers are not finite, or too large")
        return Encoded(vector, ids, states)


class _Table:
    """The row of each word piece.

    sentence-transformers has the rows in `embedding.weight`. model2vec has them in `embeddings`; it
    may give each id a place in it by `mapping`, and a factor by `weights`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = SafetensorsFile(path)
        is_model2vec = "embedding.weight" not in self._file
        self._name = "embeddings" if is_model2vec else "embedding.weight"
        self._places = self._file.whole_numbers("mapping") if is_model2vec and "mapping" in self._file else None
        self._factors = self._file.tensor("weights") if is_model2vec and "weights" in self._file else None
        n_rows = self._file.length(self._name)  # a table that is missing is an error now
        self.n_pieces = n_rows if self._places is None else len(self._places)
        if self._file.rows(self._name, slice(0)).ndim != 2:
            raise self.fault("its table has no rows and columns")
        if any(array is not None and array.ndim != 1 for array in (self._places, self._factors)):
            raise self.fault("its mapping or its weights are not a list")
        if self._places is not None and not _are_below(n_rows, self._places):
            raise self.fault("its mapping leads out of the table")
        if self._factors is not None and len(self._factors) < self.n_pieces:
            raise self.fault("it has fewer weights than word pieces")

    def fault(self, what: str) -> ModelDamaged:
        """Return the error of a table that cannot be used."""
        return ModelDamaged(path=self._path, fault=what)

    def compressed(self, basis: Float32Array) -> npt.NDArray[np.int8]:
        """Return all rows as late interaction stores them, (V, C): a text's are then looked up."""
        with one_thread()():
            blocks = [
                compress(self.rows(np.arange(first, min(first + _ROWS, self.n_pieces))), basis)
                for first in range(0, self.n_pieces, _ROWS)
            ]
        return np.concatenate(blocks)

    def rows(self, ids: IntArray) -> Float32Array:
        """Return the rows (L, D) of word pieces (L,). Raises ModelDamaged for a piece without a row."""
        if not _are_below(self.n_pieces, ids):
            raise self.fault("the tokenizer has word pieces without a row")
        rows = self._file.rows(self._name, ids if self._places is None else self._places[ids])
        return rows if self._factors is None else rows * self._factors[ids, np.newaxis]


def _are_below(bound: int, numbers: IntArray) -> bool:
    """Tell whether all numbers are from 0 to below a bound."""
    return len(numbers) == 0 or 0 <= int(numbers.min()) <= int(numbers.max()) < bound
