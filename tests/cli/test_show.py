"""Whole records: the names that find them, and their printed fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from papersearch.cli.app import app
from papersearch.cli.listed_names import names_in
from papersearch.cli.output.json_documents import paper_rows
from papersearch.cli.output.records import facts_of
from papersearch.types import Paper


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


@pytest.mark.parametrize("form", ["plain", "tsv"])
def test_lines_of_papers_have_the_cells_of_hits(invoke: Any, form: str) -> None:
    """A line has the cells of a hit's line, with no score, and the abstract as evidence; lines lead back."""
    hits = [line.split("\t") for line in invoke("moe routing", "-k", "5", "--format", form).stdout.splitlines()]
    ids = [hit[2] for hit in hits]
    printed = invoke("show", *ids, "--format", form).stdout
    records = json.loads(invoke("show", *ids, "--json").stdout)["papers"]
    assert [line.split("\t") for line in printed.splitlines()] == [
        [hit[0], "", *hit[2:5], record["abstract"]] for hit, record in zip(hits, records, strict=True)
    ]
    assert names_in(printed.encode()) == ids


def test_hostile_papers_are_one_line_each() -> None:
    """Tabs, line ends and escapes of a paper stay out of its line, which has six cells."""
    hostile = Paper(paper_id="a", title="T\tt\nu", abstract="x\r\n\x1b[31my\tz\u2028w", year=2024)
    [line] = paper_rows([hostile]).split("\n")[:-1]
    assert line.split("\t")[:4] == ["1", "", "a", "2024"]
    assert (line.count("\t"), line.replace("\t", "").isprintable()) == (5, True)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        ({"date": "2026-04-02", "year": 2026, "month": 4}, "2026-04-02"),
        ({"year": 2026, "month": 4, "year_inferred": True}, "Apr 2026 (year inferred)"),
        ({"year": 2026, "month": 12}, "Dec 2026"),
        ({"year": 2026}, "2026"),
    ],
)
def test_what_is_known_of_a_date(known: dict[str, Any], shown: str) -> None:
    """A record shows the day, else the month and year, else the year, and says if they were inferred."""
    paper = Paper(paper_id="a", title="A", abstract="", arxiv_id="2604.01234", **known)
    assert facts_of(paper) == [shown, "arXiv:2604.01234"]
    assert facts_of(Paper(paper_id="a", title="A", abstract="")) == []


def test_what_is_known_of_a_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record shows venue, pages, publisher, address and keywords; a hit, keywords that match alone."""
    fields = {
        "title": "Lantern moths",
        "abstract": "They fly at dusk.",
        "venue": "Journal of Moths",
        "volume": "12",
        "issue": "3",
        "pages": "45-67",
        "publisher": "Moth Press",
        "url": "https://example.org/moths",
        "categories": ["Lepidoptera", "compound eye"],
    }
    record = {"paper_id": "moths", **fields, "provenance": []}
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.jsonl").write_text(json.dumps(record) + "\n")
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    assert run.invoke(app, ["index", "--words-only"]).exit_code == 0
    lines = run.invoke(app, ["show", "moths"]).stdout.splitlines()
    assert "Journal of Moths, vol. 12, no. 3, pp. 45-67, Moth Press" in lines
    assert "keywords: Lepidoptera; compound eye" in lines
    assert "https://example.org/moths" in lines
    (paper,) = json.loads(run.invoke(app, ["show", "moths", "--json"]).stdout)["papers"]
    assert paper.items() >= fields.items()
    table = run.invoke(app, ["search", "lepidoptera dusk", "--mode", "keyword", "--format", "table"]).stdout
    assert "They fly at dusk.  keywords: Lepidoptera" in table
    assert "compound eye" not in table
