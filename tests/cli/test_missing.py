"""Why a paper is missing from an answer: `--within ID --explain` tells its place, or what leaves it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import papersearch
from tests.conftest import Run
from tests.growing import encode_in_part

TITLE = "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism"
QUERY = "reinforcement learning"


def told(invoke: Any, *arguments: str) -> list[str]:
    """Return what is said of the paper, one statement each."""
    lines = invoke(*arguments, "--explain").stderr.splitlines()
    [said] = [
        line.removeprefix(f"papersearch: {TITLE} ") for line in lines if line.startswith(f"papersearch: {TITLE}")
    ]
    return str(said).split("; ")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
@pytest.mark.parametrize("query", [QUERY, "pipeline bubbles", "expert OR training"])
def test_the_place_is_that_of_the_whole_answer(
    invoke: Any, real_index: papersearch.Index, query: str, mode: Any
) -> None:
    """Place and verdict are those of the answer without `--within`, of every paper that it names."""
    hits = real_index.search(query, len(real_index), mode).hits
    asked = [hits[at].paper for at in sorted({0, 1, len(hits) // 2, len(hits) - 1})]
    for paper in asked:
        said = invoke(query, "--mode", mode, "--within", paper.paper_id, "--explain").stderr
        [hit] = [hit for hit in hits if hit.paper == paper]
        assert f"papersearch: {paper.title} is number {hit.rank} without --within, and {hit.verdict}\n" in said
    place = "-" if len(asked) < 2 else str(asked[0].paper_id)
    assert "without --within" not in invoke(query, "--mode", mode, "--within", place).stderr, "nobody asks why"


def test_weak_papers_are_left_out_by_strict(invoke: Any) -> None:
    """Of a weak paper `--strict` is named as what leaves it out."""
    [said] = told(invoke, QUERY, "--within", "gpipe", "--strict")
    assert said.endswith(", and weak: --strict leaves it out")
    [said] = told(invoke, "pipeline parallelism", "--within", "gpipe", "--strict")
    assert said.endswith((", and strong", ", and fair"))


def test_the_instruction_counts(run: Run, small_corpus: Path, small_model: Path, tmp_path: Path) -> None:
    """Place and verdict are those of the answer under the same instruction, in a model that takes one."""
    path = tmp_path / "instructed"
    papersearch.build(small_corpus, path, model=str(small_model), query_prefix="Instruct: Find it\nQuery: ")
    index = papersearch.open(path)
    told_to = "pipeline bubbles of many stages"
    usual = index.search("paper", len(index), "semantic").hits
    hits = index.search("paper", len(index), "semantic", instruction=told_to).hits
    assert [hit.paper for hit in hits] != [hit.paper for hit in usual]
    for hit in hits:
        named = ("--within", hit.paper.paper_id, "--explain", "--index", str(path))
        said = run("paper", "--mode", "semantic", "--instruction", told_to, *named, cwd=tmp_path).stderr
        assert f"papersearch: {hit.paper.title} is number {hit.rank} without --within, and {hit.verdict}\n" in said


def test_the_place_is_that_by_score(invoke: Any) -> None:
    """An option that orders hits otherwise is named as one that the place is told without."""
    [usual] = told(invoke, QUERY, "--within", "gpipe")
    [by_date] = told(invoke, QUERY, "--within", "gpipe", "--sort", "date")
    assert by_date == usual.replace("--within", "--within and --sort date")


FILTERS = [
    ("--since", "2024"),
    ("--until", "2030"),
    ("--org", "Gensyn"),
    ("--has-code",),
    ("--without", "gpipe"),
    ("--dump", "004_e899fa4efb821ac1.txt"),
    ("--new",),
]


@pytest.mark.parametrize("chosen", [range(7), [0], [1], [0, 1, 2], [1, 5], [3, 4]])
def test_each_filter_is_told(invoke: Any, chosen: list[int]) -> None:
    """The filters that are named are those that leave the paper out alone, in their order."""
    options = [FILTERS[place] for place in chosen]
    culprits = [
        option for option in options if invoke(QUERY, "--within", "gpipe", *option, "--jsonl").exit_code == 1
    ]
    said = told(invoke, QUERY, "--within", "gpipe", *(word for option in options for word in option))
    if not culprits:
        assert said[0].startswith("is number ")
    else:
        named = said[0].removeprefix("is left out by ").split(" and by ")
        assert sorted(option.split()[0] for option in named) == sorted(option[0] for option in culprits)


@pytest.mark.parametrize(
    ("query", "failed"),
    [
        ('"reinforcement learning" -survey title:gpipe -parallelism', ['"reinforcement learning"', "-parallelism"]),
        ("moe year:2024", ["year:2024"]),
        ('pipeline ("expert routing" OR "reward model")', ['("expert routing" OR "reward model")']),
        ("pipeline NOT (giant AND networks)", None),
    ],
)
def test_each_condition_is_told(invoke: Any, query: str, failed: list[str] | None) -> None:
    """The conditions of a query that are named are those that the paper does not meet."""
    [said] = told(invoke, query, "--within", "gpipe")
    assert said.startswith("does not meet ")
    if failed is not None:
        assert said == f"does not meet {' and '.join(failed)}"


def test_words_and_meaning(invoke: Any, run: Run, small_corpus: Path, small_index: Path) -> None:
    """A paper without the words of a query, and one without a vector, are said to be so in their modes."""
    assert told(invoke, "vision", "--mode", "keyword", "--within", "gpipe") == ["has no word of the query"]
    encode_in_part(small_corpus, small_index, 1)
    index = papersearch.open(small_index)
    [found] = index.search("paper", 4, "semantic")
    for paper in index.papers():
        command = (
            "paper",
            "--mode",
            "semantic",
            "--within",
            paper.paper_id,
            "--explain",
            "--index",
            str(small_index),
        )
        said = run(*command, cwd=small_corpus.parent).stderr
        assert ("is not encoded yet" in said) == (paper != found.paper)
        assert "has no word" not in said


def test_marks_are_told(run: Run, small_corpus: Path, small_index: Path) -> None:
    """Conditions on marks are named where they leave the paper out."""
    names = [paper.paper_id for paper in papersearch.open(small_index).papers()]
    run("mark", names[0], "--tag", "moe", cwd=small_corpus.parent)
    run("mark", names[1], "--read", cwd=small_corpus.parent)

    def said(name: str, *options: str) -> str:
        return run("paper", "--within", name, "--explain", *options, cwd=small_corpus.parent).stderr

    assert "is left out by --tag moe and by --unread" in said(names[1], "--tag", "moe", "--unread")
    assert "is left out by --read" in said(names[0], "--tag", "moe", "--read")
    assert "is number 1 without --within" in said(names[0], "--tag", "moe", "--unread")


def test_lost_papers_are_said_once(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """Names and marks without a paper are said by the search, and not again by what explains it."""
    (tmp_path / "list").write_text("skippipe\nno-such-paper\n")
    marks = tmp_path / "marks.jsonl"
    env = env | {"PAPERSEARCH_MARKS": str(marks)}
    run("mark", "gpipe", "--tag", "moe", env=env)
    marks.write_text(marks.read_text() + '{"paper_id":"gone","tags":["moe"],"title":"Gone"}\n')
    for name in ("gpipe", "skippipe"):
        options = ("--within", name, "--without", "list", "--tag", "moe", "--explain")
        said = run(QUERY, *options, env=env).stderr
        assert said.count("cannot find the paper 'no-such-paper'") == said.count("Gone") == 1


def test_a_list_to_search_among_is_not_explained(
    invoke: Any, real_index: papersearch.Index, tmp_path: Path
) -> None:
    """Of more than ten papers no place is told."""
    path = tmp_path / "list"
    for n_papers in (10, 11):
        path.write_text("\n".join(paper.paper_id for paper in list(real_index.papers())[:n_papers]))
        said = invoke(QUERY, "--within", str(path), "--explain").stderr
        assert said.count("without --within") == (10 if n_papers == 10 else 0)


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--within", "--without"])
def test_a_paper_in_place_of_a_file(run: Run, env: dict[str, str], option: str, tmp_path: Path) -> None:
    """A name that is not a file is a paper, in any form of a name; a file comes first, and a path is one."""
    every = ("-k", "302", "--jsonl")
    by_list = run(QUERY, option, "-", *every, env=env, stdin="gpipe").stdout
    for name in ("gpipe", TITLE, "86739e"):
        assert run(QUERY, option, name, *every, env=env, cwd=tmp_path).stdout == by_list
    (tmp_path / "gpipe").write_text("skippipe\n")
    by_file = run(QUERY, option, "gpipe", *every, env=env, cwd=tmp_path).stdout
    assert by_file == run(QUERY, option, "-", *every, env=env, stdin="skippipe").stdout != by_list
    for name, said in (
        ("nosuch.txt", "expected a file of names, or a paper: cannot find the paper 'nosuch.txt'"),
        ("https://arxiv.org/abs/2503.99999", "arXiv:2503.99999 is not in this collection"),
        ("./gpipe.txt", f"cannot read {option} ./gpipe.txt: No such file or directory"),
    ):
        done = run(QUERY, option, name, env=env, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_list_without_a_query_is_not_explained(invoke: Any) -> None:
    """Papers that filters alone list have no place to tell."""
    done = invoke("search", "--within", "gpipe", "--explain")
    assert (done.exit_code, done.stderr) == (0, "")


def test_json_is_not_changed(invoke: Any) -> None:
    """What is told goes to stderr: the document is that of the library."""
    document = json.loads(invoke(QUERY, "--within", "gpipe", "--explain", "--json").stdout)
    assert [hit["rank"] for hit in document["hits"]] == [1]
