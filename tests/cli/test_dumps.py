"""What is said of each dump: its format, its papers, those without abstract, its findings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from papersearch.cli.app import app
from papersearch.cli.output.dumps import dump_lines
from papersearch.types import DumpFile

LIBRARY = """@article{a, title = {On Moths at Night}, abstract = {Moths fly at night.}}
@article{b, title = {On Owls at Noon}}
@article{c, title = {On a Brace
"""


def dump(name: str, format: str, n_papers: int, n_without: int = 0, n_findings: int = 0) -> DumpFile:
    return DumpFile(
        name=name,
        size=1,
        mtime_ns=1,
        sha256="0" * 64,
        format=format,
        n_appearances=n_papers,
        n_without_abstract=n_without,
        n_findings=n_findings,
    )


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (dump("a.bib", "BibTeX", 1018, 561, 3), "a.bib: BibTeX, 1,018 papers, 561 without abstract, 3 findings"),
        (dump("a.ris", "RIS", 1, 1, 1), "a.ris: RIS, 1 paper, 1 without abstract, 1 finding"),
        (dump("a.json", "JSON", 0), "a.json: JSON, 0 papers"),
    ],
)
def test_a_dump_is_one_line(one: DumpFile, line: str) -> None:
    """Few dumps have a line each; papers are always counted, other counts only where there are any."""
    assert dump_lines([one]) == [line]
    assert dump_lines([one] * 10) == [line] * 10


def test_many_dumps_are_summed_up_by_format() -> None:
    """More than ten dumps have a line for each format, in which every count is a sum."""
    many = [dump(f"{number}.txt", "Daily Papers", number, n_findings=1) for number in range(10)]
    assert dump_lines([*many, dump("a.bib", "BibTeX", 1000, 400)]) == [
        "BibTeX: 1 file, 1,000 papers, 400 without abstract",
        "Daily Papers: 10 files, 45 papers, 10 findings",
    ]


@pytest.fixture
def library(tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run the command beside an index of a library with a paper without abstract and a broken entry."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "library.bib").write_text(LIBRARY)
    monkeypatch.chdir(tmp_path)
    model = ("--model", str(small_model))
    start: Callable[..., Any] = lambda *words: CliRunner().invoke(app, list(words))  # noqa: E731
    dry = start("index", "--dry-run", *model)
    built = start("index", *model)
    for done in (dry, built):
        assert "library.bib: BibTeX, 2 papers, 1 without abstract, 1 finding" in done.stdout.splitlines()
    return start


def test_stats_tell_of_each_dump(library: Callable[..., Any], small_model: Path) -> None:
    """`index` and `stats` say the same of a dump, as text and as JSON, also when nothing is built."""
    (told,) = json.loads(library("stats", "--json").stdout)["dumps"]
    assert told == {
        "name": "library.bib",
        "appearances": 2,
        "format": "BibTeX",
        "without_abstract": 1,
        "findings": 1,
    }
    again = json.loads(library("index", "--json", "--model", str(small_model)).stdout)
    assert (again["outcome"], again["dumps"]) == ("up to date", [told])
    (row,) = [line for line in library("stats").stdout.splitlines() if line.startswith("  library.bib")]
    assert row.endswith("  2  BibTeX, 1 without abstract")
