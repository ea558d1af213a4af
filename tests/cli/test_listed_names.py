"""Lists of papers on standard input and in files: every output of the program names its papers again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.cli.listed_names import names_in
from papersearch.cli.output.json_documents import dump
from tests.conftest import Run

IDS = ["gpipe-efficient-training-of-giant-neural-86739e", "skippipe-partial-and-reordered-a914e3"]


@pytest.mark.parametrize("form", ["plain", "tsv", "json", "jsonl", "markdown"])
def test_results_name_their_papers(run: Run, env: dict[str, str], form: str) -> None:
    """The lines of a search in any of these formats are read as its papers, in order."""
    found = run("pipeline bubbles", "-k", "5", "--jsonl", env=env).stdout
    expected = [json.loads(line)["paper_id"] for line in found.splitlines()]
    printed = run("pipeline bubbles", "-k", "5", "--format", form, env=env).stdout
    assert names_in(printed.encode()) == expected


@pytest.mark.parametrize("name", ["bubbles", "3"])
@pytest.mark.parametrize("form", ["plain", "json", "jsonl"])
def test_saved_searches_name_their_papers(
    run: Run, env: dict[str, str], form: str, name: str, tmp_path: Path
) -> None:
    """The output of `saved run` is read as well, for any name of a search."""
    env = {**env, "PAPERSEARCH_SEARCHES": str(tmp_path / "searches.toml")}
    run("saved", "add", name, "pipeline bubbles", env=env)
    printed = run("saved", "run", "--format", form, "-k", "5", env=env).stdout
    expected = run("saved", "run", "-k", "5", "--jsonl", env=env).stdout.splitlines()
    assert names_in(printed.encode()) == [json.loads(line)["paper_id"] for line in expected]


def test_other_outputs_name_their_papers(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """Whole records, marks, addresses and runs are read as their papers."""
    env = {**env, "PAPERSEARCH_MARKS": str(tmp_path / "marks.jsonl")}
    run("mark", *IDS, "--tag", "moe", env=env)
    outputs = [
        run("show", *IDS, "--json", env=env),
        run("show", *IDS, "--jsonl", env=env),
        run("mark", "--list", env=env),
        run("mark", "--list", "--json", env=env),
        run("mark", "--list", "--jsonl", env=env),
        run("open", "--print", *IDS, env=env),
    ]
    assert [names_in(done.stdout.encode()) for done in outputs] == [IDS] * len(outputs)
    ranked = run("batch", "-", "--format", "trec", "-k", "3", env=env, stdin="pipeline bubbles\n").stdout
    assert names_in(ranked.encode()) == [line.split()[2] for line in ranked.splitlines()]


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20), max_size=4))
def test_any_names(names: list[str]) -> None:
    """Names are read as they are, one a line, and out of JSON with any other fields."""
    plain = [name for name in names if not name.startswith(("#", "{")) and "<!--" not in name]
    assert names_in("\n".join(plain).encode()) == plain
    lines = [{"rank": 1, "paper_id": name, "text": "a\nb\t#"} for name in names]
    assert names_in(b"".join(dump(line, indent=False) for line in lines)) == names
    assert names_in(dump({"hits": lines})) == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n  \n# a comment\r\na\r\n", ["a"]),
        ("\ufeffa\n", ["a"]),
        ("A Title: with, commas\n", ["A Title: with, commas"]),
        ("{not json\n", ["{not json"]),
        ('{"title": "x"}\n', ['{"title": "x"}']),
        ('{"paper_id": 3}\n', ['{"paper_id": 3}']),
        ("{}", ["{}"]),
        ('{"hits": 3, "papers": [1, {"paper_id": null}]}', []),
        ("7 habits of transformers\n", ["7 habits of transformers"]),
    ],
)
def test_lines_by_hand(text: str, expected: Sequence[str]) -> None:
    """Blank lines and comments are passed over, and what is not this program's output is a name."""
    assert names_in(text.encode()) == expected


