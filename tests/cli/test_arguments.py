"""What is typed: verbs, bare queries, options, usage errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from papersearch.cli.app import VERBS, app
from papersearch.cli.group import with_verb


@pytest.fixture
def invoke(real_index_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run the command in this process, on the real index, in a folder without a corpus."""
    monkeypatch.setenv("PAPERSEARCH_INDEX", str(real_index_path))
    monkeypatch.setenv("PAPERSEARCH_CORPUS", str(tmp_path / "nowhere"))
    monkeypatch.delenv("COLUMNS", raising=False)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def assert_usage_error(result: Result, told: str) -> None:
    """Exit 2, nothing on stdout, what failed and what to type next on stderr, no traceback."""
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0].startswith("papersearch: ")
    assert lines[-1].startswith("hint: ")
    assert told in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["pipeline bubbles"], ["search", "pipeline bubbles"]),
        (["search", "index"], ["search", "index"]),
        (["index"], ["index"]),
        (["index fund"], ["search", "index fund"]),
        (["Index"], ["search", "Index"]),
        (["indexes"], ["search", "indexes"]),
        (["--json", "bubbles"], ["search", "--json", "bubbles"]),
        (["-k", "3", "stats"], ["stats", "-k", "3"]),
        (["--mode", "keyword", "a", "stats"], ["search", "--mode", "keyword", "a", "stats"]),
        (["--index", "stats", "q"], ["search", "--index", "stats", "q"]),
        (["--index=x", "stats"], ["stats", "--index=x"]),
        (["--", "-minus"], ["search", "--", "-minus"]),
        (["--", "stats"], ["search", "--", "stats"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        ([], []),
    ],
)
def test_routing(arguments: list[str], expected: list[str]) -> None:
    """The first word is a verb only when it equals one; anything else begins a query."""
    assert with_verb(arguments, VERBS) == expected


def test_bare_query_is_search(invoke: Any) -> None:
    """A bare query, words without quotes, and options before it give the bytes of `search`."""
    expected = invoke("search", "pipeline bubbles", "--json").stdout
    assert json.loads(expected)["hits"][0]["title"].startswith("Balancing Pipeline")
    assert invoke("pipeline bubbles", "--json").stdout == expected
    assert invoke("--json", "pipeline", "bubbles").stdout == expected
    assert invoke("--format", "json", "pipeline bubbles", "-k", "10").stdout == expected


def test_query_after_dashes(invoke: Any) -> None:
    """A query that starts with a dash is read after `--`."""
    result = invoke("--json", "--", "-survey pipeline")
    assert (result.exit_code, json.loads(result.stdout)["query"]) == (0, "-survey pipeline")


def test_cutoff(invoke: Any) -> None:
    """-k says how many lines; more than there are papers gives all."""
    assert len(invoke("bubbles", "-k", "3").stdout.splitlines()) == 3
    assert len(invoke("bubbles", "-k", "9999").stdout.splitlines()) == 302


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([""], "the query is empty"),
        (["  "], "the query is empty"),
        ([], "expected a query or a command"),
        (["search"], "missing argument"),
        (['find "this'], 'find "this\n       ^'),
        (["q", "--frobnicate"], "no such option"),
        (["-x"], "no such option"),
        (["q", "--mode", "fuzzy"], "'fuzzy' is not one of"),
        (["q", "--format", "xml"], "'xml' is not one of"),
        (["q", "-k", "0"], "not in the range"),
        (["q", "-k", "many"], "not a valid int"),
        (["q", "--json", "--jsonl"], "expected one format"),
        (["q", "--json", "--format", "table"], "expected one format"),
        (["show", "no-such-paper"], "no paper has this id or title"),
        (["show", "e"], "ids begin with it"),
        (["q", "--index", "/proc/version"], "cannot find an index in /proc/version, nor a corpus"),
    ],
)
def test_usage_errors(invoke: Any, arguments: list[str], told: str) -> None:
    """Each mistake is told in one form, with exit 2."""
    assert_usage_error(invoke(*arguments), told)


def test_ambiguous_id_lists_candidates(invoke: Any) -> None:
    """The beginning of several ids names them."""
    result = invoke("show", "efficient")
    assert_usage_error(result, "efficient-large-scale-language-model")


def test_unexpected_errors_hide_their_traceback(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours is one line and a hint; with --debug also the traceback."""

    def fail(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("oh no")

    monkeypatch.setattr("papersearch.api.Index.search", fail)
    assert_usage_error(invoke("q"), "unexpected ZeroDivisionError: oh no")
    debugged = invoke("q", "--debug")
    assert debugged.exit_code == 2
    assert "Traceback" in debugged.stderr


def test_interruption(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is exit 130 and one line."""

    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("papersearch.api.Index.search", interrupt)
    result = invoke("q")
    assert result.exit_code == 130
    assert result.stderr.startswith("papersearch: interrupted")


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
    """Title, date, abstract, link and places are all there, in a pipe each on one line."""
    lines = invoke("show", "skippipe").stdout.splitlines()
    record = json.loads(invoke("show", "skippipe", "--json").stdout)["papers"][0]
    assert record["title"] in lines
    assert record["abstract"] in lines
    assert record["links"][0] in lines
    assert any(line.startswith("2025-02-27 · Gensyn") for line in lines)
    assert "003_754a33801e2b48b9.txt:77-83" in lines


def test_stats(invoke: Any) -> None:
    """Counts agree between the table and JSON, and what was skipped or rewritten is told."""
    stats = json.loads(invoke("stats", "--json").stdout)
    assert (stats["papers"], stats["appearances"], len(stats["dumps"])) == (302, 392, 5)
    assert sum(stats["years"].values()) + stats["undated"] == 302
    table = invoke("stats").stdout
    assert "302 papers (392 appearances in 5 dumps)" in table
    assert "README.md: file skipped" in table
    assert table.count(": mirror link rewritten: ") == 7


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_s_summary_is_its_help(verb: str) -> None:
    """What the list of verbs says is the first line of the verb's own help."""
    own = CliRunner().invoke(app, [verb, "--help"], terminal_width=200).output
    assert VERBS[verb].summary in own.splitlines()[2]


def test_help_lists_every_verb() -> None:
    """The group's help has a line for each verb, in their order."""
    listed = CliRunner().invoke(app, ["--help"]).output.split("Commands:\n")[1]
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "] == [*VERBS]


@pytest.mark.parametrize(
    "words",
    [
        ["batch", "normalization"],
        ["index", "structures", "-k", "3"],
        ["open", "models", "-k", "2"],
        ["eval", "harness"],
        ["stats", "models"],
        ["saved", "by", "the", "bell"],
    ],
)
def test_a_query_whose_first_word_is_a_verb(invoke: Any, words: list[str]) -> None:
    """What the verb refuses is offered as a search, which answers."""
    assert_usage_error(invoke(*words), f", or: papersearch search {' '.join(words)}\n")
    assert invoke("search", *words).exit_code in (0, 1)


@pytest.mark.parametrize(
    "words", [["batch", "./normalization"], ["index", "--corpus", "structures"], ["search", "-k"]]
)
def test_no_search_is_offered_for_what_is_none(invoke: Any, words: list[str]) -> None:
    """A path, an option, a search itself."""
    result = invoke(*words)
    assert result.exit_code == 2
    assert "or: papersearch search" not in result.stderr
