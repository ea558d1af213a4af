"""A small library of papers with identifiers of every kind, for tests of looking them up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

import papersearch
from tests.conftest import sentence

ABOUT = " We train gpt-4 and mixtures of experts in 2024 on pipelines, for state-of-the-art attention."

RECORDS: list[dict[str, Any]] = [
    {"paper_id": "2503.11731v1", "title": "Sensors", "arxiv_id": "2503.11731v1"},
    {"paper_id": "strings", "title": "Strings", "arxiv_id": "hep-th/9901001"},
    {"paper_id": "doe2024pipeline", "title": "Bubbles", "citation_key": "doe:2024", "doi": "10.1000/abc_Def"},
    {"paper_id": "knuth", "title": "Literate programming", "url": "https://example.org/papers/12.pdf"},
    {"paper_id": "attention", "title": "Heads", "citation_key": "gpt-4"},
    {"paper_id": "one", "title": "Chapter one", "doi": "10.5555/book"},
    {"paper_id": "two", "title": "Chapter two", "doi": "10.5555/BOOK"},
    {"paper_id": "forum", "title": "Electra", "url": "https://openreview.net/forum?id=r1xMH1BtvB"},
    {"paper_id": "3", "title": "Three", "citation_key": "lamport"},
    {"paper_id": "1984", "title": "Nineteen", "links": ["https://github.com/acme/nineteen"]},
    {"paper_id": "10.1000/abc", "title": "A beginning of another"},
    {"paper_id": "2020.acl-main.1", "title": "Anthologies"},
    {"paper_id": "a-long-id-made-by-hand-of-a-report", "title": "10.5281 reasons for numbers in titles"},
    {"paper_id": "", "title": "GPipe: giant neural networks"},
]


def make_library(folder: Path, model: Path) -> Path:
    """Build the index of the library in a folder; return its path."""
    (folder / "corpus").mkdir(parents=True)
    made = [{"abstract": f"{sentence(one['title'])}{ABOUT}", "provenance": [], **one} for one in RECORDS]
    lines = [{name: value for name, value in one.items() if value or name == "provenance"} for one in made]
    (folder / "corpus" / "papers.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    papersearch.build(folder / "corpus", folder / "index", model=str(model))
    return folder / "index"
