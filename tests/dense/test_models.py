"""Models that are replaced, removed or invalid."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

import papersearch
from papersearch.dense import choice, models
from papersearch.dense.encoders import Identity
from papersearch.dense.models import FETCHED, locate, relocate
from papersearch.errors import ModelDamaged, ModelError, ModelUnusable


@pytest.mark.parametrize("change", ["removed", "rewritten", "touched"])
def test_model_after_the_build(small_corpus: Path, small_model: Path, tmp_path: Path, change: str) -> None:
    """Without its model, or with another one in its folder, an index answers by keywords and says why.

    A model with only a new modification time is the same one.
    """
    import shutil

    folder = tmp_path / "model-copy"
    shutil.copytree(small_model, folder)
    papersearch.build(small_corpus, tmp_path / "index", model=str(folder))
    weights = folder / "model.safetensors"
    if change == "removed":
        shutil.rmtree(folder)
    else:
        data = bytearray(weights.read_bytes())
        if change == "rewritten":
            data[-1] ^= 1
        weights.write_bytes(data)
        os.utime(weights, ns=(1, 1))
    results = papersearch.open(tmp_path / "index").search("pipeline bubbles")
    assert results.mode == "hybrid"
    assert results.mode_used == ("hybrid" if change == "touched" else "keyword")
    assert bool(results.mode_reason) == (change != "touched")
    assert results[0].paper.title == "On pipeline bubbles"


def test_model_that_is_none(small_corpus: Path, tmp_path: Path) -> None:
    """A missing model folder, and a folder without a model, are errors before any encoding."""
    (tmp_path / "empty").mkdir()
    for model in ("./nowhere", str(tmp_path / "empty")):
        with pytest.raises(ModelUnusable):
            papersearch.build(small_corpus, tmp_path / "index", model=model)


@pytest.mark.parametrize("name", ["~nobody-has-this-name/model", "x" * 300, "./" + "x" * 300])
def test_a_name_that_no_folder_can_have(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A name in which no user, or no system, finds a folder is an error of the model, for a build and a query."""
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", Hub(Path(), "nowhere"))
    with pytest.raises(ModelUnusable):
        locate(name, print)
    with pytest.raises(ModelError):
        relocate(name, "folder", name)


def test_a_file_that_goes_while_a_model_is_read(monkeypatch: pytest.MonkeyPatch, small_model: Path) -> None:
    """A file that was listed and is gone is an error that names it."""
    monkeypatch.setattr(models, "deciding_files", lambda folder: ["gone.json"])
    model = locate(str(small_model), print)
    for read in (models.touched, models.fingerprint):
        with pytest.raises(ModelUnusable, match=r"gone\.json: No such file"):
            read(model)


@pytest.mark.parametrize("config", [None, "", "{}", "[]", '{"hidden_size": "wide"}', '{"hidden_size": null}'])
def test_a_damaged_package(tmp_path: Path, config: str | None) -> None:
    """The packaged model without a configuration, or with a damaged one, is an error that names the file."""
    (tmp_path / "model.safetensors").touch()
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    model = models.ModelFiles(models.DEFAULT_MODEL, "package", tmp_path)
    with pytest.raises(ModelDamaged, match=r"config\.json"):
        choice.describe(model, Identity("", "", "", ""), None, [], [], pytest.fail)


class Hub:
    """huggingface_hub.snapshot_download, which finds a model on this machine, elsewhere or nowhere.

    "in part" means on this machine without its weights, and whole elsewhere.
    """

    def __init__(self, folder: Path, place: str, part: Path | None = None) -> None:
        self.folder, self.place, self.part = folder, place, part
        self.asked: list[bool] = []

    def __call__(self, name: str, local_files_only: bool = False, **options: object) -> str:
        self.asked.append(local_files_only)
        if self.place == "nowhere" or (local_files_only and self.place == "elsewhere"):
            raise OSError("not found")
        return str(self.part if self.place == "in part" and local_files_only else self.folder)


@pytest.mark.parametrize(("place", "n_told"), [("cached", 0), ("in part", 1), ("elsewhere", 1), ("nowhere", 1)])
def test_a_model_of_the_hub(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch, place: str, n_told: int
) -> None:
    """A name that is not a folder is looked up in the hub's cache, and fetched unless it is there whole.

    The fetch is announced. A model that cannot be found is an error that names it.
    """
    import huggingface_hub

    (tmp_path / "config.json").write_text("{}")
    hub = Hub(small_model, place, part=tmp_path)
    told: list[str] = []
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub)
    if place == "nowhere":
        with pytest.raises(ModelUnusable, match="someone/model"):
            locate("someone/model", told.append)
    else:
        assert locate("someone/model", told.append).folder == small_model
    assert len(told) == n_told
    assert hub.asked == [True, False][: 1 + n_told]


def test_what_is_fetched() -> None:
    """Weights that are not read are not fetched: divided ones, pickles, and those of other programs."""
    from huggingface_hub.utils import filter_repo_objects

    read = ["config.json", "1_Pooling/config.json", "2_Dense/model.safetensors", "model.safetensors", "vocab.txt"]
    unread = ["pytorch_model.bin", "model-00001-of-00002.safetensors", "onnx/model.onnx", "modeling.py"]
    assert list(filter_repo_objects([*read, *unread], allow_patterns=FETCHED)) == read


def test_the_default_model_is_the_package_s(monkeypatch: pytest.MonkeyPatch, small_model: Path) -> None:
    """The default model is found in its package, or in the hub if that is not installed."""
    import huggingface_hub

    hub = Hub(small_model, "cached")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub)
    assert (locate(None, print).source, hub.asked) == ("package", [])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert (locate(None, print).folder, hub.asked) == (small_model, [True])
