"""Two queries compared by `--against`: counts, papers of both answers and of one alone."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import papersearch
from papersearch.cli import comparison
from papersearch.cli.comparison import Comparison, compare
from papersearch.cli.output.comparison import print_comparison
from papersearch.types import Counted, Facets
from tests.conftest import Run

FIRST, SECOND = "moe routing", "pipeline parallelism"


def answering(run: Run, env: dict[str, str], query: str, *options: str) -> list[str]:
    """Return the ids of all papers that answer better than weakly."""
    done = run(query, "--strict", "-k", "1000", "--no-fold", *options, "--jsonl", env=env)
    return [json.loads(line)["paper_id"] for line in done.stdout.splitlines()]


def compared(run: Run, env: dict[str, str], *arguments: str) -> Any:
    return json.loads(run(*arguments, "--json", env=env).stdout)["comparison"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "second", "options"),
    [
        (FIRST, SECOND, ()),
        (FIRST, SECOND, ("--mode", "keyword")),
        (FIRST, SECOND, ("--since", "2024", "--include-undated")),
        (FIRST, FIRST, ()),
        (FIRST, "9999.99999", ()),
        ("qqqqzzzz", "zzzzqqqq", ("--mode", "keyword")),
    ],
)
def test_each_answer_is_parted(
    run: Run, env: dict[str, str], first: str, second: str, options: tuple[str, ...]
) -> None:
    """Papers of both answers and of each alone are the two answers, in their orders; facets are theirs."""
    found = compared(run, env, first, "--against", second, *options)
    one, other = (answering(run, env, query, *options) for query in (first, second))
    parts = {part: [paper["paper_id"] for paper in found[part]] for part in ("both", "first", "second")}
    assert parts == {
        "both": [name for name in one if name in other],
        "first": [name for name in one if name not in other],
        "second": [name for name in other if name not in one],
    }
    facets = json.loads(run(second, *options, "--facets", "--json", env=env).stdout)["facets"]
    assert (found["query"], found["facets"], found["is_cut"]) == (second, facets, False)


def test_what_is_printed_elsewhere_stays(run: Run, env: dict[str, str]) -> None:
    """The rest of the document is that of the first query with its facets; without the option it is null."""
    with_facets = json.loads(run(FIRST, "--facets", "--json", env=env).stdout)
    document = json.loads(run(FIRST, "--against", SECOND, "--json", env=env).stdout)
    assert with_facets["comparison"] is None
    assert {**document, "comparison": None} == with_facets


def test_the_table_agrees_with_json(run: Run, env: dict[str, str]) -> None:
    """A table has the counts of both facets side by side, and the first papers of each part."""
    document = json.loads(run(FIRST, "--against", SECOND, "--json", env=env).stdout)
    found, sides = document["comparison"], (document["facets"], document["comparison"]["facets"])
    table = run(FIRST, "--against", SECOND, "--format", "table", "-k", "2", env=env).stdout
    counts, *lists = table.split("\n\n")
    heading, *rows = counts.splitlines()
    assert heading.split() == [*FIRST.split(), *SECOND.split()]
    numbers = {row[:-30].split()[-1]: tuple(map(int, row.split()[-2:])) for row in rows}
    assert numbers["papers"] == tuple(side["n_papers"] for side in sides)
    assert numbers["both"] == (len(found["both"]),) * 2
    years = [{one["value"]: one["n_papers"] for one in side["years"]} for side in sides]
    dumps = [{one["value"]: one["n_papers"] for one in side["dumps"]} for side in sides]
    for by_name in (years, dumps):
        for name in {**by_name[0], **by_name[1]}:
            assert numbers[name] == (by_name[0].get(name, 0), by_name[1].get(name, 0))
    for part, shown in zip(("both", "first", "second"), lists, strict=True):
        heading, *lines = shown.splitlines()
        assert heading.startswith(f"{len(found[part])} papers in ")
        assert [line.split()[0] for line in lines] == [paper["short_id"] for paper in found[part][:2]]


@pytest.mark.parametrize("other", [SECOND, "a very long query about pipelines of experts on many devices at once"])
def test_it_fits_the_terminal(real_index: papersearch.Index, other: str) -> None:
    """No line is wider than the terminal, whatever queries there are."""
    found = compare(*(real_index.search(query, 1000, strict=True, facets=True) for query in (FIRST, other)))
    for columns in (20, 40, 60, 80, 120, 200):
        lines = table_of(found, other, columns)
        assert len(lines) > 10
        assert max(map(len, lines)) <= columns


def test_lines_lead_to_their_papers(run: Run, env: dict[str, str]) -> None:
    """A pipe gets a line for each paper: id, part, year and title; `show` reads them."""
    document = compared(run, env, FIRST, "--against", SECOND)
    lines = run(FIRST, "--against", SECOND, env=env).stdout
    assert [line.split("\t") for line in lines.splitlines()] == [
        [paper["paper_id"], part, str(paper["year"] or ""), paper["title"]]
        for part in ("both", "first", "second")
        for paper in document[part]
    ]
    shown = run("show", "-", "--jsonl", env=env, stdin=lines).stdout.splitlines()
    assert [json.loads(line)["paper_id"] for line in shown] == [line.split("\t")[0] for line in lines.splitlines()]


def test_filters_in_place_of_a_query(run: Run, env: dict[str, str]) -> None:
    """Where filters alone are asked for, they are the name of their side."""
    table = run("--org", "gensyn", "--against", "training", "--format", "table", env=env).stdout
    assert table.splitlines()[0].split() == ["org:gensyn", "training"]
    assert " papers in org:gensyn alone" in table or " paper in org:gensyn alone" in table


@pytest.mark.parametrize("options", [["--jsonl"], ["--format", "bibtex"], ["--style", "apa"]])
def test_what_is_refused(run: Run, env: dict[str, str], options: list[str]) -> None:
    """A form without a place for a comparison is refused by name, and an empty query as any other."""
    done = run(FIRST, "--against", SECOND, *options, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot print a comparison" in done.stderr
    assert run(FIRST, "--against", "", env=env).returncode == 2


@pytest.mark.parametrize("option", [("--judge", "mine.qrels"), ("--map", "map.html"), ("--rerank", "model")])
def test_what_is_for_one_answer_is_refused(
    run: Run, env: dict[str, str], tmp_path: Path, option: tuple[str, str]
) -> None:
    """An option for one answer is refused by name beside --against, and writes nothing."""
    done = run(FIRST, "--against", SECOND, *option, env=env, stdin="1\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{option[0]}: it is for one answer" in done.stderr
    assert not list(tmp_path.iterdir())


def test_terms_are_offered_beside_any_form(run: Run, env: dict[str, str]) -> None:
    """--suggest offers its terms on stderr, where no table of hits has them."""
    for form in ("table", "plain"):
        done = run(FIRST, "--against", SECOND, "--suggest", "--format", form, env=env)
        assert done.stderr.count("narrow by: ") == 1
    assert "narrow by" not in run(FIRST, "--suggest", "--format", "table", env=env).stderr


def test_doubts_about_both_queries_are_told(run: Run, env: dict[str, str]) -> None:
    """A word that no paper has is named, in either query, with the words spelt like it."""
    for queries in (("routng", SECOND), (SECOND, "routng")):
        done = run(queries[0], "--against", queries[1], env=env)
        assert done.stderr.count("no paper has the word routng: did you mean") == 1


def test_doubts_name_their_query(run: Run, env: dict[str, str]) -> None:
    """What makes an answer doubtful is said after its query: the other answer may be beyond doubt."""
    weak, other = "medieval poetry", "basket weaving"
    alone = run(weak, "--format", "plain", env=env).stderr.splitlines()[0].removeprefix("papersearch: ")
    assert "this well" in alone
    for queries in ((weak, SECOND), (SECOND, weak)):
        said = run(queries[0], "--against", queries[1], env=env).stderr
        assert said.count(f"papersearch: {weak}: {alone}\n") == said.count("this well") == 1
    both = run(weak, "--against", other, env=env).stderr
    for query in (weak, other):
        assert both.count(f"papersearch: {query}: {alone}\n") == 1


def test_no_paper_answers(run: Run, env: dict[str, str]) -> None:
    """The exit code is that of hits if a paper answers either query, else that of none."""
    nothing = ("qqqqzzzz", "--mode", "keyword")
    for form in ("table", "plain", "json"):
        assert run(*nothing, "--against", "zzzzqqqq", "--format", form, env=env).returncode == 1
        assert run(*nothing, "--against", "experts", "--format", form, env=env).returncode == 0


def test_long_answers_are_cut(real_index: papersearch.Index, invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of longer answers the best are compared, and the table and JSON say so."""
    monkeypatch.setattr(comparison, "MOST", 1)
    found = json.loads(invoke(FIRST, "--against", SECOND, "--json").stdout)["comparison"]
    best = [next(iter(real_index.search(query, 1))).paper.paper_id for query in (FIRST, SECOND)]
    assert [paper["paper_id"] for part in ("first", "second") for paper in found[part]] == best
    assert found["is_cut"]
    table = invoke(FIRST, "--against", SECOND, "--format", "table").stdout
    assert table.count("in the best 1,000 of ") == 4
    assert "in both" not in table


