"""batch and eval as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import ir_measures
import pytest
from ir_measures import AP, nDCG

import papersearch
from tests.conftest import PATIENCE_S, Run, command_environment

TOPICS = '1\tpipeline bubbles\n2\tMoE -experts\n3\tA query with an unclosed " mark\n'


def test_batch_is_search_many_times(run: Run, env: dict[str, str], real_index: papersearch.Index) -> None:
    """Each topic's hits are those of a search for its words, in the same order, with its id."""
    done = run("batch", "-", "-k", "5", stdin=TOPICS, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    for topic_id, text in (line.split("\t") for line in TOPICS.splitlines()):
        expected = real_index.search(text, k=5, literal=True)
        found = [hit for hit in hits if hit["topic_id"] == topic_id]
        assert [hit["paper_id"] for hit in found] == [hit.paper.paper_id for hit in expected]
        assert [hit["score"] for hit in found] == pytest.approx([hit.score for hit in expected], abs=1e-4)
        assert {hit["query"] for hit in found} == {text}


def test_batch_with_operators(run: Run, env: dict[str, str]) -> None:
    """--operators reads exclusions as search does, and refuses what search refuses."""
    done = run("batch", "-", "--operators", "-k", "302", stdin="MoE -experts\n", env=env)
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    assert hits
    assert not any("expert" in f"{hit['title']} {hit['abstract']}".lower().split() for hit in hits)
    done = run("batch", "-", "--operators", stdin='an "unclosed\n', env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "never closed" in done.stderr


def test_trec_run(run: Run, env: dict[str, str]) -> None:
    """A run has six columns, k lines a topic, falling scores; twice the same bytes."""
    arguments = ("batch", "-", "--format", "trec", "-k", "20", "--tag", "mine")
    done = run(*arguments, stdin=TOPICS, env=env)
    rows = [line.split(" ") for line in done.stdout.splitlines()]
    assert [len(row) for row in rows] == [6] * 60
    for topic_id in "123":
        mine = [row for row in rows if row[0] == topic_id]
        assert [row[3] for row in mine] == [str(rank) for rank in range(1, 21)]
        scores = [float(row[4]) for row in mine]
        assert all(a > b for a, b in pairwise(scores))
        assert {(row[1], row[5]) for row in mine} == {("Q0", "mine")}
    assert run(*arguments, stdin=TOPICS, env=env).stdout == done.stdout


def test_eval_agrees_with_the_run(
    run: Run, env: dict[str, str], tmp_path: Path, real_index: papersearch.Index
) -> None:
    """What eval prints is what ir-measures makes of the run that batch wrote."""
    wanted = {topic: real_index.search(text, k=40)[place].paper.paper_id for topic, text, place in (
        ("1", "pipeline bubbles", 3), ("2", "expert routing", 0), ("4", "nobody asks this", 1)
    )}  # fmt: skip
    (tmp_path / "qrels").write_text("".join(f"{topic} 0 {paper} 1\n" for topic, paper in wanted.items()))
    (tmp_path / "topics.tsv").write_text("1\tpipeline bubbles\n2\texpert routing\n3\tunjudged\n")
    written = run("batch", "topics.tsv", "--format", "trec", "-k", "302", env=env)
    (tmp_path / "run").write_text(written.stdout)
    done = run("eval", "topics.tsv", "qrels", "--json", "--mode", "hybrid", "--per-query", env=env)
    assert done.returncode == 0
    assert done.stderr == "papersearch: 1 judged topics are not in topics.tsv, and count as zero\n"
    document = json.loads(done.stdout)
    expected = ir_measures.calc_aggregate(
        [nDCG @ 10, AP],
        list(ir_measures.read_trec_qrels(str(tmp_path / "qrels"))),
        list(ir_measures.read_trec_run(str(tmp_path / "run"))),
    )
    for measure, value in expected.items():
        assert document["modes"]["hybrid"][str(measure)] == pytest.approx(value)
    assert document["topics"] == 3
    assert [row["topic_id"] for row in document["per_query"]] == ["1", "2", "4"]
    assert document["per_query"][0]["MRR@10"] == 0.25


def test_eval_table(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    """Modes side by side, then their differences; with --per-query a line per topic and measure."""
    (tmp_path / "topics").write_text("pipeline bubbles\nmixture of experts\n")
    (tmp_path / "qrels").write_text("1 0 nothing 1\n2 0 nothing 1\n")
    done = run("eval", "topics", "qrels", "--per-query", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[:5] == ["2", "topics", "hybrid", "keyword", "semantic"]
    assert "hybrid − keyword" in done.stdout
    assert "1\tnDCG@10\t0.0000\t0.0000\t0.0000" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("batch", "nowhere.tsv"), "cannot read topics from nowhere.tsv: No such file or directory"),
        (("batch", "-", "--tag", "two words"), "expected one word, found 'two words'"),
        (("batch", "-", "-k", "0"), "0 is not in the range"),
        (("eval", "-", "nowhere"), "cannot read judgements from nowhere: No such file or directory"),
        (("eval", "-", "other"), "no topic of - has judgements in other"),
    ],
)
def test_bad_input(run: Run, env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """Exit 2, what failed, a hint, and nothing on stdout."""
    (tmp_path / "other").write_text("zzz 0 a 1\n")
    done = run(*arguments, stdin=TOPICS, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "hint: " in done.stderr


def test_ctrl_c_ends_every_process(env: dict[str, str]) -> None:
    """SIGINT to all of them, as a terminal sends it, while they work: exit 130, one line, and none
    of them is left."""
    topics = "".join(f"pipeline bubbles {n}\n" for n in range(5000))
    with subprocess.Popen(
        [sys.executable, "-m", "papersearch", "batch", "-"],
        env=command_environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(topics.encode())
        process.stdin.close()
        assert process.stdout.readline().startswith(b'{"topic_id":"1"')
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        assert process.wait(timeout=PATIENCE_S) == 130
        assert process.stderr.read().startswith(b"papersearch: interrupted")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_reader_of_many_answers_leaves_early(env: dict[str, str], tmp_path: Path) -> None:
    """`batch | head -1`: exit 0, a quiet stderr, and no process is left to hold the pipe."""
    topics = tmp_path / "topics.txt"
    topics.write_text("bubbles\n" * 2000)
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "{sys.executable}" -m papersearch batch "{topics}" | head -1'],
        env=command_environment(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
