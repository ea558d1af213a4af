"""JSON that is not about papers gives none, and one finding that says what it looks like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from papersearch.ingest.reading import ingest
from tests.conftest import PROJECT

OTHERS: dict[str, tuple[Any, str]] = {
    "queries": ([{"_id": "1", "text": "what do owls eat"}, {"_id": "9", "text": "which moths"}], "holds queries"),
    "queries with metadata": (
        [{"_id": "1", "text": "what do owls eat", "metadata": {"query": "owls"}}],
        "holds queries",
    ),
    "topics": ([{"id": 1, "query": "owls"}], "holds queries"),
    "judgements": ([{"query-id": "1", "corpus-id": "2", "score": 1}], "holds judgements"),
    "schema": (
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "R", "type": "object"},
        "a JSON Schema",
    ),
    "schema of a paper": (
        {"$schema": "http://json-schema.org/draft-07/schema#", "title": "P", "properties": {"abstract": {}}},
        "a JSON Schema",
    ),
    "questions": (
        {"version": "1.1", "data": [{"title": "Moth", "paragraphs": []}]},
        "holds questions with answers",
    ),
    "issues": ([{"id": 1, "title": "Crash", "body": "it crashes", "state": "open"}], "holds issues"),
    "chat": ([{"text": "hello there", "user": "u1"}], "holds messages"),
    "dialogue": ([{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}], "holds messages"),
    "dialogues": ([{"messages": [{"role": "user", "content": "hello"}]}], "holds messages"),
    "notebook": ({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, "a Jupyter notebook"),
    "map": ({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {}}]}, "GeoJSON"),
    "package": ({"name": "x", "version": "1", "description": "x", "dependencies": {}}, "the settings of a package"),
    "settings": ({"editor.fontSize": 12, "theme": {"name": "dark"}}, "its fields: editor.fontSize, theme"),
    "site": ({"title": "My site", "description": "About me", "author": "Ada"}, "titles without abstracts"),
    "news": (
        {"title": "Feed", "items": [{"title": "News", "summary": "Rain.", "author": "Ada"}]},
        "titles without",
    ),
    "posts": ([{"id": 1, "title": "Look", "text": "I made a lamp.", "by": "ada"}], "titles without abstracts"),
    "products": ([{"id": 1, "title": "Lamp", "description": "Bright", "price": 3}], "titles without abstracts"),
    "books": ([{"type": "book", "title": "Lamps", "price": 3}], "titles without abstracts"),
    "results without hits": ({"query": "owls", "total": 0, "hits": []}, "without a paper"),
    "nothing": ([], "without a paper"),
    "attachments": ({"items": [{"itemType": "attachment", "title": "x.pdf"}]}, "without a paper"),
}


@pytest.mark.parametrize("as_lines", [False, True])
@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_not_a_paper(tmp_path: Path, kind: str, as_lines: bool) -> None:
    """The file is skipped with one finding on what it looks like, whatever its arrangement."""
    value, looks_like = OTHERS[kind]
    values = value if isinstance(value, list) and value else [value]
    content = "".join(json.dumps(one) + "\n" for one in values) if as_lines else json.dumps(value, indent=1)
    (tmp_path / "file.json").write_text(content)
    found = ingest([tmp_path])
    assert found.papers == ()
    ((kind_of_finding, line, detail),) = [(f.kind, f.line, f.detail) for f in found.findings]
    assert (kind_of_finding, line) == ("file skipped", None)
    assert looks_like in detail
    assert ([file.name for file in found.skipped], found.dumps) == (["file.json"], ())


@pytest.mark.parametrize("name", ["_id", "id", "docid", "doc_id", "docno"])
def test_bare_documents_are_papers(tmp_path: Path, name: str) -> None:
    """An object of an id, a title and a text alone is a document of a test collection."""
    (tmp_path / "file.jsonl").write_text(json.dumps({name: "7", "title": "On owls", "text": "Owls hunt."}))
    (paper,) = ingest([tmp_path]).papers
    assert (paper.paper_id, paper.title, paper.abstract) == ("7", "On owls", "Owls hunt.")


@pytest.mark.parametrize("path", sorted((PROJECT / "docs" / "schema").glob("*.json")), ids=lambda path: path.name)
def test_own_schemas_are_not_papers(path: Path) -> None:
    """The schemas in the documents are skipped as schemas."""
    found = ingest([path])
    assert [(finding.kind, finding.detail) for finding in found.findings] == [("file skipped", "a JSON Schema")]


def test_a_folder_with_queries(tmp_path: Path) -> None:
    """Queries beside a collection change none of its documents, though they share ids."""
    documents = [{"_id": "1", "title": "Owls", "text": "Short."}, {"_id": "2", "title": "", "text": "Untitled."}]
    queries = [{"_id": "1", "text": "a query that is longer than the document it shares its id with"}]
    for name, records in (("corpus", documents), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    found = ingest([tmp_path])
    assert [paper.abstract for paper in found.papers] == ["Short.", "Untitled."]
    assert [(f.kind, f.file, f.detail) for f in found.findings] == [
        ("file skipped", "queries.jsonl", "holds queries")
    ]


def test_many_strangers_are_summed_up(tmp_path: Path) -> None:
    """Among papers, the first strangers are named by line, and the rest is counted in one finding."""
    paper = {"_id": "1", "title": "Owls", "text": "Short."}
    strangers = [{"id": n, "title": "Crash", "body": "It crashes."} for n in range(500)]
    (tmp_path / "mixed.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (*strangers, paper)))
    found = ingest([tmp_path])
    assert len(found.papers) == 1
    assert [finding.line for finding in found.findings] == list(range(1, 12))
    assert found.findings[-1].detail == "490 more from here on: an issue"