def counted(*names: str) -> tuple[Counted, ...]:
    return tuple(Counted(value=name, n_papers=len(names) - place) for place, name in enumerate(names))


def table_of(found: Comparison, other: str = SECOND, columns: int = 100) -> list[str]:
    """Return the lines of the table of FIRST and another query on a terminal of this width."""
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", output)
        print_comparison(Console(file=output, width=columns, color_system=None), (FIRST, other), found, 10)
    return output.getvalue().splitlines()


def table_rows(found: Comparison) -> dict[str, list[str]]:
    """Return the two counts of each row of the table by the text before them."""
    return {" ".join(line.split()[:-2]): line.split()[-2:] for line in table_of(found)}


def test_names_beyond_the_first_twenty_are_not_counted_as_none(real_index: papersearch.Index) -> None:
    """Where a list of names is cut, a name that it lacks has no count; years before the latest are one row."""
    nothing = Facets(n_papers=0, n_undated=0, years=(), months=(), organisations=(), dumps=())
    many = nothing.replace(
        authors=counted(*(f"Author {number}" for number in range(20))),
        years=tuple(Counted(value=str(year), n_papers=1) for year in range(1990, 2026)),
    )
    few = nothing.replace(authors=counted("Someone", *(f"Author {number}" for number in (7, 0))), n_papers=3)
    empty = real_index.search(FIRST, 1, strict=True, facets=True).replace(hits=())
    rows = table_rows(compare(empty.replace(facets=many), empty.replace(query="other", facets=few)))
    assert rows["authors Author 0"] == ["20", "1"]
    assert rows["Author 1"] == ["19", "0"]
    assert "Someone" not in rows, "five others have more papers"
    assert rows["years before 2016"] == ["26", "0"]
    assert rows["2025"] == ["1", "0"]
    others = few.replace(authors=counted(*(f"Other {number}" for number in range(20))))
    rows = table_rows(compare(empty.replace(facets=many), empty.replace(facets=others)))
    assert rows["authors Author 0"] == ["20", "-"]
    assert rows["Other 0"] == ["-", "20"]
