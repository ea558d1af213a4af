"""Marks as agents see them, and the tool that changes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import papersearch
from papersearch.cli.agents.short_form import HIT_BYTES
from papersearch.cli.agents.tools import TOOLS
from papersearch.marks.file import read_marks

pytest.importorskip("mcp")

from papersearch.cli.agents.marking import MARK
from papersearch.cli.mcp import _tools

BY_NAME = {tool.name: tool for tool in (*TOOLS, MARK)}


@pytest.fixture
def marks_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that the tools use."""
    path = tmp_path / "marks.jsonl"
    monkeypatch.setenv("PAPERSEARCH_MARKS", str(path))
    return path


def ask(index: papersearch.Index, tool: str, **given: Any) -> Any:
    """Return the answer of a tool to what an agent passes."""
    return json.loads(BY_NAME[tool].call(index, **BY_NAME[tool].arguments.read(given)))


def test_agents_write_only_if_they_may() -> None:
    """The tool that writes is there only with the option, and does not call itself a reader."""
    assert _tools(allow_marks=False) == TOOLS
    assert _tools(allow_marks=True) == (*TOOLS, MARK)
    assert [tool.name for tool in (*TOOLS, MARK) if not tool.is_read_only] == ["mark"]


def test_marks_filter(real_index: papersearch.Index, marks_path: Path) -> None:
    """Tags and states narrow `search` and `similar` as they do at the command line, beside other filters."""
    ask(real_index, "mark", papers=["gpipe", "skippipe"], tags=["moe"])
    ask(real_index, "mark", papers=["gpipe", "megascale"], read=True)
    gpipe, skippipe, megascale = (real_index.paper(name) for name in ("gpipe", "skippipe", "megascale"))

    def found(tool: str = "search", **given: Any) -> set[str]:
        first = {"query": "pipeline"} if tool == "search" else {"papers": ["elaswave"]}
        answer = ask(real_index, tool, **first, k=100, detail="full", **given)
        filters = answer["filters"]
        assert [filters[field] for field in ("tags", "unread", "read")] == [
            given.get(field, default) for field, default in (("tags", []), ("unread", False), ("read", False))
        ]
        assert filters["within"] == given.get("within")
        return {hit["paper_id"] for hit in answer["hits"]}

    for tool in ("search", "similar"):
        assert found(tool, tags=["moe"]) == {gpipe.paper_id, skippipe.paper_id}
        assert found(tool, read=True) == {gpipe.paper_id, megascale.paper_id}
        assert found(tool, read=True, tags=["moe"]) == {gpipe.paper_id}
        assert found(tool, unread=True, within=["gpipe", "skippipe"]) == {skippipe.paper_id}
        assert not found(tool, unread=True) & {gpipe.paper_id, megascale.paper_id}
    with pytest.raises(papersearch.PapersearchError, match="unknown tag"):
        found(tags=["mo"])
    with pytest.raises(papersearch.PaperNotFound):
        found(read=True, within=["gpipe", "no such paper"])


def test_an_agent_marks(real_index: papersearch.Index, marks_path: Path) -> None:
    """Tags, notes and states are kept; without a change the tool tells them and writes nothing."""
    assert ask(real_index, "mark", papers=["gpipe"])["papers"][0]["marks"] is None
    assert not marks_path.exists()
    given = ask(real_index, "mark", papers=["gpipe", "skippipe"], tags=["moe"], note="x", read=True)
    assert [one["marks"] for one in given["papers"]] == [{"tags": ["moe"], "read": True, "note": "x"}] * 2
    assert ask(real_index, "mark", papers=["gpipe"], untags=["moe"], read=False)["papers"][0]["marks"] == {
        "tags": [],
        "read": False,
        "note": "x",
    }
    assert len(read_marks(marks_path)) == 2
    with pytest.raises(papersearch.PapersearchError):
        ask(real_index, "mark", papers=["gpipe", "no such paper"], read=True)
    assert [mark.is_read for mark in read_marks(marks_path)] == [False, True]


def test_agents_see_marks(real_index: papersearch.Index, marks_path: Path) -> None:
    """Hits have state and tags in short, within their bound, and all marks in full; records have notes too."""
    plain = ask(real_index, "search", query="pipeline bubbles")
    assert not any({"read", "tags"} & set(hit) for hit in plain["hits"])
    names = [hit["short_id"] for hit in plain["hits"]]
    ask(real_index, "mark", papers=names, tags=["ü" * 90, "moe", *(f"tag {n}" for n in range(18))], read=True)
    short = ask(real_index, "search", query="pipeline bubbles")
    assert all(hit["read"] and hit["tags"] for hit in short["hits"])
    assert all(len(json.dumps(hit, ensure_ascii=False).encode()) <= HIT_BYTES + 40 for hit in short["hits"])
    for tool in ({"tool": "search", "query": "pipeline bubbles"}, {"tool": "show", "papers": names}):
        full = ask(real_index, detail="full", **tool)
        assert all(len(one["marks"]["tags"]) == 20 for one in full.get("hits") or full["papers"])
    ask(real_index, "mark", papers=names[:1], note="compare")
    [shown] = ask(real_index, "show", papers=names[:1])["papers"]
    assert shown["marks"]["note"] == "compare"
