"""Builds by the verb and by a first query: reports, interrupts and stale indexes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import papersearch
from papersearch.cli.app import app
from tests.conftest import PATIENCE_S, PROJECT, Run, command_environment, held_at, page, sentence
from tests.growing import encode_in_part


@pytest.mark.slow
def test_first_query_builds_the_index(run: Run, small_corpus: Path) -> None:
    """Without an index, a query builds one and answers; stdout has only the answer."""
    first = run("pipeline bubbles", "--json", cwd=small_corpus.parent)
    assert first.returncode == 0
    assert json.loads(first.stdout)["hits"][0]["title"] == "On pipeline bubbles"
    assert first.stderr == "papersearch: building an index of corpus, once\n"
    second = run("pipeline bubbles", "--json", cwd=small_corpus.parent)
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_a_bad_query_builds_nothing(run: Run, small_corpus: Path) -> None:
    """An invalid query starts no build."""
    assert run('an "unclosed', cwd=small_corpus.parent).returncode == 2
    assert not (small_corpus.parent / "index").exists()


@pytest.mark.parametrize("is_option", [True, False])
def test_a_named_index_is_not_built_by_a_query(run: Run, small_corpus: Path, is_option: bool) -> None:
    """An index that is named but not there is an error with two ways on; a query does not build it."""
    named = ["--index", "indx"] if is_option else []
    asked = run("bubbles", *named, cwd=small_corpus.parent, env={} if is_option else {"PAPERSEARCH_INDEX": "indx"})
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr.splitlines() == [
        "papersearch: cannot find an index in indx",
        "hint: correct the path, or build an index there: papersearch index --index indx",
    ]
    assert not (small_corpus.parent / "indx").exists()


def test_stale_corpus_is_told(run: Run, small_corpus: Path, small_index: Path, small_model: Path) -> None:
    """After a new dump, the old index answers, and stderr has the command that updates it."""
    assert run("bubbles", cwd=small_corpus.parent).stderr == ""
    (small_corpus / "new.txt").write_text(page([("On new things", sentence("novelty"))]))
    done = run("bubbles", cwd=small_corpus.parent)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "papersearch: corpus has changed since the index was built",
        f"hint: papersearch index --model {small_model}",
    ]


def test_index_reports_what_came_in(small_corpus: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build prints its summary on stdout, as lines or JSON, with every finding that is not routine."""
    (small_corpus / "notes.md").write_text("# notes")
    monkeypatch.chdir(small_corpus.parent)
    command = ["index", "--model", str(small_model)]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "4 papers (4 appearances in 1 dump), indexed in index",
        "page.txt: Daily Papers, 4 papers",
        "notes.md: file skipped: not a dump of a known format",
    ]
    done = CliRunner().invoke(app, [*command, "corpus/page.txt", "--json"])
    document = json.loads(done.stdout)
    assert (document["papers"], document["generation"], document["findings"]) == (4, 2, [])


