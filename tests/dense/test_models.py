"""Models that change, go away, or are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import papersearch
from papersearch.errors import ModelError


@pytest.mark.parametrize("change", ["removed", "rewritten", "touched"])
def test_model_after_the_build(small_corpus: Path, small_model: Path, tmp_path: Path, change: str) -> None:
    """Without its model, or with another in its place, an index answers by keywords and says why;
    a model that was only touched is the same one."""
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
    """A missing model folder, and a folder that holds no model, are errors before any encoding."""
    (tmp_path / "empty").mkdir()
    for model in ("./nowhere", str(tmp_path / "empty")):
        with pytest.raises(ModelError) as caught:
            papersearch.build(small_corpus, tmp_path / "index", model=model)
        assert caught.value.hint
