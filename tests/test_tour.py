"""The tour of docs/tour.md, executed from top to bottom: its commands print its output."""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import bibtexparser
import pytest

import papersearch
from papersearch.cli.app import VERBS
from tests.conftest import CORPUS, PATIENCE_S, PROJECT, command_environment
from tests.programs import path_with_programs

pytestmark = pytest.mark.slow

TOUR = PROJECT / "docs" / "tour.md"

ELSEWHERE = {"browse", "batch", "eval", "tune", "serve"}
"""Verbs that the tour leaves out: browse needs a terminal, and the others are for longer work."""

FEATURES = (
    *("--strict", "--json", "--unlike", "--facets", "--suggest", "--fold", "--new", "--rollback", "--print"),
    *("--against", "--duplicates"),
    *("--since", "--until", "--added-since", "--org", "--dump", "--has-code", "--sort date", "--include-undated"),
    *("--format table", "--format bibtex", "--format ris", "--format csl-json", "--format csv"),
    "--format markdown",
    *("similar -", "saved add", "saved run", "saved digest", "complete_bash"),
)

BIBLIOGRAPHY = "similar.bib"


class Step(NamedTuple):
    """A command of the tour, its line in the page, and its output according to the page."""

    line: int
    command: str
    output: str


class Project(NamedTuple):
    """A folder with `corpus/` and `index/`, and the environment of a shell in it."""

    folder: Path
    environment: dict[str, str]


def steps(page: str) -> list[Step]:
    """Return the steps of the console blocks of `page`, in order.

    Lines after `$ command` that begin with `>`, the shell's second prompt, continue the command.
    """
    found: list[Step] = []
    is_console = False
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            is_console = line == "```console"
        elif is_console and line.startswith("$ "):
            found.append(Step(number, line[2:], ""))
        elif is_console:
            line_number, command, output = found.pop()
            if not output and re.match(r">( |$)", line):
                command += f"\n{line[2:]}"
            else:
                output += f"{line}\n"
            found.append(Step(line_number, command, output))
    return found


def runnable(played: Sequence[Step]) -> list[Step]:
    """Select the steps whose programs are installed: biber may be missing."""
    return [step for step in played if not step.command.startswith("biber ") or shutil.which("biber")]


def play(played: Sequence[Step], project: Project) -> Iterator[tuple[Step, str]]:
    """Run the steps one after the other; return each with its output."""
    for step in played:
        done = subprocess.run(
            step.command,
            shell=True,
            cwd=project.folder,
            env=project.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=PATIENCE_S,
        )
        yield step, done.stdout


def complaints(played: Sequence[tuple[Step, str]]) -> list[str]:
    """Describe each step whose output differs from the page: the command and the differing lines."""
    found = []
    for step, printed in played:
        if printed != step.output:
            lines = difflib.unified_diff(step.output.splitlines(), printed.splitlines(), "tour", "now", lineterm="")
            found.append("\n".join([f"line {step.line}: $ {step.command}", *lines]))
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, real_index_path: Path) -> Project:
    """Make a folder with a copy of the corpus and its first index, which the tour may change.

    PATH has the tested `papersearch` and `python`.
    """
    root = tmp_path_factory.mktemp("tour")
    folder = root / "afternoon"
    shutil.copytree(CORPUS, folder / "corpus")
    # The first build of this folder, as its reader has one, whatever index is given.
    report = papersearch.build(folder / "corpus", folder / "index", known_from=[real_index_path])
    assert report.n_encoded == 0
    changes = {"PATH": path_with_programs(root / "bin"), "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": ""}
    changes |= {f"XDG_{kind}_HOME": str(root / kind.lower()) for kind in ("CONFIG", "DATA")}
    return Project(folder, command_environment(changes))


@pytest.fixture(scope="module")
def afternoon(project: Project) -> list[tuple[Step, str]]:
    """Run the whole tour once; return each step with its output."""
    return list(play(runnable(steps(TOUR.read_text(encoding="utf-8"))), project))


def test_the_tour_prints_what_it_says(afternoon: list[tuple[Step, str]]) -> None:
    """Each command prints exactly the lines below it, on stdout and stderr together."""
    assert len(afternoon) > 30
    assert not complaints(afternoon), "\n\n".join(complaints(afternoon))


def test_the_bibliography_can_be_read(afternoon: list[tuple[Step, str]], project: Project) -> None:
    """bibtexparser finds the entries that the tour shows, also without biber."""
    (shown,) = [printed for step, printed in afternoon if step.command.startswith("grep") and "@" in printed]
    content = (project.folder / BIBLIOGRAPHY).read_text(encoding="utf-8")
    entries = bibtexparser.parse_string(content).entries
    assert [entry.key for entry in entries] == re.findall(r"^@misc\{(.+),$", shown, flags=re.MULTILINE)
    assert len(entries) == 3


def test_monday_brings_what_is_new_on_the_topic(afternoon: list[tuple[Step, str]]) -> None:
    """`saved run --new` prints exactly the new papers on the topic; other papers are not encoded again."""
    printed = {step.command: output for step, output in afternoon}
    assert "3 new, 0 changed, 0 gone" in printed["papersearch index"]
    assert "; 3 encoded" in printed["papersearch index"]
    found = printed["papersearch saved run bubbles --new | cut -f 1,2,6"].splitlines()
    assert len(found) == 2
    assert all("Bubble" in line for line in found)
    assert "Whales" in printed['papersearch --new "satellite images" -k 1 | cut -f 5']


def test_without_biber(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without biber, only its one command is left out of the tour."""
    every = steps(TOUR.read_text(encoding="utf-8"))
    monkeypatch.setattr(shutil, "which", lambda program: None)
    (left_out,) = set(every) - set(runnable(every))
    assert left_out.command.startswith("biber --tool")


def test_a_wrong_output_is_reported(project: Project) -> None:
    """A wrong output in the tour is reported with its command and differing lines; a right one is not."""
    page = "```console\n$ papersearch --version\npapersearch 0.0\n$ cat <<END\n> a\n>\n> END\na\n\n```\n"
    (complaint,) = complaints(list(play(steps(page), project)))
    version = papersearch.__version__
    assert complaint.splitlines()[0] == "line 2: $ papersearch --version"
    assert complaint.splitlines()[-2:] == ["-papersearch 0.0", f"+papersearch {version}"]
    assert not complaints(list(play(steps(page.replace(" 0.0", f" {version}")), project)))


def test_every_verb_is_used() -> None:
    """The tour calls papersearch without a verb, and with every verb except those of `ELSEWHERE`."""
    commands = "\n".join(step.command for step in steps(TOUR.read_text(encoding="utf-8")))
    called = set(re.findall(r"\bpapersearch ([a-z]+)\b", commands)) | set(
        re.findall(r'command="papersearch", args=\["([a-z]+)"\]', commands)
    )
    assert set(VERBS) - ELSEWHERE <= called
    assert re.search(r"^papersearch [\"']", commands, flags=re.MULTILINE)


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_is_used(feature: str) -> None:
    """Every feature that the tour must show occurs in one of its commands."""
    commands = " ".join(step.command for step in steps(TOUR.read_text(encoding="utf-8")))
    assert re.search(rf"{re.escape(feature)}(?![\w-])", commands)
