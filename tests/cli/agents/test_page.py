"""Agreement of docs/mcp.md with the tools."""

from __future__ import annotations

import json
import re

import pytest

import papersearch
from papersearch.cli.agents import server, tools
from papersearch.cli.agents.arguments import MAX_TEXT, ArgumentError
from papersearch.cli.agents.short_form import short_results
from papersearch.cli.agents.tools import TOOLS
from papersearch.cli.mcp import PATH, PORT
from papersearch.remote.calls import MAX_BODY_BYTES
from papersearch.serving.guard import GuardBounds
from papersearch.serving.server import HEADER_SECONDS, MAX_CONNECTIONS, MAX_HEADER_BYTES
from papersearch.types import Results
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "mcp.md").read_text(encoding="utf-8")


def test_tools_are_listed() -> None:
    """The page lists the tools in the order in which agents see them."""
    table = PAGE.split("\n## The tools\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == [tool.name for tool in TOOLS]


def test_fields_are_listed(real_index: papersearch.Index) -> None:
    """The page names every field that short answers have, of hits and beside them."""
    found: Results = real_index.search(
        "pipelne year: bubbles", since="2024", facets=True, related=True, explain=True, fold=True
    )
    similar = real_index.similar(["gpipe"])
    for answer in (found, similar):
        told = json.loads(short_results(answer))
        for name in {*told, *(field for hit in told["hits"] for field in hit)} - {"hits"}:
            assert f"`{name}`" in PAGE, name


def test_the_error_is_the_real_one() -> None:
    """The error that the page shows is the one that such a call gets."""
    (search,) = [tool for tool in TOOLS if tool.name == "search"]
    with pytest.raises(ArgumentError) as raised:
        search.arguments.read({"query": "moe", "limit": 2, "mode": "fuzzy"})
    shown = PAGE.split("\n## Errors\n")[1].split("```")[1].strip()
    assert raised.value.message.startswith(shown.removesuffix("..."))


def test_limits_are_listed() -> None:
    """The page has the limits of the code."""
    bounds = GuardBounds()
    for row in (
        f"http://127.0.0.1:{PORT}{PATH}",
        f"papers named | {tools.MOST_PAPERS}; {tools.MOST_NAMES:,} names in a filter",
        f"{server.MAX_ANSWER_BYTES // 10**6} MB in all",
        f"| query, text | {MAX_TEXT:,} characters |",
        f"| body of a request | {MAX_BODY_BYTES >> 20} MiB, within {bounds.body_seconds:g} s |",
        f"| header of a request | {MAX_HEADER_BYTES >> 10} KiB, within {HEADER_SECONDS:g} s |",
        f"| calls waiting | {server.MAX_WAITING} |",
        f"| time of a call, waiting included | {server.CALL_SECONDS:g} s |",
        f"| requests at once | {bounds.n_at_once}; connections: {MAX_CONNECTIONS:,} |",
    ):
        assert row in PAGE, row
