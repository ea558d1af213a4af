"""Models that are refused, and how that reads."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

import papersearch
from papersearch.cli.hints import hint_of
from papersearch.dense.models import locate
from papersearch.dense.prefixes import Prefixes
from papersearch.dense.reference import ReferenceEncoder
from papersearch.dense.static import StaticEncoder
from papersearch.dense.wordpiece import LibraryTokenizer, load_tokenizer
from papersearch.errors import ModelDamaged, ModelNeedsCode, ModelUnconverted, ModelUnusable


@pytest.fixture
def folder(tmp_path: Path, small_model: Path) -> Path:
    """Copy the small model, to be spoilt."""
    return shutil.copytree(small_model, tmp_path / "model")


def change(path: Path, **fields: object) -> None:
    """Set fields of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def rename_layers(folder: Path) -> None:
    """Give the feed-forward layers of the weights other names, as models with code of their own have."""
    weights = {
        name.replace("intermediate.dense", "mlp.gated_layers"): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def refused(folder: Path) -> ReferenceEncoder:
    """Open the model by sentence-transformers, which is to be refused."""
    return ReferenceEncoder(locate(str(folder), print), "cpu")


def test_code_that_is_not_run(folder: Path) -> None:
    """A model whose weights do not fill the class of its type needs its own code, and none is run."""
    rename_layers(folder)
    change(folder / "config.json", auto_map={"AutoModel": "modeling.Model"})
    (folder / "modeling.py").write_text("raise SystemExit('run')")
    with pytest.raises(ModelNeedsCode, match=r"needs code of its own, which is not run .*lacks 4 "):
        refused(folder)


def test_an_unknown_type_with_code(folder: Path) -> None:
    """A type that transformers does not know, with code for it, is refused in our words."""
    change(folder / "config.json", model_type="new", auto_map={"AutoConfig": "configuration.Config"})
    (folder / "configuration.py").write_text("raise SystemExit('run')")
    with pytest.raises(ModelNeedsCode, match="code of its own") as caught:
        refused(folder)
    assert "trust_remote_code" not in caught.value.message


def test_a_module_of_another_package(folder: Path) -> None:
    """A module that is not of sentence-transformers is never imported."""
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "antigravity.Pooling"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelNeedsCode, match="Pooling"):
        refused(folder)


def test_code_beside_a_known_type(folder: Path) -> None:
    """Code beside a model is ignored where transformers has the class, and the weights fill it."""
    change(folder / "config.json", auto_map={"AutoModel": "modeling.Model"})
    assert refused(folder).encode("model").vector.shape == (32,)


def test_weights_that_lack_tensors(folder: Path) -> None:
    """Weights that do not fill the model, without code of its own, are refused by a tensor's name."""
    rename_layers(folder)
    with pytest.raises(ModelUnusable, match=r"lacks 4 of its tensors, encoder\.layer\.0\.intermediate"):
        refused(folder)


def test_a_model_of_another_kind(folder: Path) -> None:
    """A model that does not begin with a transformer or static embeddings is named."""
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").write_text(json.dumps(modules[1:]))
    with pytest.raises(ModelUnusable, match="begins with Pooling"):
        refused(folder)


@pytest.mark.parametrize("path", ["../elsewhere", "/etc"])
def test_a_module_outside_the_folder(folder: Path, small_corpus: Path, tmp_path: Path, path: str) -> None:
    """A module's folder lies in the model's folder."""
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["path"] = path
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelUnusable, match="leads out of its folder"):
        papersearch.build(small_corpus, tmp_path / "index", model=str(folder))


@pytest.mark.parametrize(
    ("left", "told", "hint"),
    [
        ("pytorch_model.bin", "a pickle, which could run code", ".save("),
        ("model-00001-of-00002.safetensors", "divided among 1 files", ".save("),
        ("model.safetensors.index.json", "divided among files", ".save("),
        ("onnx/model.onnx", "onnx/model.onnx, for ONNX alone", "the model that it was made from"),
        ("model.gguf", "for llama.cpp", "the model that it was made from"),
    ],
)
def test_weights_in_another_form(
    folder: Path, small_corpus: Path, tmp_path: Path, left: str, told: str, hint: str
) -> None:
    """The message says which weights were found, and the hint how to convert them."""
    (folder / left).parent.mkdir(exist_ok=True)
    (folder / "model.safetensors").rename(folder / left)
    with pytest.raises(ModelUnconverted, match=r"model\.safetensors") as caught:
        papersearch.build(small_corpus, tmp_path / "index", model=str(folder))
    assert told in caught.value.message
    assert hint in hint_of(caught.value)
    assert not (tmp_path / "index" / "manifest.json").exists()


def test_a_transformer_without_its_tokenizer(folder: Path, small_corpus: Path, tmp_path: Path) -> None:
    """A folder without the files of a tokenizer is refused before any paper is encoded."""
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(ModelDamaged, match="it has no tokenizer"):
        papersearch.build(small_corpus, tmp_path / "index", model=str(folder))


@pytest.mark.parametrize("is_pipe", [False, True])
def test_a_tokenizer_that_is_no_file(tmp_path: Path, is_pipe: bool) -> None:
    """A tokenizer that is missing, or a pipe, is an error of each encoder that reads it."""
    path = tmp_path / "tokenizer.json"
    if is_pipe:
        os.mkfifo(path)
    with pytest.raises(ModelDamaged, match=r"tokenizer\.json"):
        load_tokenizer(path)
    with pytest.raises(ModelDamaged, match=r"tokenizer\.json"):
        LibraryTokenizer(tmp_path, 32)


def test_static_embeddings_with_other_modules(tmp_path: Path) -> None:
    """Static embeddings are refused with a module that is not computed, and with a damaged tokenizer."""
    from tests.dense.families import make_static

    model = locate(str(make_static(tmp_path / "model", "model2vec")), print)
    modules = json.loads((model.folder / "modules.json").read_text())
    (model.folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelDamaged):
        StaticEncoder(model, Prefixes())
    modules[1]["type"] = "sentence_transformers.models.Dense"
    (model.folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelUnusable, match="Dense after static embeddings"):
        StaticEncoder(model, Prefixes())
