"""Cross-encoders, compared with sentence-transformers, and what is refused in their place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.numpy import load_file, save_file
from sentence_transformers import CrossEncoder

from papersearch.cli.hints import hint_of
from papersearch.dense import cross_encoders
from papersearch.dense.cross_encoders import Scorer, describe, find_cross_encoder, is_untouched, open_scorer
from papersearch.errors import RerankerUnusable
from tests.dense.tiny_cross_encoders import BY_THE_LIBRARY, IN_NUMPY, make_cross_encoder

PAIRS = [
    ("pipeline bubbles", "Filling the bubbles\nPipelines of processors idle."),
    ("a", ""),
    ("", "no query"),
    ("written </s> in <pad> the text <s>", "naïve façade 模型 10^5"),
    ("window", "window after window " * 200),
    ("a very long query " * 100, "and a long text " * 100),
]


def expected(folder: Path) -> list[float]:
    """Score the pairs by sentence-transformers, each by itself."""
    loaded = CrossEncoder(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    return [float(loaded.predict([pair])[0]) for pair in PAIRS]


def in_numpy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Scorer:
    """Open a model that was described, where sentence-transformers must not be."""
    model = find_cross_encoder(str(folder), pytest.fail)
    described, _ = describe(model)
    assert described.backend in cross_encoders._IN_NUMPY
    monkeypatch.setattr(cross_encoders, "_open_library", lambda *arguments: pytest.fail("the library is loaded"))
    return open_scorer(model, described)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cross_encoder(tmp_path_factory.mktemp("cross-encoder") / "model")


@pytest.fixture
def copied(tmp_path: Path, made_once: Path) -> Path:
    """Copy a small cross-encoder; tests may change it."""
    return shutil.copytree(made_once, tmp_path / "model")


QUICK = ("bert", "roberta", "bert, another activation at the end")


def some_slow(kinds: Iterable[str]) -> list[Any]:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in kinds]


@pytest.mark.parametrize("kind", some_slow(IN_NUMPY))
def test_numpy_scores_as_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Scores by numpy equal those of CrossEncoder's own predict to 1e-5, and differ between pairs."""
    folder = IN_NUMPY[kind](tmp_path / "model")
    scores = expected(folder)
    scorer = in_numpy(folder, monkeypatch)
    assert [scorer(*pair) for pair in PAIRS] == pytest.approx(scores, abs=1e-5)
    assert len({round(score, 4) for score in scores}) == len(PAIRS)


@pytest.mark.parametrize("kind", some_slow(BY_THE_LIBRARY))
def test_the_library_scores_others(tmp_path: Path, kind: str) -> None:
    """A model that numpy does not compute goes through sentence-transformers, the first time and later."""
    folder = BY_THE_LIBRARY[kind](tmp_path / "model")
    model = find_cross_encoder(str(folder), pytest.fail)
    described, first = describe(model)
    assert described.backend == "sentence-transformers"
    scores = expected(folder)
    for scorer in (first, open_scorer(model, described)):
        assert [scorer(*pair) for pair in PAIRS] == pytest.approx(scores, abs=1e-6)


