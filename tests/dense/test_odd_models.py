"""Models whose files contradict each other: an error of the model, or the library in place of numpy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from safetensors.numpy import load_file, save_file

import papersearch
from papersearch.dense import encoders, models
from papersearch.dense.prefixes import Prefixes
from papersearch.dense.static import StaticEncoder
from papersearch.dense.wordpiece import LibraryTokenizer
from papersearch.errors import ModelDamaged
from tests.fuzz.models import Reference
from tests.fuzz.tiny import WIDTH, tiny_table, tiny_transformer

Tensors = dict[str, Any]

TEXTS = ("moths at a lamp", "a")


def change_weights(folder: Path, change: Callable[[Tensors], Tensors]) -> models.ModelFiles:
    """Change the tensors of a model, and return its files."""
    tensors = load_file(folder / "model.safetensors")
    save_file({**tensors, **change(tensors)}, folder / "model.safetensors")
    return models.ModelFiles("odd", "folder", folder)


TABLES: dict[str, Callable[[Tensors], Tensors]] = {
    "a number that is not one": lambda given: {"embeddings": given["embeddings"] * np.float32(np.nan)},
    "an infinite number": lambda given: {"weights": given["weights"] + np.inf},
    "too large to add up": lambda given: {"embeddings": np.full_like(given["embeddings"], 3e38)},
    "a row of numbers": lambda given: {"embeddings": given["embeddings"].ravel()},
    "one number": lambda given: {"embeddings": np.array(1, dtype=np.float32)},
    "three axes": lambda given: {"embeddings": given["embeddings"][np.newaxis]},
    "no rows": lambda given: {"embeddings": given["embeddings"][:0]},
    "a mapping without numbers": lambda given: {"mapping": given["mapping"][:0]},
    "a mapping out of the table": lambda given: {"mapping": given["mapping"] + 1000},
    "a mapping below the table": lambda given: {"mapping": given["mapping"] - 1},
    "a mapping with two axes": lambda given: {"mapping": given["mapping"][np.newaxis]},
    "too few weights": lambda given: {"weights": given["weights"][:3]},
    "weights with two axes": lambda given: {"weights": given["weights"][:, np.newaxis]},
}


@pytest.mark.parametrize("change", TABLES.values(), ids=TABLES)
def test_odd_tables(tmp_path: Path, change: Callable[[Tensors], Tensors]) -> None:
    """Static embeddings that cannot be computed are damaged, for a query and for a build."""
    model = change_weights(tiny_table(tmp_path / "model"), change)
    with pytest.raises(ModelDamaged):
        StaticEncoder(model, Prefixes()).encode_many(TEXTS)
    (tmp_path / "papers.jsonl").write_text('{"title": "Moths", "abstract": "Moths at a lamp."}\n')
    with pytest.raises(ModelDamaged):
        papersearch.build([tmp_path / "papers.jsonl"], tmp_path / "index", model=str(model.folder))


def test_a_word_piece_without_a_row(tmp_path: Path) -> None:
    """A tokenizer that numbers few word pieces far apart leads out of the table, and the model is damaged."""
    folder = tiny_table(tmp_path / "model")
    tokenizer = orjson.loads((folder / "tokenizer.json").read_bytes())
    tokenizer["model"]["vocab"] = {"[UNK]": 0, "moth": 4000}
    (folder / "tokenizer.json").write_bytes(orjson.dumps(tokenizer))
    encoder = StaticEncoder(models.ModelFiles("odd", "folder", folder), Prefixes())
    assert encoder.encode("lamp").vector.shape == (WIDTH,)
    with pytest.raises(ModelDamaged, match="without a row"):
        encoder.encode("moth")


def test_a_tokenizer_that_fails_at_a_text(tmp_path: Path) -> None:
    """An error of the library, at any text, is one of the model; numpy then does not encode."""
    for make in (tiny_table, tiny_transformer):
        folder = make(tmp_path / make.__name__)
        tokenizer = orjson.loads((folder / "tokenizer.json").read_bytes())
        tokenizer["model"] = {"type": "WordLevel", "vocab": {"moth": 1}, "unk_token": "[UNK]"}
        (folder / "tokenizer.json").write_bytes(orjson.dumps(tokenizer))
        model = models.ModelFiles("odd", "folder", folder)
        if make is tiny_transformer:
            assert described(model).query_tokenizer == "tokenizer.json"
            continue
        encoder = StaticEncoder(model, Prefixes())
        with pytest.raises(ModelDamaged, match="Missing"):
            encoder.encode("unknown")
        with pytest.raises(ModelDamaged, match="Missing"):
            encoder.encode_for_index(["unknown"], None, lambda number, encoding: None)


@pytest.mark.parametrize("make", [tiny_table, tiny_transformer])
def test_a_word_piece_with_a_huge_number(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """No memory is taken for four billion word pieces because one of them has that number."""
    folder = make(tmp_path / "model")
    tokenizer = orjson.loads((folder / "tokenizer.json").read_bytes())
    tokenizer["model"]["vocab"]["moth"] = (1 << 32) - 1
    (folder / "tokenizer.json").write_bytes(orjson.dumps(tokenizer))
    with pytest.raises(ModelDamaged, match=r"tokenizer\.json.*4,294,967,295"):
        if make is tiny_table:
            StaticEncoder(models.ModelFiles("odd", "folder", folder), Prefixes()).vocabulary()
        else:
            LibraryTokenizer(folder, 32).vocabulary()


SHAPES: dict[str, Callable[[Tensors], Tensors]] = {
    "a table of another width": lambda given: {
        "embeddings.position_embeddings.weight": np.ones((9, 3), np.float32)
    },
    "fewer rows than word pieces": lambda given: {"embeddings.word_embeddings.weight": np.ones((2, 8), np.float32)},
    "a vector in place of a matrix": lambda given: {"encoder.layer.0.output.dense.weight": np.ones(8, np.float32)},
}


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_shapes_that_do_not_fit(tmp_path: Path, change: Callable[[Tensors], Tensors]) -> None:
    """Numpy does not compute a transformer whose shapes do not fit: the library encodes, or says why it cannot."""
    model = change_weights(tiny_transformer(tmp_path / "model"), change)
    assert described(model).query_backend == "sentence-transformers"


@pytest.mark.parametrize("n_heads", [0, 3, -1, 16])
def test_heads_that_do_not_fit(tmp_path: Path, n_heads: int) -> None:
    """The same holds of a number of heads that does not divide the width."""
    folder = tiny_transformer(tmp_path / "model")
    config = orjson.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_bytes(orjson.dumps({**config, "num_attention_heads": n_heads}))
    assert described(models.ModelFiles("odd", "folder", folder)).query_backend == "sentence-transformers"


def described(model: models.ModelFiles) -> encoders.EncoderRecord:
    reference: Any = Reference(Prefixes())
    return encoders.record(model, "f" * 64, reference, WIDTH, TEXTS)
