"""What a build left out or did not understand: said by every command that could hide it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from papersearch.cli.app import app
from tests.conftest import Run, page, sentence
from tests.growing import A, B


@pytest.fixture
def command(small_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run the command beside a small corpus; `index` encodes nothing."""
    monkeypatch.chdir(small_corpus.parent)

    def start(*arguments: str) -> Any:
        words = ("--words-only",) if arguments[0] == "index" else ()
        return CliRunner().invoke(app, [*arguments, *words])

    return start


def link_a_folder(corpus: Path) -> None:
    elsewhere = corpus.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "page.txt").write_text(page([B]))
    (corpus / "linked").symlink_to(elsewhere)


def test_a_linked_folder_is_told_by_every_report(small_corpus: Path, command: Callable[..., Any]) -> None:
    """A folder left out is named by the build, by the next one, by stats and by doctor."""
    link_a_folder(small_corpus)
    built, again = command("index"), command("index")
    assert "linked: folder skipped: a link to a folder, which is not followed" in built.stdout
    assert "up to date" in again.stdout
    assert "1 × folder skipped: papersearch stats" in again.stdout
    told = command("stats").stdout
    assert "every line of the dumps was understood" not in told
    assert "linked: folder skipped: " in told
    assert "1 × folder skipped" in command("doctor").stdout
    (finding,) = json.loads(command("stats", "--json").stdout)["findings"]
    assert (finding["kind"], finding["file"]) == ("folder skipped", "linked")


@pytest.mark.parametrize("change", [link_a_folder, lambda corpus: (corpus / "a.enw").write_text("%0 Book\n%T B\n")])
def test_what_is_left_out_later_is_told(
    small_corpus: Path, command: Callable[..., Any], change: Callable[[Path], Any]
) -> None:
    """A folder or file left out that came after a build is told by the next build."""
    command("index")
    change(small_corpus)
    report = json.loads(command("index", "--json").stdout)
    assert report["outcome"] == "published"
    assert [finding["kind"].split()[1] for finding in report["findings"]] == ["skipped"]
    assert json.loads(command("index", "--json").stdout)["outcome"] == "up to date"


def test_a_readme_that_changes_builds_nothing(small_corpus: Path, command: Callable[..., Any]) -> None:
    """A README that comes or changes causes no build, and nothing is said of it."""
    command("index")
    (small_corpus / "README.md").write_text("# About\n")
    again = command("index").stdout
    assert again.splitlines()[0] == "4 papers (4 appearances in 1 dump), up to date in index"
    assert "README" not in again


def test_a_dry_run_tells(small_corpus: Path, command: Callable[..., Any]) -> None:
    """A dry run has the findings of the build that it does not make, as lines and as JSON."""
    (small_corpus / "a.enw").write_text("%0 Book\n%T B\n")
    assert "a.enw: file skipped: an EndNote file" in command("index", "--dry-run").stdout
    (finding,) = json.loads(command("index", "--dry-run", "--json").stdout)["findings"]
    assert finding["file"] == "a.enw"


def test_findings_are_summed_up_in_a_pipe(small_corpus: Path, command: Callable[..., Any]) -> None:
    """A pipe gets a line for each kind of finding, however many there are; stats lists them all."""
    for number in range(30):
        (small_corpus / f"n{number:02}.enw").write_text("%0 Book\n%T B\n")
    (line,) = [line for line in command("index").stdout.splitlines() if "file skipped" in line]
    assert line.startswith("30 × file skipped: papersearch stats; the first: n00.enw: an EndNote file")
    assert command("stats").stdout.count(": file skipped: ") == 30


def test_no_line_quotes_an_abstract_whole(small_corpus: Path, command: Callable[..., Any]) -> None:
    """Reports cut what a finding quotes; JSON has it whole."""
    title = "On long words"
    short, long = sentence("words") * 3, sentence("words") * 40
    (small_corpus / "one.txt").write_text(page([(title, short)]))
    (small_corpus / "two.txt").write_text(page([(title, long)]))
    for shown in (command("index").stdout, command("stats").stdout):
        assert long not in shown
        assert max(map(len, shown.splitlines())) < 400


def test_dumps_of_one_name(tmp_path: Path, command: Callable[..., Any]) -> None:
    """Two dumps of one name are told apart everywhere: in stats, provenance and filters."""
    for folder, paper in (("a", A), ("b", B)):
        (tmp_path / folder).mkdir()
        record = {"_id": folder, "title": paper[0], "text": paper[1]}
        (tmp_path / folder / "corpus.jsonl").write_text(json.dumps(record))
    command("index", *(str(tmp_path / folder / "corpus.jsonl") for folder in "ab"))
    names = ["a/corpus.jsonl", "b/corpus.jsonl"]
    assert [dump["name"] for dump in json.loads(command("stats", "--json").stdout)["dumps"]] == names
    found = json.loads(command("search", "apples bees", "--dump", names[0], "--json").stdout)["hits"]
    assert [hit["provenance"][0]["dump"] for hit in found] == names[:1]
    refused = command("search", "apples", "--dump", "corpus.jsonl")
    assert "expected a/corpus.jsonl or b/corpus.jsonl" in refused.stderr


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("library.enw", b"%0 Book\n%T On Moths\n", "an EndNote file"),
        ("paper.pdf", b"%PDF-1.4\n\0", "a PDF"),
        ("library.rdf", b'<rdf:RDF xmlns:z="http://www.zotero.org/namespaces/export#">', "Zotero RDF"),
        ("photo", b"\x89PNG\r\n\x1a\n\0", "an image"),
        ("notes.md", b"# Notes\n", "not a dump of a known format"),
    ],
)
def test_a_named_file_that_is_not_read(run: Run, tmp_path: Path, name: str, content: bytes, what: str) -> None:
    """The error says what a named file looked like, and what is read; nothing is to be saved in a file."""
    (tmp_path / name).write_bytes(content)
    done = run("index", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert what in done.stderr
    assert "JSON lines with one object per paper" in done.stderr
    assert "save" not in done.stderr.split("hint: ")[1]


def test_a_folder_without_dumps(run: Run, tmp_path: Path) -> None:
    """For a folder, the hint says what to save there, and the command to run then."""
    (tmp_path / "papers").mkdir()
    done = run("index", "papers")
    assert "then: papersearch index --corpus papers" in done.stderr
