"""Doors of model folders: any file of a good model replaced, for encoders and for rerankers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from papersearch.dense import encoders, models, wordpiece
from papersearch.dense.cross_encoders import _agrees, _open_numpy, find_cross_encoder
from papersearch.dense.encoding import TextEncoding
from papersearch.dense.late import Encoded
from papersearch.dense.model_folder import is_static, needs_own_code
from papersearch.dense.prefixes import Prefixes, choose_prefixes, prefix_notice, with_instruction
from papersearch.dense.static import StaticEncoder
from papersearch.errors import ModelError
from tests.fuzz.door import Door, Enter, headed
from tests.fuzz.tiny import WIDTH, tiny_reranker, tiny_table, tiny_transformer

_TEXTS = ("moths at a lamp", "", "naïve 王 [SEP] \u0301 0xff", "moth " * 60)
_FILES = (
    "config.json", "modules.json", "config_sentence_transformers.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "vocab.txt", "model.safetensors", "1_Pooling/config.json",
    "sentence_bert_config.json",
)  # fmt: skip


class Reference:
    """What sentence-transformers would say: an encoder with vectors of its own."""

    in_context = True
    max_length = 32

    def __init__(self, prefixes: Prefixes) -> None:
        self.prefixes = prefixes

    def encode(self, text: str) -> Encoded:
        vector = np.zeros(WIDTH, dtype=np.float32)
        vector[0] = 1
        return Encoded(vector, np.zeros(0, dtype=np.int64), np.zeros((0, WIDTH), dtype=np.float32))


def _opened(make: Callable[[Path], Path], examine: Callable[[Path], None]) -> Callable[[Path], Enter]:
    """Return what opens a door: each input replaces the file of a model that its first line names."""

    def opened(folder: Path) -> Enter:
        good, place = make(folder / "good"), folder / "model"

        def enter(content: bytes) -> None:
            name, body = headed(content)
            if name not in _FILES:
                return
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(good, place)
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_bytes(body)
            examine(place)

        return enter

    return opened


def _examine_encoder(folder: Path) -> None:
    """Open a model as a build does: vectors that are unit vectors, or an error of the model."""
    needs_own_code(folder)
    try:
        model = models.locate(str(folder), _refuse_to_fetch)
        models.fingerprint(model)
        prefixes = choose_prefixes(model)
        notice = prefix_notice(prefixes)
        assert notice is None or str(notice)
        assert all(isinstance(text, str) for text in prefixes[:2])
        with_instruction(prefixes.query, "find")
        if is_static(folder):
            _examine_table(StaticEncoder(model, prefixes))
        else:
            encoders.record(model, "f" * 64, Reference(prefixes), WIDTH, _TEXTS)  # type: ignore[arg-type]
            wordpiece.agrees(folder, 32, _TEXTS)
    except ModelError as error:
        assert error.message


def _refuse_to_fetch(message: str) -> None:
    raise AssertionError(message)


def _examine_table(encoder: StaticEncoder) -> None:
    for text in _TEXTS:
        vector = encoder.encode(text).vector
        assert vector.ndim == 1
        assert abs(float(np.linalg.norm(vector)) - 1) < 1e-3
    received: list[TextEncoding] = []
    encoder.encode_for_index(_TEXTS, None, lambda number, encoding: received.append(encoding))
    assert len(received) == len(_TEXTS)
    assert all(isinstance(piece, str) for piece in encoder.vocabulary())


def _examine_reranker(folder: Path) -> None:
    """Open a model as a reranker in numpy: it agrees with the library's scores, or is not used."""
    try:
        find_cross_encoder(str(folder), _refuse_to_fetch)
    except ModelError as error:
        assert error.message
        return
    scorer = _open_numpy(folder, has_segments=True)
    if scorer is not None:
        _agrees(scorer, [0.0] * 3)


def _seeds(make: Callable[[Path], Path]) -> Callable[[Path], Iterator[bytes]]:
    def seeds(folder: Path) -> Iterator[bytes]:
        good = make(folder / "good")
        for name in _FILES:
            if (good / name).is_file():
                yield f"{name}\n".encode() + (good / name).read_bytes()

    return seeds


_TOKENS = (
    *'{ } [ ] : , " \\" null true false -1 0 1.5 1e999 99999999999 "F16" "BF16" "I64" "F64" "I8" "F32"'.split(),
    *"shape data_offsets dtype __metadata__ type path ../ prompts query default_prompt_name".split(),
    "embedding.weight",
    *"mapping weights embeddings normalize model_type modernbert nomic_bert roberta distilbert mpnet vocab".split(),
    *"pooling_mode_cls_token Dense Normalize StaticEmbedding WordPiece BPE Unigram WordLevel added_tokens".split(),
    "\0\0\x80\x7f", "\0\0\xc0\x7f", "\n",
)  # fmt: skip

DOORS = {
    "transformers": Door(_opened(tiny_transformer, _examine_encoder), _seeds(tiny_transformer), _TOKENS),
    "static-embeddings": Door(_opened(tiny_table, _examine_encoder), _seeds(tiny_table), _TOKENS),
    "rerankers": Door(_opened(tiny_reranker, _examine_reranker), _seeds(tiny_reranker), _TOKENS),
}
"""The doors of models."""