@pytest.mark.slow
def test_a_search_within_another(run: Run, env: dict[str, str]) -> None:
    """A search within the results of another ranks those papers alone, by each verb that searches."""
    first = run("pipeline bubbles", "-k", "5", "--jsonl", env=env).stdout
    among = {json.loads(line)["paper_id"] for line in first.splitlines()}
    for verb in (["search", "language models"], ["language models"], ["similar", "gpipe"]):
        inside = run(*verb, "--within", "-", "-k", "50", "--jsonl", env=env, stdin=first)
        assert inside.returncode == 0, inside.stderr
        found = {json.loads(line)["paper_id"] for line in inside.stdout.splitlines()}
        assert found == among - ({IDS[0]} if verb[0] == "similar" else set())
        outside = run(*verb, "--without", "-", "-k", "400", "--jsonl", env=env, stdin=first)
        others = {json.loads(line)["paper_id"] for line in outside.stdout.splitlines()}
        assert not others & among
        assert len(others | found | {IDS[0]}) >= 302 - len(among)


@pytest.mark.parametrize("form", ["jsonl", "trec"])
def test_a_batch_within_a_list(run: Run, env: dict[str, str], form: str, tmp_path: Path) -> None:
    """`batch` ranks the papers of a list alone, in both formats."""
    (tmp_path / "topics.txt").write_text("language models\nmixture of experts\n")
    done = run("batch", "topics.txt", "--within", "-", "--format", form, env=env, stdin="\n".join(IDS))
    assert done.returncode == 0, done.stderr
    named = [
        json.loads(line)["paper_id"] if form == "jsonl" else line.split()[2] for line in done.stdout.splitlines()
    ]
    assert sorted(named) == sorted(IDS * 2)
    twice = run("batch", "-", "--within", "-", env=env, stdin="x")
    assert twice.returncode == 2
    assert "cannot read standard input twice" in twice.stderr


def test_lost_names_are_said(run: Run, env: dict[str, str]) -> None:
    """The papers that are there are searched; the names that lead to none are said, few of many by name."""
    done = run("models", "--within", "-", "--jsonl", env=env, stdin=f"skippipe\nnosuch one\n{IDS[0]}\nskippipe\n")
    assert done.returncode == 0
    assert {json.loads(line)["paper_id"] for line in done.stdout.splitlines()} == set(IDS)
    assert done.stderr.count("cannot find the paper") == 1
    many = run(
        "models", "--within", "-", env=env, stdin="\n".join(["skippipe", *(f"nosuch {n}" for n in range(30))])
    )
    assert many.returncode == 0
    assert many.stderr.count("cannot find the paper") == 10
    assert "20 more names lead to no paper" in many.stderr


def test_lists_that_name_nothing(run: Run, env: dict[str, str]) -> None:
    """An empty list finds nothing, and excludes nothing; a list of unknown names is an error."""
    empty = run("models", "--within", "-", "--json", env=env, stdin="")
    assert (empty.returncode, json.loads(empty.stdout)["hits"]) == (1, [])
    assert "--within 0 papers leaves no paper to rank" in empty.stderr
    assert run("models", "--without", "-", env=env, stdin="# none\n").returncode == 0
    for option in ("--within", "--without"):
        unknown = run("models", option, "-", env=env, stdin="nosuch one\n")
        assert (unknown.returncode, unknown.stdout) == (2, "")
        missing = run("models", option, "no/such/file", env=env)
        assert (missing.returncode, missing.stdout) == (2, "")
        assert f"cannot read {option} no/such/file: No such file or directory" in missing.stderr
    both = run("models", "--within", "-", "--without", "-", env=env, stdin="gpipe")
    assert both.returncode == 2
    assert "cannot read standard input twice" in both.stderr
    both = run("similar", "-", "--within", "-", env=env, stdin="gpipe")
    assert both.returncode == 2
    assert "cannot read standard input twice" in both.stderr


@pytest.mark.parametrize("words", [["-", "routing"], ["routing", "-"], ["-"], ["-", "moe", "routing"]])
def test_a_dash_is_no_word(run: Run, env: dict[str, str], words: list[str]) -> None:
    """A dash before or after a query, or alone, is an error that says what to type."""
    for arguments in (["search", *words], words):
        done = run(*arguments, env=env, stdin="gpipe")
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot read - as a word of a query" in done.stderr
        rest = [word for word in words if word != "-"] or ["QUERY"]
        assert f"papersearch search {' '.join(rest)} --within -" in done.stderr


def test_a_dash_within_a_title(run: Run, env: dict[str, str]) -> None:
    """A dash between words is punctuation, as in a title that is typed without quotation marks, and is said."""
    quoted = run("gpipe - efficient training", env=env)
    done = run("gpipe", "-", "efficient", "training", env=env)
    assert (done.returncode, done.stdout) == (0, quoted.stdout)
    assert "- between words is punctuation" in done.stderr
    assert quoted.stderr == ""
