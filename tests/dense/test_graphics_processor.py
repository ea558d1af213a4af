"""Papers on a real graphics processor, with PAPERSEARCH_TEST_GPU=1; without one, these tests are skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import papersearch
from papersearch.dense import models
from papersearch.dense.accelerators import has_accelerator
from papersearch.dense.cross_encoders import _open_library, find_cross_encoder
from papersearch.dense.encoding import TextEncoding, learn_constants
from papersearch.dense.prefixes import choose_prefixes
from papersearch.dense.reference import PRECISION_VARIABLE, ReferenceEncoder
from papersearch.errors import DeviceUnusable
from tests.conftest import sentence
from tests.dense.families import FAMILIES, OTHERS
from tests.dense.test_device_batches import TEXTS
from tests.dense.tiny_cross_encoders import make_cross_encoder

needs_device = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no graphics processor")

MANY = [*TEXTS, *(sentence(f"topic {number}", 40 + 30 * number) for number in range(40))]


def stored(encoder: ReferenceEncoder, constants: Any) -> list[TextEncoding]:
    found: dict[int, TextEncoding] = {}
    encoder.encode_for_index(MANY, constants, found.__setitem__)
    return [found[number] for number in range(len(MANY))]


def test_it_is_found_without_torch() -> None:
    """A device is seen without torch where torch finds one by itself, and only there."""
    assert has_accelerator() == torch.cuda.is_available()


@needs_device
@pytest.mark.parametrize("kind", sorted(OTHERS | FAMILIES))
def test_papers_equal_the_processors(tmp_path: Path, kind: str) -> None:
    """Vectors by the device equal those by the processor to 1e-6, whatever texts share a batch; pieces to one."""
    folder = (OTHERS | FAMILIES)[kind](tmp_path / "model")
    model = models.locate(str(folder), pytest.fail)
    alone = ReferenceEncoder(model, "cpu", choose_prefixes(model), batch_size=1)
    constants = learn_constants(alone)
    expected = stored(alone, constants)
    for size in (1, 7, 128):
        encoder = ReferenceEncoder(model, "cuda", choose_prefixes(model), batch_size=size)
        for one, other in zip(stored(encoder, constants), expected, strict=True):
            assert np.abs(one.vector - other.vector).max() <= 1e-6
            assert one.pieces.tolist() == other.pieces.tolist()
            assert one.starts.tolist() == other.starts.tolist()
            apart = np.abs(one.piece_vectors.astype(int) - other.piece_vectors)
            assert apart.max(initial=0) <= 1


@needs_device
def test_bfloat16_is_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bfloat16 a vector of the packaged model has a cosine of .9995 or more with that in float32."""
    model = models.locate(None, pytest.fail)
    expected = stored(ReferenceEncoder(model, "cuda"), None)
    monkeypatch.setenv(PRECISION_VARIABLE, "bfloat16")
    for one, other in zip(stored(ReferenceEncoder(model, "cuda"), None), expected, strict=True):
        assert float(one.vector @ other.vector) >= 0.9995


@needs_device
def test_a_build_takes_it(small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """A build takes the device by itself, and numpy's bits where it is hidden; answers are the same."""
    options = ["index", str(small_corpus), "--model", str(small_model), "--full", "--index"]

    def build(folder: Path, **environment: str) -> papersearch.Index:
        command = [sys.executable, "-m", "papersearch", *options, str(folder)]
        subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)
        return papersearch.open(folder)

    found = build(small_index)
    hidden = build(small_index.with_name("hidden"), CUDA_VISIBLE_DEVICES="")
    assert found.manifest.encoder.encoding.endswith("by sentence-transformers in float32")
    assert hidden.manifest.encoder.encoding.endswith("by numpy")
    ids = [paper.paper_id for paper in found.papers()]
    assert np.abs(found.vectors(ids) - hidden.vectors(ids)).max() <= 1e-5
    for query in ("pipeline bubbles", "model", "a cat"):
        hits, others = found.search(query).hits, hidden.search(query).hits
        assert [hit.paper.paper_id for hit in hits] == [hit.paper.paper_id for hit in others]


@needs_device
def test_little_memory(small_model: Path) -> None:
    """Texts whose batch is too large for the device's memory come in smaller batches; none is lost."""
    model = models.locate(str(small_model), pytest.fail)
    expected = stored(ReferenceEncoder(model, "cuda"), None)
    long = [text + " window" * 600 for text in MANY]
    encoder = ReferenceEncoder(model, "cuda", batch_size=len(long))
    torch.cuda.empty_cache()
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (24 << 20)) / whole)
    try:
        received: list[int] = []
        encoder.encode_for_index(long, None, lambda number, encoding: received.append(number))
        assert sorted(received) == list(range(len(long)))
        assert encoder._batch_size < len(long)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    for one, other in zip(stored(ReferenceEncoder(model, "cuda"), None), expected, strict=True):
        assert np.abs(one.vector - other.vector).max() <= 1e-6


@needs_device
def test_scores_equal_the_processors(tmp_path: Path) -> None:
    """A cross-encoder's scores by the device equal those by the processor to 1e-5."""
    model = find_cross_encoder(str(make_cross_encoder(tmp_path / "model")), pytest.fail)
    there, here = (_open_library(model, device) for device in ("cuda", "cpu"))
    for text in TEXTS:
        assert there("pipeline bubbles", text) == pytest.approx(here("pipeline bubbles", text), abs=1e-5)


@needs_device
def test_a_device_beyond_the_last(small_model: Path) -> None:
    """A device that is not there is refused by its name."""
    model = models.locate(str(small_model), pytest.fail)
    with pytest.raises(DeviceUnusable, match="cuda:63"):
        ReferenceEncoder(model, "cuda:63")
