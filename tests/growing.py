"""A small corpus that grows: its dumps, the answers of its index, and leftovers of builds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import papersearch
from papersearch.index.locking import LOCK
from tests.conftest import page, sentence

QUERIES = ["pipeline bubbles", "speech recognition", "ASR", "On paper 3"]


def answers(index_path: Path, decimals: int = 12) -> list[list[tuple[str, float]]]:
    """Return the index's results for a few queries, in comparable form."""
    index = papersearch.open(index_path)
    return [[(h.paper.paper_id, round(h.score, decimals)) for h in index.search(q, k=50)] for q in QUERIES]


def leftovers(index_path: Path) -> list[str]:
    """List files that a build should have removed."""
    return [path.name for path in index_path.iterdir() if path.name.startswith(".") and path.name != LOCK]


def add(corpus: Path, name: str, *topics: str) -> None:
    (corpus / name).write_text(page([(f"On {topic}", sentence(topic)) for topic in topics]))


A, B = ("On apples", sentence("apples")), ("On bees", sentence("bees"))


def answers_in_every_mode(index_path: Path) -> Any:
    """Return the index's results for a query in every mode."""
    index = papersearch.open(index_path)
    return [index.search("pipeline bubbles", mode=mode) for mode in ("hybrid", "keyword", "semantic")]


def tree(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
