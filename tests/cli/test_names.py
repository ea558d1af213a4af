"""Authors, categories, venues and years on the command line, as a process does them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import papersearch
from tests.cli.test_schema import validator
from tests.conftest import Run

_RECORDS = [
    {
        "_id": "routing", "title": "Routing tokens to experts", "text": "We route tokens to experts.", "year": 2024,
        "authors": ["Jane Doe", "Jan van der Berg"], "categories": ["cs.LG"], "venue": "NeurIPS 2023",
    },
    {
        "_id": "bubbles", "title": "Pipeline bubbles", "text": "We measure pipeline bubbles.", "date": "2025-03-02",
        "authors": ["J. Doe", "Karl Roe"], "categories": ["cs.DC", "stat.ML"],
    },
    {"_id": "folding", "title": "Protein folding", "text": "We fold proteins.", "authors": ["Doe, Karl"]},
]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Path:
    """Return a folder with a corpus of three papers by the Does, and its index."""
    folder = tmp_path_factory.mktemp("does")
    (folder / "corpus").mkdir()
    lines = "".join(json.dumps(record) + "\n" for record in _RECORDS)
    (folder / "corpus" / "papers.jsonl").write_text(lines, encoding="utf-8")
    papersearch.build(folder / "corpus", folder / "index", model=str(small_model))
    return folder


def ids(printed: str) -> list[str]:
    return [line.split("\t")[2] for line in printed.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--author", "doe"], ["bubbles", "routing", "folding"]),
        (["--author", "Jane Doe", "--author", "berg"], ["bubbles", "routing"]),
        (["--category", "CS", "-k", "1"], ["bubbles"]),
        (["--venue", "neurips"], ["routing"]),
        (["--author", "doe", "--category", "stat"], ["bubbles"]),
        (["author:doe"], ["bubbles", "routing", "folding"]),
        (['author:"K. Doe"'], ["folding"]),
        (["author:doe", "-author:roe", "cat:cs"], ["routing"]),
        (["year:2023-2024"], ["routing"]),
        (["--since", "2024"], ["bubbles", "routing"]),
        (["--author", "doe", "--", "-author:roe"], ["routing", "folding"]),
    ],
)
def test_papers_are_listed(run: Run, project: Path, arguments: list[str], found: list[str]) -> None:
    """Conditions and filters without words list papers, the newest first."""
    done = run(*arguments, cwd=project)
    assert (done.returncode, ids(done.stdout)) == (0, found)


def test_a_list_in_json(run: Run, project: Path) -> None:
    """A list has the fields of every answer: no scores, no verdict, sorted by date, and nothing that ranked it."""
    for arguments in (("author:doe", "--facets", "--explain"), ("--author", "doe")):
        answer = json.loads(run(*arguments, "--json", cwd=project).stdout)
        validator("results").validate(answer)
        assert (answer["total"], answer["sort"], answer["verdict"]) == (3, "date", None)
        assert answer["reading"]["ranked_by"] == ""
        assert {hit["score"] for hit in answer["hits"]} == {0.0}
    facets = json.loads(run("author:doe", "--facets", "--json", cwd=project).stdout)["facets"]
    assert facets["venues"] == [{"value": "NeurIPS 2023", "n_papers": 1}]
    assert facets["categories"][0] == {"value": "cs.DC", "n_papers": 1}


def test_a_list_as_a_table(run: Run, project: Path) -> None:
    """The table of a list says that its papers are the newest, has no bar, and is headed by its filters."""
    table = run("--author", "doe", "--category", "cs", "--format", "table", cwd=project).stdout
    assert table.splitlines()[0].split("  ")[0] == "author:doe cat:cs"
    assert table.splitlines()[0].endswith("newest 2 of 2")
    assert "━" not in table
    table = run("year:2024", "--format", "table", "--facets", cwd=project).stdout
    assert "authors     Jan van der Berg 1 · Jane Doe 1" in table


def test_undated_papers_are_said(run: Run, project: Path) -> None:
    """A range of years in a query leaves undated papers out, says so, and --include-undated keeps them."""
    done = run("author:doe year:2020-", cwd=project)
    assert ids(done.stdout) == ["bubbles", "routing"]
    assert "1 paper of unknown date was left out; the first of them: Protein folding" in done.stderr
    assert ids(run("author:doe year:2020-", "--include-undated", cwd=project).stdout) == [
        "bubbles",
        "routing",
        "folding",
    ]


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (["--author", "dow"], "unknown author 'dow': did you mean doe?", "--author doe"),
        (["--author", "Jane Dow"], "unknown author 'Jane Dow': did you mean Jane Doe", "--author 'Jane Doe'"),
        (["author:dow"], "unknown author 'dow': did you mean doe?", "papersearch 'author:\"doe\"'"),
        (["moe", "--category", "cs.LX"], "unknown category 'cs.LX': did you mean cs.LG", "--category cs.LG"),
        (["--venue", "nurips"], "unknown venue 'nurips': did you mean neurips?", "--venue neurips"),
        (["--venue", "zzz"], "unknown venue 'zzz'", "--venue takes one of: NeurIPS 2023"),
        (["year:20244"], "cannot read year:20244", "year:2024, year:2023-2025"),
        (["year:2025-2023"], "the range ends before it begins", "year:2024, year:2023-2025"),
        (["--author", ""], "unknown author ''", "--author takes one of"),
    ],
)
def test_what_is_unknown(run: Run, project: Path, arguments: list[str], said: str, hint: str) -> None:
    """A name that no paper has is an error, with the nearest ones and what to type."""
    done = run(*arguments, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert f"hint: {hint}" in done.stderr


@pytest.mark.parametrize(
    ("query", "clause"), [("doe", "author:doe"), ("jane doe", 'author:"jane doe"'), ("cs.LG", "cat:cs.LG")]
)
def test_a_name_in_place_of_a_query(run: Run, project: Path, query: str, clause: str) -> None:
    """A query that is a name is ranked as words, and one line offers the command that finds its papers."""
    done = run(query, cwd=project)
    assert len(done.stdout.splitlines()) == 3
    [hint] = [line for line in done.stderr.splitlines() if line.startswith("hint: papersearch ")]
    command = shlex.split(hint.removeprefix("hint: "))
    assert command == ["papersearch", clause]
    assert run(*command[1:], cwd=project).returncode == 0
    assert run("pipeline bubbles", cwd=project).stderr == ""


def test_a_saved_list(run: Run, project: Path, tmp_path: Path) -> None:
    """A saved search may consist of filters alone; without any, it needs words."""
    env = {"PAPERSEARCH_SEARCHES": str(tmp_path / "searches.toml")}
    assert run("saved", "add", "does", "--author", "doe", "--category", "cs", env=env, cwd=project).returncode == 0
    assert "--author doe --category cs" in run("saved", "list", env=env, cwd=project).stdout
    lines = run("saved", "run", "does", env=env, cwd=project).stdout.splitlines()
    assert [line.split("\t")[3] for line in lines] == ["bubbles", "routing"]


@pytest.mark.parametrize(
    ("option", "typed", "offered"),
    [
        ("--author", "D", ["Doe"]),
        ("--author", "van", ["vanderberg"]),
        ("--category", "c", ["cs.DC", "cs.LG", "cs"]),
        ("--venue", "neu", ["neurips"]),
        ("--venue", "Neu", ["Neurips"]),
    ],
)
def test_names_are_completed(run: Run, project: Path, option: str, typed: str, offered: list[str]) -> None:
    """A shell completes family names, categories and words of venues, in the case in which they are begun."""
    words = f"papersearch search {option} {typed}"
    env = {"_PAPERSEARCH_COMPLETE": "complete_bash", "COMP_WORDS": words.replace(" ", "\n"), "COMP_CWORD": "3"}
    found = run(env=env, cwd=project).stdout.split()
    assert found == offered
    assert run("moe", option, offered[0], cwd=project).returncode == 0


def test_topics_with_fields(run: Run, project: Path) -> None:
    """The topics of `batch` and `eval` may have fields, where operators are read."""
    (project / "topics.tsv").write_text("1\trouting author:doe -author:roe\n2\tauthor:roe\n", encoding="utf-8")
    done = run("batch", "topics.tsv", "--operators", "--format", "trec", cwd=project)
    assert [line.split()[::2][:2] for line in done.stdout.splitlines()] == [
        ["1", "routing"],
        ["1", "folding"],
        ["2", "bubbles"],
    ]
    (project / "qrels.tsv").write_text("1 0 routing 1\n2 0 bubbles 1\n", encoding="utf-8")
    done = run("eval", "topics.tsv", "qrels.tsv", "--operators", "--json", "--mode", "keyword", cwd=project)
    assert done.returncode == 0


def test_stats_count_venues(run: Run, project: Path) -> None:
    """stats counts authors, categories and venues."""
    stats = json.loads(run("stats", "--json", cwd=project).stdout)
    assert stats["venues"]["papers"] == stats["venues"]["distinct"] == 1
    assert "Venues" in run("stats", cwd=project).stdout


@pytest.mark.parametrize(
    ("asked", "named"), [(["author:doe"], "author:"), (["moe", "--author", "doe"], "--author")]
)
def test_a_field_that_no_paper_has(run: Run, env: dict[str, str], asked: list[str], named: str) -> None:
    """Where no paper names an author, the hint leaves out what was typed: the field or the option."""
    done = run(*asked, env=env)
    hint = f"hint: leave {named} out, because no paper of the index has one\n"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(hint)
