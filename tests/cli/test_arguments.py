"""Arguments: verbs, bare queries, options, usage errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from papersearch.cli.app import VERBS, app
from papersearch.cli.group import with_verb
from tests.cli.conftest import hinted


def assert_usage_error(result: Result, told: str) -> None:
    """Assert exit 2, an empty stdout, and an error with a hint but no traceback on stderr."""
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
    """-k is the number of lines; a number above that of the papers gives all papers."""
    assert len(invoke("bubbles", "-k", "3").stdout.splitlines()) == 3
    assert len(invoke("bubbles", "-k", "9999").stdout.splitlines()) == 302


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([""], "the query is empty"),
        (["  "], "the query is empty"),
        ([], "expected a query or a command"),
        (["search"], "the query is empty"),
        (['find "this'], 'find "this\n       ^'),
        (["q", "--frobnicate"], "no such option"),
        (["-x"], "no such option"),
        (["q", "--mode", "fuzzy"], "'fuzzy' is not one of"),
        (["q", "--format", "xml"], "'xml' is not one of"),
        (["q", "-k", "0"], "not in the range"),
        (["q", "-k", "many"], "not a valid int"),
        (["q", "--json", "--jsonl"], "expected one format"),
        (["q", "--json", "--format", "table"], "expected one format"),
        (["show", "no-such-paper"], "no paper has this id, title or citation key"),
        (["show", "e"], "ids begin with it"),
        (["q", "--index", "a", "--index", "b"], "cannot use two values of --index"),
        (["show", "x", "--index=a", "--index", "a"], "cannot use two values of --index"),
        (["-k", "3", "q", "-k", "5"], "cannot use two values of -k"),
        (["q", "-k3", "--top=5"], "cannot use two values of --top"),
        (["saved", "list", "--format", "json", "--format", "json"], "cannot use two values of --format"),
        (["q", "--index", "/proc/version"], "cannot find an index in /proc/version"),
    ],
)
def test_usage_errors(invoke: Any, arguments: list[str], told: str) -> None:
    """Each usage error has the same form and exit 2."""
    assert_usage_error(invoke(*arguments), told)


def test_ambiguous_id_lists_candidates(invoke: Any) -> None:
    """An error about the common beginning of several ids lists these ids."""
    result = invoke("show", "efficient")
    assert_usage_error(result, "efficient-large-scale-language-model")


def test_unexpected_errors_hide_their_traceback(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error prints one line and a hint, and with --debug also the traceback."""

    def fail(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("oh no")

    monkeypatch.setattr("papersearch.api.Index.search", fail)
    assert_usage_error(invoke("q"), "unexpected ZeroDivisionError: oh no")
    debugged = invoke("q", "--debug")
    assert debugged.exit_code == 2
    assert "Traceback" in debugged.stderr


def test_interruption(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C exits with 130 and prints one line."""

    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("papersearch.api.Index.search", interrupt)
    result = invoke("q")
    assert result.exit_code == 130
    assert result.stderr.startswith("papersearch: interrupted")


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_s_summary_is_its_help(verb: str) -> None:
    """The list of verbs has the first line of each verb's own help."""
    own = CliRunner().invoke(app, [verb, "--help"], terminal_width=200).output
    assert VERBS[verb].summary in own.splitlines()[2]


def test_summaries_fit() -> None:
    """At 80 columns the list of verbs cuts no summary."""
    assert "..." not in CliRunner().invoke(app, ["--help"], terminal_width=80).output.split("Commands:\n")[1]


@pytest.mark.parametrize(
    ("words", "told", "meant"),
    [
        (["--", "moe", "-survey", "-k", "3"], "-k after -- is a word", ["-k", "3", "--", "moe", "-survey"]),
        (["-k", "2", "--", "moe", "--new"], "--new after -- is a word", ["-k", "2", "--new", "--", "moe"]),
        (["--", "moe", "--since=2024", "--org"], "--since=2024 and --org after -- are words",
         ["--since=2024", "--org", "--", "moe"]),
    ],
)  # fmt: skip
def test_options_after_two_dashes(invoke: Any, words: list[str], told: str, meant: list[str]) -> None:
    """Words of a query that are written like options are named, with the command that has them as options."""
    result = invoke(*words)
    assert result.exit_code == 0
    assert f"papersearch: {told}" in result.stderr
    first = "\n".join(result.stderr.splitlines()[:2])
    assert hinted(first) == meant


@pytest.mark.parametrize(
    "words", [["--", "moe", "-survey"], ["--", "moe"], ["moe", "-k", "3"], ["--", "-quotes -k 3"]]
)
def test_other_words_after_two_dashes(invoke: Any, words: list[str]) -> None:
    """Exclusions, words and options before the dashes are what they are, and nothing is said of them."""
    assert " after -- " not in invoke(*words).stderr


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
    """If a verb refuses its arguments, the hint is the same words as a search, and that search has hits."""
    assert_usage_error(invoke(*words), f", or: papersearch search {' '.join(words)}\n")
    assert invoke("search", *words).exit_code in (0, 1)


@pytest.mark.parametrize(
    "words", [["batch", "./normalization"], ["index", "--corpus", "structures"], ["search", "-k"]]
)
def test_no_search_is_offered_for_what_is_none(invoke: Any, words: list[str]) -> None:
    """No search is suggested for a path, for an option, or after a search."""
    result = invoke(*words)
    assert result.exit_code == 2
    assert "or: papersearch search" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["mixture", "of", "experts", "-survey", "-k", "3"], "mixture of experts -survey"),
        (["-k", "3", "mixture", "-survey", "of", "experts"], "mixture -survey of experts"),
        (["search", "mixture", "-k3", "-pre-training", "experts"], "mixture -pre-training experts"),
        (["experts", "-kernel", "-k", "3", "-house"], "experts -kernel -house"),
        (["experts", "-load balancing", "-k", "3"], 'experts -"load balancing"'),
        (["experts", "--since", "2020", "-x1", "--include-undated", "-k", "3"], "experts -x1"),
        (["-k", "3", "--", "experts", "-survey"], "experts -survey"),
    ],
)
def test_exclusions_need_no_quotes(invoke: Any, arguments: list[str], query: str) -> None:
    """After a word of the query, a dash and several letters exclude; options keep their meaning."""
    answer = json.loads(invoke(*arguments, "--json").stdout) if "--" not in arguments else None
    answer = answer or json.loads(invoke("--json", *arguments).stdout)
    assert answer["query"] == query
    assert len(answer["hits"]) == 3