def test_numpy_is_used_only_where_it_agrees(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model on which numpy is off by more than the tolerance goes through sentence-transformers."""
    through = cross_encoders.through
    monkeypatch.setattr(cross_encoders, "through", lambda vector, layer: through(vector, layer) + 1e-3)
    described, scorer = describe(find_cross_encoder(str(copied), pytest.fail))
    assert described.backend == "sentence-transformers"
    assert [scorer(*pair) for pair in PAIRS] == pytest.approx(expected(copied), abs=1e-6)


def test_a_changed_model_is_noticed(copied: Path) -> None:
    """A model whose files were touched is not the one that was described; other contents, another hash."""
    model = find_cross_encoder(str(copied), pytest.fail)
    before, _ = describe(model)
    assert is_untouched(before, model)
    change(copied / "config.json", layer_norm_eps=0.5)
    assert not is_untouched(before, model)
    after, _ = describe(model)
    assert after.fingerprint != before.fingerprint
    shutil.rmtree(copied)
    assert not is_untouched(before, model)


def change(path: Path, **fields: object) -> None:
    """Set fields of a JSON file; None removes one."""
    read = json.loads(path.read_text()) | fields
    path.write_text(json.dumps({name: value for name, value in read.items() if value is not None}))


def spoil_labels(folder: Path) -> None:
    change(folder / "config.json", id2label={"0": "no", "1": "maybe", "2": "yes"}, label2id=None)


def spoil_unsaid_labels(folder: Path) -> None:
    change(folder / "config.json", id2label=None, label2id=None)


def spoil_kind(folder: Path) -> None:
    change(folder / "config.json", architectures=["BertModel"])
    change(folder / "config_sentence_transformers.json", model_type="SentenceTransformer")


def spoil_configuration(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 1000)
    (folder / "config_sentence_transformers.json").unlink()


def spoil_form(folder: Path) -> None:
    torch.save({}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def spoil_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0notjson!")


def spoil_last_layer(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: one for name, one in weights.items() if "classifier" not in name and "pooler" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def spoil_modules(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": 1, "name": "1", "path": "1_Own", "type": "own_code.Reranker"})
    (folder / "modules.json").write_text(json.dumps(modules))


def spoil_place(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (spoil_labels, "3 scores"),
        (spoil_unsaid_labels, "2 scores"),
        (spoil_kind, "BertModel"),
        (spoil_configuration, "no architecture"),
        (spoil_form, "pickle"),
        (spoil_weights, "cannot rerank"),
        (spoil_last_layer, "lacks 4 of its tensors"),
        (spoil_modules, "its modules.json names Reranker"),
        (spoil_place, "no such folder"),
    ],
)
def test_what_is_refused(copied: Path, spoil: Any, cause: str) -> None:
    """What is not a whole cross-encoder in safetensors is refused, with its name, a cause and a hint."""
    spoil(copied)
    with pytest.raises(RerankerUnusable, match=cause) as raised:
        describe(find_cross_encoder(str(copied), pytest.fail))
    assert str(copied) in raised.value.message
    assert "--rerank" in hint_of(raised.value)
    assert ("CrossEncoder(" in hint_of(raised.value)) == (spoil is spoil_form)


@pytest.mark.slow
@pytest.mark.parametrize("longest", [0, 2, 3, 40, -1, 1e30, "many", None, 513])
def test_odd_lengths(copied: Path, longest: Any) -> None:
    """With any length in the tokenizer's settings, scores are those of the library, or the model is refused."""
    settings = json.loads((copied / "tokenizer_config.json").read_text()) | {"model_max_length": longest}
    (copied / "tokenizer_config.json").write_text(json.dumps(settings))
    try:
        scores = expected(copied)
    except Exception:
        with pytest.raises(RerankerUnusable):
            describe(find_cross_encoder(str(copied), pytest.fail))
        return
    _, scorer = describe(find_cross_encoder(str(copied), pytest.fail))
    assert [scorer(*pair) for pair in PAIRS] == pytest.approx(scores, abs=1e-5)


def test_an_encoder_is_refused(small_model: Path) -> None:
    """A model that makes vectors is refused, which sentence-transformers loads with a random layer."""
    for name in (str(small_model), "all-MiniLM-L6-v2"):
        with pytest.raises(RerankerUnusable, match="not a cross-encoder"):
            find_cross_encoder(name, pytest.fail)


def test_no_pickle_is_read(tmp_path: Path, copied: Path) -> None:
    """A pickle beside the weights is not read, whatever it would do."""
    marker = tmp_path / "ran"
    (copied / "pytorch_model.bin").write_bytes(f"cos\nsystem\n(S'touch {marker}'\ntR.".encode())
    describe(find_cross_encoder(str(copied), pytest.fail))
    assert not marker.exists()
