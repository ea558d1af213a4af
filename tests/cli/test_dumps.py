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


def dump(
    name: str, format: str, n_papers: int, n_without: int = 0, n_findings: int = 0, n_left_out: int = 0
) -> DumpFile:
    return DumpFile(
        name=name,
        size=1,
        mtime_ns=1,
        sha256="0" * 64,
        format=format,
        n_appearances=n_papers,
        n_without_abstract=n_without,
        n_left_out=n_left_out,
        n_findings=n_findings,
    )


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (dump("a.bib", "BibTeX", 1018, 561, 3), "a.bib: BibTeX, 1,018 papers, 561 without abstract, 3 findings"),
        (dump("a.ris", "RIS", 1, 1, 1), "a.ris: RIS, 1 paper, 1 without abstract, 1 finding"),
        (dump("a.json", "JSON", 0), "a.json: JSON, 0 papers"),
        (dump("a.nbib", "nbib", 4, n_left_out=2), "a.nbib: nbib, 4 papers, 2 left out"),
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
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run the command beside an index of a library with a paper without abstract and a broken entry."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "library.bib").write_text(LIBRARY)
    monkeypatch.chdir(tmp_path)
    start: Callable[..., Any] = lambda *words: CliRunner().invoke(app, list(words))  # noqa: E731
    dry = start("index", "--dry-run", "--words-only")
    built = start("index", "--words-only")
    for done in (dry, built):
        assert "library.bib: BibTeX, 2 papers, 1 without abstract, 1 finding" in done.stdout.splitlines()
    return start


def test_stats_tell_of_each_dump(library: Callable[..., Any]) -> None:
    """`index` and `stats` say the same of a dump, as text and as JSON, also when nothing is built."""
    (told,) = json.loads(library("stats", "--json").stdout)["dumps"]
    assert told == {
        "name": "library.bib",
        "appearances": 2,
        "format": "BibTeX",
        "without_abstract": 1,
        "left_out": 0,
        "findings": 1,
    }
    again = json.loads(library("index", "--json", "--words-only").stdout)
    assert (again["outcome"], again["dumps"]) == ("up to date", [told])
    (row,) = [line for line in library("stats").stdout.splitlines() if line.startswith("  library.bib")]
    assert row.endswith("  2  BibTeX, 1 without abstract")


def test_a_citation_key_names_a_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key finds its paper beside another id; a key of two papers is ambiguous; text with a key finds none."""
    keys = {"first": "doe:2024", "second": "twice", "third": "twice", "fourth": 'has"quote'}
    trap = ' says "citation_key":"trap" and \\"citation_key\\":\\"trap\\"'
    records = [
        {
            "paper_id": name,
            "title": f"On {name}",
            "abstract": f"About {name}{trap}",
            "provenance": [],
            "citation_key": key,
        }
        for name, key in keys.items()
    ]
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "papers.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    assert run.invoke(app, ["index", "--words-only"]).exit_code == 0
    for key, name in (("doe:2024", "first"), ('has"quote', "fourth")):
        (paper,) = json.loads(run.invoke(app, ["show", key, "--json"]).stdout)["papers"]
        assert (paper["paper_id"], paper["citation_key"]) == (name, key)
    assert "2 papers have this citation key: second, third" in run.invoke(app, ["show", "twice"]).stderr
    for lost in ("doe:202", "trap", "DOE:2024", "null"):
        done = run.invoke(app, ["show", lost])
        assert (done.exit_code, done.stdout) == (2, "")
        assert "no paper has this id, title or citation key" in done.stderr