def test_the_hint_for_a_letter_works(invoke: Any) -> None:
    """The hint for a letter that names no option is a command that gives the answer of the quoted query."""
    refused = invoke("mixture", "of", "experts", "-7", "-k", "3")
    assert_usage_error(refused, "no such option: -7")
    assert invoke(*hinted(refused.stderr)).stdout == invoke("mixture of experts -7", "-k", "3").stdout != ""


@pytest.mark.parametrize("name", ["--limit", "--count", "--max-results"])
def test_names_of_other_programs(invoke: Any, name: str) -> None:
    """Where a command has -k, the names that other programs give to it lead there; elsewhere they do not."""
    for verb in ("moe", "similar"):
        refused = invoke(verb, "gpipe", name, "3")
        assert_usage_error(refused, f"no such option: {name}")
        assert "hint: the number of papers is -k\n" in refused.stderr
    assert "-k" not in invoke("show", "gpipe", name, "3").stderr


@pytest.mark.parametrize(
    "words",
    [
        ["show", "gpipe", "--format", "yaml"],
        ["saved", "add", "x"],
        ["stats", "models", "--frobnicate"],
        ["mixture", "of", "experts", "--limit", "3"],
    ],
)
def test_no_search_is_offered_where_the_verb_is_meant(invoke: Any, words: list[str]) -> None:
    """An option that a search would refuse as well, or a verb of a verb, is not taken for a query."""
    result = invoke(*words)
    assert result.exit_code == 2
    assert "papersearch search show" not in result.stderr
    assert "or: papersearch" not in result.stderr
