"""The packaged model in sentence-transformers, which is loaded once, and the model that tests make."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from papersearch.dense.models import locate


@pytest.fixture(scope="session")
def library() -> Any:
    """Return sentence-transformers with the packaged model, used directly."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(locate(None, pytest.fail).folder), device="cpu")
    model.max_seq_length = 512
    return model


@pytest.fixture
def copied_model(tmp_path: Path, small_model: Path) -> Path:
    """Copy the small model; tests may change it."""
    return shutil.copytree(small_model, tmp_path / "model")
