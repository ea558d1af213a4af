"""`convert`: papers of files in every format, merged, without an index or a model."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from papersearch.cli.app import app
from papersearch.cli.convert import ConvertedFormat
from papersearch.cli.output.exports import export
from papersearch.ingest.reading import ingest
from tests.conftest import CORPUS, Run, command_environment

LIBRARY = """@article{doe2024moths,
  title = {On Moths at Night}, author = {Doe, Jane}, year = 2024, month = apr, journal = {Moth Letters},
  volume = 3, number = 2, pages = {1--9}, publisher = {Wing}, abstract = {Moths fly at night.},
  keywords = {moths, night}, url = {https://moths.example.org/1}, doi = {10.5555/moth.1},
}
@article{broken, title = {On a Brace
@misc{mail2025, title = {On Mail}, eprint = {2503.00001}, archivePrefix = {arXiv}, note = {x}}
"""
TWIN = "TY  - JOUR\nTI  - On Moths at Night\nAU  - Doe, Jane\nDO  - 10.5555/moth.1\nAB  - Moths fly.\nER  - \n"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Write a library of two papers and a broken entry."""
    path = tmp_path / "library.bib"
    path.write_text(LIBRARY)
    return path


def convert(*arguments: str | Path, typed: str | bytes = "") -> Result:
    return CliRunner().invoke(app, ["convert", *map(str, arguments)], input=typed)


def papers_of(printed: str) -> list[dict[str, Any]]:
    """Return the papers of JSON lines or of a document, without their places."""
    is_document = printed.startswith("{\n")
    found = json.loads(printed)["papers"] if is_document else map(json.loads, printed.splitlines())
    return [{name: value for name, value in paper.items() if name != "provenance"} for paper in found]


def test_files_are_merged(library: Path, tmp_path: Path) -> None:
    """A paper that two files of different formats have comes out once, with both places."""
    (tmp_path / "twin.ris").write_text(TWIN)
    done = convert(library, tmp_path / "twin.ris")
    assert done.exit_code == 0
    moths, mail = map(json.loads, done.stdout.splitlines())
    assert (moths["title"], mail["title"]) == ("On Moths at Night", "On Mail")
    assert moths["abstract"] == "Moths fly at night."
    assert [place["dump"] for place in moths["provenance"]] == ["library.bib", "twin.ris"]


@pytest.mark.parametrize("options", [[], ["--format", "jsonl"], ["--format", "json"], ["--json"]])
def test_json_is_read_back(library: Path, options: list[str]) -> None:
    """JSON and JSON lines, converted again, give equal papers and no finding."""
    first = convert(library, *options)
    again = convert("-", "--findings", "json", typed=first.stdout)
    assert json.loads(again.stderr)["findings"] == []
    assert len(papers_of(again.stdout)) == 2
    assert papers_of(again.stdout) == papers_of(first.stdout)


def test_the_corpus_is_read_back() -> None:
    """The corpus as JSON lines, converted again, gives equal papers in the same order."""
    first = convert(CORPUS)
    assert len(papers_of(first.stdout)) == 302
    assert papers_of(convert("-", typed=first.stdout).stdout) == papers_of(first.stdout)


@pytest.mark.parametrize("chosen", [one.value for one in ConvertedFormat if not one.value.startswith("json")])
def test_every_export(library: Path, chosen: str) -> None:
    """Each format has the bytes of an export of the papers that an ingest finds."""
    done = convert(library, "--format", chosen)
    assert done.exit_code == 0
    assert done.stdout_bytes == export(ingest([library]).papers, chosen)


def test_keys(library: Path) -> None:
    """`--key` makes citation keys, only in formats that have them."""
    assert "@article{doe-2024," in convert(library, "--format", "bibtex", "--key", "{family}-{year}").stdout
    refused = convert(library, "--key", "{family}")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--format bibtex or csl-json" in refused.stderr


def test_findings_are_told(library: Path) -> None:
    """Findings are on stderr: as `index` prints them, one a line, or as one document."""
    read = ingest([library]).findings
    assert [finding.kind for finding in read] == ["not a record"]
    assert convert(library).stderr.startswith("library.bib:6: not a record: broken: ")
    assert convert(library, "--findings", "list").stderr == convert(library).stderr
    document = json.loads(convert(library, "--findings", "json").stderr)
    counts = {"appearances": 2, "without_abstract": 1, "left_out": 0, "findings": 1}
    dump = {"name": "library.bib", "format": "BibTeX", **counts}
    findings = [finding.asdict() for finding in read]
    assert document == {"schema_version": 1, "dumps": [dump], "left_out": 0, "findings": findings}


def test_many_findings_are_summed_up(tmp_path: Path) -> None:
    """Many findings of a kind are one line, with the option that lists them; nothing names an index."""
    many = [tmp_path / f"n{number:02}.pdf" for number in range(30)]
    for path in many:
        path.write_bytes(b"%PDF-1.4\n\0")
    (said, outcome) = convert(*many).stderr.splitlines()
    assert said.startswith("30 × file skipped: --findings list; the first: n00.pdf: a PDF")
    assert outcome == "papersearch: cannot find a paper in these files"
    assert convert(*many, "--findings", "list").stderr.count(": file skipped: ") == 30


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(packed: bool) -> None:
    """`-` is standard input, compressed or not, under the name stdin; it may be named twice."""
    typed = gzip.compress(LIBRARY.encode()) if packed else LIBRARY
    done = convert("-", "-", typed=typed)
    assert done.exit_code == 0
    assert {json.loads(line)["provenance"][0]["dump"] for line in done.stdout.splitlines()} == {"stdin"}
    assert done.stderr.startswith("stdin:6: not a record: ")


def test_standard_input_beside_a_file_of_its_name(library: Path) -> None:
    """A file that is called as standard input is told from it."""
    same = library.rename(library.with_name("stdin"))
    (line, *_) = convert(same, "-", typed=TWIN).stdout.splitlines()
    dumps = [place["dump"] for place in json.loads(line)["provenance"]]
    assert sorted(dumps) == sorted(["standard input/stdin", f"{same.parent.name}/stdin"])


@pytest.mark.parametrize("options", [[], ["--format", "bibtex"], ["--json"]])
def test_no_paper(options: list[str]) -> None:
    """Without a paper, the exit code is 1, and stderr has the reason and the outcome."""
    done = convert("-", *options, typed="nothing here\n")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "stdin: file skipped: not a dump of a known format",
        "papersearch: cannot find a paper in these files",
    ]
    assert done.stdout.strip() in ("", '{\n  "schema_version": 1,\n  "papers": []\n}')


def test_errors() -> None:
    """A file that does not exist, a missing argument and an unknown format are errors."""
    for arguments in (["nowhere.bib"], [], ["-", "--format", "table"]):
        done = convert(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "hint: " in done.stderr


def test_a_query_that_begins_with_convert(run: Run) -> None:
    """Words after `convert` that name no file may be a query: the hint has it."""
    done = run("convert", "speech", "to", "text")
    assert done.returncode == 2
    assert "papersearch search convert speech to text" in done.stderr


def test_nothing_is_left_behind(run: Run, tmp_path: Path) -> None:
    """No index is made, and the copy of standard input is removed."""
    private = tmp_path / "private"
    private.mkdir()
    done = run("convert", "-", stdin=LIBRARY, env={"TMPDIR": str(private)})
    assert done.returncode == 0
    assert list(tmp_path.rglob("*")) == [private]


def test_neither_model_nor_index_is_imported(library: Path) -> None:
    """The verb imports neither the model's library nor the index."""
    script = (
        "import sys; from papersearch.cli.app import app; code = app(standalone_mode=False); "
        "assert code == 0, code; "
        "known = {'torch', 'sentence_transformers', 'papersearch.api', 'papersearch.index.opened'}; "
        "assert not known & set(sys.modules)"
    )
    command = [sys.executable, "-c", script, "convert", str(library)]
    done = subprocess.run(command, env=command_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