@pytest.mark.parametrize("arguments", [["index"], ["q"], ["stats"], ["show", "x"]])
def test_empty_places(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    """With an empty corpus, every verb exits with 2 and a hint."""
    (tmp_path / "corpus").mkdir()
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "hint: " in done.stderr
    assert "papersearch index" in done.stderr


def test_ctrl_c_during_a_build(small_corpus: Path, small_index: Path, tmp_path: Path) -> None:
    """SIGINT during the import of the model's library exits with 130 and without a traceback.

    The old index answers as before.
    """
    before = papersearch.open(small_index).search("bubbles")
    # A library whose import never ends.
    pipe, library = tmp_path / "pipe", tmp_path / "libraries" / "sentence_transformers.py"
    os.mkfifo(pipe)
    library.parent.mkdir()
    library.write_text(f"open({str(pipe)!r}).read()\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "papersearch", "index", "--device", "cpu"],
        cwd=small_corpus.parent,
        env=command_environment({"PYTHONPATH": f"{library.parent}{os.pathsep}{PROJECT}"}),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with held_at(pipe, process):
        process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert stderr.startswith("papersearch: interrupted")
    assert "Traceback" not in stderr
    assert papersearch.open(small_index).search("bubbles") == before


RECORD = '{"_id": "owls", "title": "On owls at noon", "text": "Owls that hunt at noon catch fewer mice."}\n'


@pytest.mark.parametrize(("options", "name"), [([], "stdin"), (["--as", "owls.jsonl"], "owls.jsonl")])
def test_standard_input(
    options: list[str], name: str, small_corpus: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-` is one more dump, under its name, for this build alone: no later command misses its file."""
    monkeypatch.chdir(small_corpus.parent)

    def start(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments], input=RECORD)

    model = ("--model", str(small_model))
    built = start("index", "corpus/page.txt", "-", *options, *model)
    assert (built.exit_code, built.stderr) == (0, "")
    assert "5 papers (5 appearances in 2 dumps), indexed in index" in built.stdout
    shown = start("show", "owls", "--json")
    assert (json.loads(shown.stdout)["papers"][0]["provenance"][0]["dump"], shown.stderr) == (name, "")
    found = start("search", "owls", "--dump", name, "-k", "1", "--json")
    assert (found.exit_code, found.stderr) == (0, "")
    assert "4 papers (4 appearances in 1 dump), indexed in index" in start("index", *model).stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-"], "cannot find a paper in standard input: stdin: file skipped"),
        (["--as", "x"], "cannot use --as without standard input"),
        (["-", "--as", "a/b"], "cannot use 'a/b' as a name"),
        (["-", "--as", ""], "cannot use '' as a name"),
        (["-", "--as", "é" * 200], "as a name"),
        (["--rollback", "--as", "x"], "--rollback cannot be used"),
    ],
)
def test_standard_input_that_cannot_be_used(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard input without a paper, and a name that no file has, are errors with a hint."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["index", *arguments], input="nothing\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert "hint: " in done.stderr
    assert "/tmp" not in done.stderr


def test_words_first_and_meaning_later(
    small_corpus: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--words-only says what is left to do; queries say how far the index is; a later build does the rest."""
    monkeypatch.chdir(small_corpus.parent)

    def start(*arguments: str) -> Any:
        return CliRunner().invoke(app, list(arguments))

    built = start("index", "--words-only")
    assert (built.exit_code, built.stderr) == (0, "")
    assert built.stdout.splitlines()[:2] == [
        "4 papers (4 appearances in 1 dump), indexed in index",
        "4 of them are searched by words alone; to encode them: papersearch index",
    ]
    asked = start("search", "bubbles", "--json")
    assert json.loads(asked.stdout)["encoded"] == {"n_encoded": 0, "n_papers": 4}
    assert json.loads(asked.stdout)["mode_used"] == "keyword"
    assert asked.stderr.splitlines() == [
        "papersearch: answering by keywords alone: cannot compare meanings: none of the 4 papers is encoded yet",
        "hint: papersearch index",
    ]
    refused = start("search", "bubbles", "--mode", "semantic")
    assert (refused.exit_code, refused.stderr.splitlines()[-1]) == (2, "hint: papersearch index")
    stats = json.loads(start("stats", "--json").stdout)
    assert (stats["papers_encoded"], stats["model"], stats["encoder"]) == (0, None, None)
    assert "0 of 4 papers" in start("stats").stdout
    assert "0 of the papers are encoded" in start("doctor").stdout
    built = start("index", "--encode", "--model", str(small_model), "--json")
    steps = [json.loads(line)["step"] for line in built.stderr.splitlines()]
    assert {"encoding", "publishing"} <= set(steps)
    assert (json.loads(built.stdout)["papers_encoded"], json.loads(built.stdout)["encoded"]) == (4, 4)
    assert start("search", "bubbles").stderr == ""


def test_a_part_says_so(
    small_corpus: Path, small_index: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where some papers are encoded, one line says how many, unless words alone were asked for."""
    monkeypatch.chdir(small_corpus.parent)
    encode_in_part(small_corpus, small_index, 3)
    monkeypatch.setenv("PAPERSEARCH_CORPUS", "nowhere")
    told = {
        mode: CliRunner().invoke(app, ["search", "bubbles", "--mode", mode]).stderr
        for mode in ("hybrid", "semantic", "keyword")
    }
    command = f"papersearch index --model {small_model}"
    assert told == {
        "hybrid": "papersearch: 3 of 4 papers are encoded; the others are ranked by their words\n"
        f"hint: {command}\n",
        "semantic": f"papersearch: 3 of 4 papers are encoded; the others are left out\nhint: {command}\n",
        "keyword": "",
    }


@pytest.mark.parametrize(
    "options", [["--model", "x"], ["--paper-prefix", "a: "], ["--device", "cpu"], ["--no-late"], ["--rollback"]]
)
def test_options_that_words_do_not_need(options: list[str], small_corpus: Path, run: Run) -> None:
    """--words-only refuses the options of encoding."""
    done = run("index", "--words-only", *options, cwd=small_corpus.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be used with" in done.stderr


@pytest.mark.parametrize("options", [["--model", "x"], ["--no-late"], ["--abstracts-only"], ["--full"], ["dumps"]])
def test_options_that_a_rollback_does_not_take(options: list[str], small_index: Path, run: Run) -> None:
    """--rollback refuses the options of a build in place of ignoring them."""
    done = run("index", "--rollback", *options, cwd=small_index.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--rollback cannot be used with dumps or the options of a build" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "again"),
    [
        (["index", "--corpus", "my dumps"], "index --corpus 'my dumps'"),
        (["--corpus", "my dumps", "index"], "--corpus 'my dumps' index"),
        (["bubbles"], "index"),
        (["bubbles", "--corpus", "my dumps"], "index --corpus 'my dumps'"),
        (["bubbles", "-c", "mine"], "index -c mine"),
        (["bubbles", "-c", "all"], "index -c mine -c other"),
    ],
)
def test_an_interrupted_build_names_its_places(
    small_corpus: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], again: str
) -> None:
    """The command that goes on is the one that was typed, or the build of what a first query searches."""
    monkeypatch.chdir(small_corpus.parent)
    monkeypatch.setenv("PAPERSEARCH_COLLECTIONS", "collections.toml")
    monkeypatch.setenv("XDG_DATA_HOME", str(small_corpus.parent / "data"))
    shutil.copytree(small_corpus, "my dumps")
    for name in ("mine", "other"):
        assert CliRunner().invoke(app, ["collections", "add", name, "my dumps"]).exit_code == 0

    def interrupted(*given: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("papersearch.api.build", interrupted)
    monkeypatch.setattr("sys.argv", ["papersearch", *arguments])
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == f"hint: to go on: papersearch {again}"


def test_folders_in_hints_are_quoted(small_corpus: Path, run: Run) -> None:
    """A hint to make a folder quotes its name for a shell."""
    done = run("index", "--corpus", "my dumps", cwd=small_corpus.parent)
    assert done.stderr.splitlines()[-1] == "hint: mkdir -p 'my dumps', save dumps in it, then: papersearch index"


def test_an_interrupt_says_what_is_safe(
    small_corpus: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C tells what can be searched, that nothing is lost, and the command that goes on."""
    monkeypatch.chdir(small_corpus.parent)
    command = ["index", "--model", str(small_model), "--quiet"]
    monkeypatch.setattr("sys.argv", ["papersearch", *command])
    seen: list[str] = []
    stops: list[str] = []

    def stop(step: str, done: int, total: int) -> None:
        seen.append(step)
        if step in stops:
            raise KeyboardInterrupt

    monkeypatch.setattr("papersearch.cli.output.progress.Silent.__call__", lambda self, *given: stop(*given))
    monkeypatch.setattr("papersearch.index.publishing.WORDS_FIRST", 1)
    for where, told in (
        ("reading dumps", "no index is published yet, and no encoding is lost"),
        ("encoding", "all 4 papers can be searched by words, 0 of them by meaning; no encoding is lost"),
    ):
        stops[:] = [where]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 130
        assert done.stderr.splitlines() == [
            f"papersearch: interrupted; {told}",
            f"hint: to go on: papersearch {' '.join(command)}",
        ]
    stops.clear()
    assert CliRunner().invoke(app, command).exit_code == 0
    assert "reading dumps" in seen
    assert papersearch.open("index").encoded.is_complete
