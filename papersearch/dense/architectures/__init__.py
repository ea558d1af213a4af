"""Architectures that numpy computes, each in a module of its own.

The table has the module of each `model_type` of transformers' configurations. A module has one
function, `open_encoder(folder, config, head, tokenizer, prefix)`. It returns an encoder of single
texts, or None for a variant that it does not compute. To add an architecture, write its module and
its line here, and make a tiny random model of it in `tests/dense/families.py`: the tests compare
every vector with sentence-transformers. An architecture that is not here is computed by
sentence-transformers itself.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from papersearch.dense.heads import read_head
from papersearch.dense.model_folder import read_modules, read_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersearch.dense.late import Encoded

_MODULES = {
    "bert": "bert",
    "roberta": "roberta",
    "xlm-roberta": "roberta",
    "camembert": "roberta",
    "distilbert": "distilbert",
    "mpnet": "mpnet",
    "modernbert": "modernbert",
    "nomic_bert": "nomic",
}


class Tokenizer(Protocol):
    """Protocol of a tokenizer.

    `ids` returns the ids of a text's word pieces, special tokens included. There are at most as
    many as the model has positions.
    """

    def ids(self, text: str) -> list[int]: ...


class NumpyTransformer(Protocol):
    """Protocol of an encoder of texts: a text's encoding depends on no other text."""

    in_context: bool

    def encode(self, text: str) -> Encoded: ...

    def encode_many(self, texts: Sequence[str], prefix: str | None = None) -> list[Encoded]: ...

    def encode_pieces(self, ids: Sequence[int]) -> Encoded: ...


def open_encoder(folder: Path, tokenizer: Tokenizer, prefix: str) -> NumpyTransformer | None:
    """Open the numpy encoder of the model in `folder`; None if numpy does not compute the model.

    `prefix` goes before every text. Raises ModelDamaged if the weights are not as they should be.
    """
    try:
        transformer, *others = read_modules(folder)
        config = read_object(transformer.folder / "config.json")
        module = _MODULES.get(config["model_type"])
        if module is None or transformer.kind != "Transformer":
            return None
        head = read_head(others)
        if head is None:
            return None
        architecture = import_module(f"papersearch.dense.architectures.{module}")
        body = transformer.folder
        opened: NumpyTransformer | None = architecture.open_encoder(body, config, head, tokenizer, prefix)
        return opened
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return None
