"""Whole records: the names that find them, and their printed fields."""

from __future__ import annotations

import json
from typing import Any


def test_show_by_id_prefix_and_title(invoke: Any) -> None:
    """A whole id, its beginning, and the title in any spelling show the same record."""
    shown = [
        json.loads(invoke("show", name, "--json").stdout)["papers"][0]
        for name in (
            "gpipe-efficient-training-of-giant-neural-86739e",
            "gpipe",
            "GPipe: efficient training of giant neural networks using pipeline parallelism",
        )
    ]
    assert shown[0] == shown[1] == shown[2]
    assert shown[0]["date"] == "2018-11-16"
    several = invoke("show", "gpipe", "skippipe", "--jsonl").stdout.splitlines()
    assert [json.loads(line)["paper_id"].split("-")[0] for line in several] == ["gpipe", "skippipe"]


def test_show_prints_the_whole_record(invoke: Any) -> None:
    """A record has title, date, abstract, link and places, each on one line in a pipe."""
    lines = invoke("show", "skippipe").stdout.splitlines()
    record = json.loads(invoke("show", "skippipe", "--json").stdout)["papers"][0]
    assert record["title"] in lines
    assert record["abstract"] in lines
    assert record["links"][0] in lines
    assert any(line.startswith("2025-02-27 · Gensyn") for line in lines)
    assert "003_754a33801e2b48b9.txt:77-83" in lines
