"""A fixture that runs the command in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from papersearch.cli.app import app


@pytest.fixture
def invoke(real_index_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run the command in this process, on the real index, in a folder without a corpus."""
    monkeypatch.setenv("PAPERSEARCH_INDEX", str(real_index_path))
    monkeypatch.setenv("PAPERSEARCH_CORPUS", str(tmp_path / "nowhere"))
    monkeypatch.delenv("COLUMNS", raising=False)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))
