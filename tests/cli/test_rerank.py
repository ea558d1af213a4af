"""`--rerank` and `--instruction` on the command line: what is printed, what is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import papersearch
from papersearch.cli.output.progress import Bar
from papersearch.cli.reranking import RerankOptions
from papersearch.search.reranking import Reranker
from tests.conftest import Run
from tests.dense.tiny_cross_encoders import keep_description, make_cross_encoder

QUERY = "pipeline bubbles"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny cross-encoder."""
    return make_cross_encoder(tmp_path_factory.mktemp("reranker") / "model")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """Return a folder of caches that knows the model."""
    home = tmp_path_factory.mktemp("home")
    keep_description(model, home / "papersearch" / "rerankers")
    return home


@pytest.fixture
def rerank(
    run: Run, env: dict[str, str], home: Path, model: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the command with `--rerank`."""

    def start(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return run(*arguments, "--rerank", str(model), env={**env, "XDG_CACHE_HOME": str(home)}, stdin=stdin)

    return start


@pytest.fixture
def expected(real_index: papersearch.Index, model: Path, home: Path) -> papersearch.Results:
    reranker = Reranker(model, top=20, cache=home / "papersearch" / "rerankers")
    return real_index.search(QUERY, 5, rerank=reranker)


def test_json(rerank: Run, expected: papersearch.Results, model: Path) -> None:
    """JSON says by which model how many were reranked, and of each hit the score and the rank before."""
    done = rerank(QUERY, "-k", "5", "--rerank-top", "20", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["reranked"] == {"model": str(model), "n_papers": 20, "n_wanted": 20}
    told = [(hit["paper_id"], hit["rerank_score"], hit["rank_before"]) for hit in document["hits"]]
    assert told == [(hit.paper.paper_id, hit.rerank_score, hit.rank_before) for hit in expected]
    assert rerank(QUERY, "-k", "5", "--rerank-top", "20", "--json").stdout == done.stdout


def test_a_place_is_that_before_reranking(rerank: Run, real_index: papersearch.Index) -> None:
    """What is said of a paper of `--within` is its place by score, and names the option."""
    hit = real_index.search(QUERY, 3).hits[2]
    said = rerank(QUERY, "--within", hit.paper.paper_id, "--explain").stderr
    assert f"{hit.paper.title} is number 3 without --within and --rerank, and {hit.verdict}\n" in said


def test_nothing_is_reranked_unasked(run: Run, env: dict[str, str]) -> None:
    """Without the option, JSON has the fields and they are null."""
    document = json.loads(run(QUERY, "--json", env=env).stdout)
    assert document["reranked"] is None
    assert {(hit["rerank_score"], hit["rank_before"]) for hit in document["hits"]} == {(None, None)}


def test_table(rerank: Run, expected: papersearch.Results) -> None:
    """A table says how many were reranked; --explain says by what score, and from which place."""
    shown = rerank(QUERY, "-k", "5", "--rerank-top", "20", "--format", "table", "--explain").stdout
    assert "20 reranked" in shown.splitlines()[0]
    place = 0
    for hit in expected:
        place = shown.index(f"reranked by {hit.rerank_score:.4f}, from place {hit.rank_before}", place) + 1


def test_batch(rerank: Run, expected: papersearch.Results) -> None:
    """`batch` reranks each topic as a search does, in JSON lines and in runs, whose scores fall."""
    topics = f"1\t{QUERY}\n2\tmoe\n"
    lines = rerank("batch", "-", "-k", "5", "--rerank-top", "20", stdin=topics).stdout.splitlines()
    hits = [json.loads(line) for line in lines]
    ids = [hit.paper.paper_id for hit in expected]
    assert [hit["paper_id"] for hit in hits if hit["topic_id"] == "1"] == ids
    assert all(hit["rerank_score"] is not None for hit in hits)
    run = rerank("batch", "-", "-k", "5", "--rerank-top", "20", "--format", "trec", stdin=topics).stdout
    rows = [line.split() for line in run.splitlines()]
    assert [row[2] for row in rows if row[0] == "1"] == ids
    scores = [float(row[4]) for row in rows if row[0] == "1"]
    assert scores == sorted(set(scores), reverse=True)


def test_eval(rerank: Run, expected: papersearch.Results, tmp_path: Path) -> None:
    """`eval` measures a mode and the same mode reranked, side by side; hybrid unless others are named."""
    (tmp_path / "topics").write_text(f"1\t{QUERY}\n")
    (tmp_path / "qrels").write_text(f"1 0 {expected[2].paper.paper_id} 1\n")
    arguments = ("eval", str(tmp_path / "topics"), str(tmp_path / "qrels"), "--rerank-top", "20", "--json")
    modes = json.loads(rerank(*arguments).stdout)["modes"]
    assert list(modes) == ["hybrid", "hybrid reranked"]
    assert modes["hybrid reranked"]["MRR@10"] == pytest.approx(1 / 3)
    assert list(json.loads(rerank(*arguments, "--mode", "keyword").stdout)["modes"]) == [
        "keyword",
        "keyword reranked",
    ]


def test_the_time_ends(rerank: Run, real_index: papersearch.Index) -> None:
    """A line says how many papers were scored, and the next run goes on."""
    query = "the time ends for this query alone"
    for n in (1, 2):
        done = rerank(query, "--rerank-seconds", "1e-9", "--rerank-top", "9", "--json")
        assert json.loads(done.stdout)["reranked"]["n_papers"] == n
        assert done.stderr.startswith(f"papersearch: {n} of 9 papers are reranked after 1e-09 s; the others follow")
        assert "hint: run the same command again" in done.stderr
    done = rerank("batch", "-", "--rerank-seconds", "1e-9", "-k", "2", stdin=f"{query}\nmoe\n")
    assert "papersearch: 2 answers are reranked in part, for 1e-09 s each\nhint: run" in done.stderr


def test_nothing_ranks(rerank: Run) -> None:
    """A query without words to rank by is answered, and a line says that nothing was reranked."""
    done = rerank("year:2025", "--include-undated", "-k", "2", "--json")
    assert (done.returncode, json.loads(done.stdout)["reranked"]) == (0, None)
    assert done.stderr == "papersearch: nothing is reranked: the query has no words to rank by\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rerank-top", "5"], "--rerank-top"),
        (["--rerank-seconds", "5"], "--rerank-seconds"),
        (["--rerank", "MODEL", "--rerank-top", "0"], "1<=x<=100"),
        (["--rerank", "MODEL", "--rerank-top", "101"], "1<=x<=100"),
        (["--rerank", "MODEL", "--rerank-seconds", "0"], "seconds above 0"),
        (["--rerank", "MODEL", "--rerank-seconds", "nan"], "seconds above 0"),
        (["--rerank", "MODEL", "--rerank-seconds", "inf"], "seconds above 0"),
        (["--rerank", "MODEL", "--sort", "date"], "--sort relevance"),
        (["--rerank", "MODEL", "--map", "map.html"], "cannot map"),
        (["--rerank", ""], "a folder or a name"),
        (["--rerank", "./nowhere"], "cannot rerank by the model ./nowhere: no such folder"),
        (["--rerank", "."], "cannot rerank by the model .: "),
        (["--rerank", "all-MiniLM-L6-v2"], "not a cross-encoder"),
        (["--instruction", "Find it", "--mode", "keyword"], "another mode"),
        (["--instruction", " "], "an empty one"),
        (["--instruction", "Find it"], "cannot give the model all-MiniLM-L6-v2 an instruction"),
    ],
)
def test_what_is_refused(run: Run, env: dict[str, str], arguments: list[str], said: str) -> None:
    """What cannot be is refused with a cause and a hint, exit code 2, and nothing on stdout."""
    done = run(QUERY, *arguments, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "\nhint: " in done.stderr


@pytest.mark.parametrize("verb", ["browse", "similar", "mcp", "saved"])
def test_other_verbs_have_no_such_option(run: Run, env: dict[str, str], verb: str) -> None:
    """A verb that does not rerank refuses the option."""
    done = run(verb, "--rerank", "model", env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--rerank" in done.stderr


def test_a_bar_is_erased_before_results(model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is that of a bar, which draws on a terminal alone, and it has ended when results are printed."""
    told: list[str] = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setattr(Bar, "__call__", lambda self, *step: told.append(step[0]))
    monkeypatch.setattr(Bar, "stop", lambda self: told.append("stopped"))
    with RerankOptions(str(model)).opened() as reranker:
        reranker.scores("a query for the bar", ["a"])
    assert told == ["opening the reranker", "reranking", "stopped"]


def test_a_wrong_model_costs_no_build(run: Run, small_corpus: Path) -> None:
    """A model that cannot rerank is refused before an index is built."""
    done = run(QUERY, "--rerank", "./nowhere", cwd=small_corpus.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("papersearch: cannot rerank by the model ./nowhere")
    assert not (small_corpus.parent / "index").exists()
