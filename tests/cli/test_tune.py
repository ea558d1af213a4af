"""`tune`, and what tells of tuned weights: `--explain`, `stats`, `eval`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import papersearch
from papersearch.index.weights import read_weights, write_weights
from papersearch.types import DEFAULT_WEIGHTS, Weights
from tests.conftest import Run

TUNED = Weights(keyword=2.5, late_interaction=0.0)
IN_WORDS = "keyword 2.5, late interaction 0"


@pytest.fixture
def index(real_index_path: Path, tmp_path: Path) -> Path:
    """Copy the index, so that it may be tuned."""
    place = tmp_path / "index of mine"
    shutil.copytree(real_index_path, place, copy_function=os.link)
    return place


@pytest.fixture
def tuned(index: Path, env: dict[str, str]) -> dict[str, str]:
    """Tune the copy of the index; return its environment."""
    write_weights(index, TUNED, "by hand")
    return env | {"PAPERSEARCH_INDEX": str(index)}


def judge(index: papersearch.Index, folder: Path, n_topics: int, weights: Weights) -> None:
    """Write topics and judgements of somebody for whom weights rank right."""
    titles = [paper.title for paper in index.papers()][::12][:n_topics]
    texts = [" ".join(title.split()[1:4]) for title in titles]
    (folder / "topics.tsv").write_text("id\ttext\n" + "".join(f"t{n}\t{text}\n" for n, text in enumerate(texts)))
    with (folder / "judged.qrels").open("w") as file:
        for number, ranking in enumerate(index.rank_many(texts, 3, weights=weights)):
            file.writelines(f"t{number} 0 {paper.paper_id} 1\n" for paper in ranking)


def test_explanations_name_tuned_weights(run: Run, env: dict[str, str], tuned: dict[str, str]) -> None:
    """--explain and JSON name the weights that ranked, in hybrid mode alone, and only where they are tuned."""
    explained = run("pipeline bubbles", "--explain", "--format", "table", env=tuned)
    assert f"tuned weights: {IN_WORDS}" in explained.stdout
    assert "tuned weights" not in run("pipeline bubbles", "--format", "table", env=tuned).stdout
    assert "tuned weights" not in run("pipeline bubbles", "--explain", "--format", "table", env=env).stdout
    for mode, weights in (("hybrid", TUNED.asdict()), ("keyword", None), ("semantic", None)):
        assert json.loads(run("pipeline bubbles", "--mode", mode, "--json", env=tuned).stdout)["weights"] == weights
    assert json.loads(run("pipeline bubbles", "--json", env=env).stdout)["weights"] is None


def test_stats_name_tuned_weights(run: Run, env: dict[str, str], tuned: dict[str, str]) -> None:
    """`stats` lists tuned weights, and has them in JSON; without tuning it says nothing, and null."""
    assert IN_WORDS in run("stats", env=tuned).stdout
    assert "tuned weights" not in run("stats", env=env).stdout
    assert json.loads(run("stats", "--json", env=tuned).stdout)["weights"] == TUNED.asdict()
    assert json.loads(run("stats", "--json", env=env).stdout)["weights"] is None


def test_eval_compares_with_the_defaults(
    run: Run, env: dict[str, str], tuned: dict[str, str], real_index: papersearch.Index, tmp_path: Path
) -> None:
    """Where weights are tuned, hybrid mode has a second column, which is that of the untuned index."""
    judge(real_index, tmp_path, 4, TUNED)
    files = ("topics.tsv", "judged.qrels")
    found = json.loads(run("eval", *files, "--mode", "hybrid", "--json", env=tuned).stdout)
    plain = json.loads(run("eval", *files, "--mode", "hybrid", "--json", env=env).stdout)
    assert list(found["modes"]) == ["hybrid", "hybrid, defaults"]
    assert found["modes"]["hybrid"]["nDCG@10"] == 1.0
    assert found["modes"]["hybrid, defaults"] == plain["modes"]["hybrid"]
    assert {(one["first"], one["second"]) for one in found["comparisons"]} == {("hybrid", "hybrid, defaults")}
    table = run("eval", *files, "--mode", "hybrid", "--mode", "keyword", env=tuned).stdout
    assert "hybrid, defaults" in table
    only = json.loads(run("eval", *files, "--mode", "keyword", "--json", env=tuned).stdout)
    assert list(only["modes"]) == ["keyword"]


def test_a_batch_ranks_by_tuned_weights(
    run: Run, tuned: dict[str, str], real_index: papersearch.Index, tmp_path: Path
) -> None:
    """`batch` writes the run of the tuned weights."""
    judge(real_index, tmp_path, 2, TUNED)
    lines = run("batch", "topics.tsv", "--format", "trec", "-k", "3", env=tuned).stdout.splitlines()
    judged = (tmp_path / "judged.qrels").read_text().splitlines()
    assert [line.split()[2] for line in lines] == [line.split()[2] for line in judged]


def test_the_way_back(run: Run, index: Path, env: dict[str, str]) -> None:
    """--reset removes even a broken file of weights, exits with 1 if there is none, and rejects other arguments."""
    here = env | {"PAPERSEARCH_INDEX": str(index)}
    (index / "weights.toml").write_text("keyword = 'much'")
    broken = run("pipeline bubbles", env=here)
    assert broken.returncode == 2
    assert "keyword: expected a number from 0 to 10" in broken.stderr
    assert f"rm '{index}/weights.toml'" in broken.stderr
    done = run("tune", "--reset", env=here)
    assert (done.returncode, done.stdout) == (0, "")
    assert "default weights" in done.stderr
    assert not (index / "weights.toml").exists()
    assert run("tune", "--reset", env=here).returncode == 1
    for beside in (["topics.tsv", "--reset"], ["--reset", "--dry-run"]):
        assert run("tune", *beside, env=here).returncode == 2
    assert run("tune", "--reset", "--index", str(index / "nowhere"), env=env).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tune"], "expected TOPICS"),
        (["tune", "topics.tsv"], "expected QRELS"),
        (["tune", "topics.tsv", "nothing.qrels"], "nothing.qrels"),
        (["tune", "hyperparameters", "quickly"], "papersearch search tune hyperparameters quickly"),
        (["tune", "topics.tsv", "judged.qrels"], "expected at least 10 topics"),
        (["tune", "--reset", "--index", "http://127.0.0.1:1"], "--index FOLDER"),
    ],
)
def test_what_is_refused(
    run: Run, env: dict[str, str], real_index: papersearch.Index, tmp_path: Path, words: list[str], said: str
) -> None:
    """What is missing or too little is named, with what to type; a query that begins with the verb is offered."""
    judge(real_index, tmp_path, 9, DEFAULT_WEIGHTS)
    done = run(*words, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.slow
def test_tuning_from_end_to_end(
    run: Run, index: Path, env: dict[str, str], real_index: papersearch.Index, tmp_path: Path
) -> None:
    """Judgements that follow words alone give weights in a file, in force with the next query; a dry run tells the
    same and writes nothing; judgements that follow the defaults leave the file as it is, with exit code 1."""
    here = env | {"PAPERSEARCH_INDEX": str(index)}
    judge(real_index, tmp_path, 24, Weights(keyword=10.0, late_interaction=0.0, feedback=0.0, neighbours=0.0))
    dry = run("tune", "topics.tsv", "judged.qrels", "--dry-run", "--json", env=here)
    assert dry.returncode == 0
    assert not (index / "weights.toml").exists()
    done = run("tune", "topics.tsv", "judged.qrels", "--json", env=here)
    assert done.returncode == 0
    told, expected = json.loads(done.stdout), json.loads(dry.stdout)
    assert told == {**expected, "written": str(index / "weights.toml")}
    assert told["gains"] and told["p"] <= 0.01 and told["after"] > told["before"]
    weights = read_weights(index)
    assert weights is not None
    assert weights.asdict() == told["weights"]
    assert json.loads(run("pipeline bubbles", "--json", env=here).stdout)["weights"] == told["weights"]
    judge(real_index, tmp_path, 12, DEFAULT_WEIGHTS)
    refused = run("tune", "topics.tsv", "judged.qrels", env=here)
    assert refused.returncode == 1
    assert "nothing is written" in refused.stderr
    assert read_weights(index) == weights
