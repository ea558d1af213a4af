"""Fixtures that run the command in this process and keep what is copied, and the command that a hint names."""

from __future__ import annotations

import shlex
from collections.abc import Callable
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


@pytest.fixture
def copied_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the clipboard of `browse`: the texts copied to it, in their order."""
    texts: list[str] = []

    def copy(text: str, send: Callable[[str], None]) -> str:
        texts.append(text)
        return "xclip"

    monkeypatch.setattr("papersearch.cli.tui.acting.copy", copy)
    return texts


def hinted(stderr: str) -> list[str]:
    """Return the words of the command that the only hint names, without the program."""
    (hint,) = [line for line in stderr.splitlines() if line.startswith("hint: ")]
    [program, *words] = shlex.split(hint.removeprefix("hint: "))
    assert program == "papersearch"
    return words
