"""Measures of rankings, against ir-measures itself, and as a table."""

from __future__ import annotations

import json
from pathlib import Path

import ir_measures
import pytest
from ir_measures import AP, nDCG

import papersearch
from tests.conftest import Run


def test_eval_agrees_with_the_run(
    run: Run, env: dict[str, str], tmp_path: Path, real_index: papersearch.Index
) -> None:
    """eval prints the values that ir-measures computes from the run that batch writes."""
    wanted = {topic: real_index.search(text, k=40)[place].paper.paper_id for topic, text, place in (
        ("1", "pipeline bubbles", 3), ("2", "expert routing", 0), ("4", "nobody asks this", 1)
    )}  # fmt: skip
    (tmp_path / "qrels").write_text("".join(f"{topic} 0 {paper} 1\n" for topic, paper in wanted.items()))
    (tmp_path / "topics.tsv").write_text("1\tpipeline bubbles\n2\texpert routing\n3\tunjudged\n")
    written = run("batch", "topics.tsv", "--format", "trec", "-k", "302", env=env)
    (tmp_path / "run").write_text(written.stdout)
    done = run("eval", "topics.tsv", "qrels", "--json", "--mode", "hybrid", "--per-query", env=env)
    assert done.returncode == 0
    assert done.stderr == "papersearch: 1 judged topic is not in topics.tsv, and counts as zero\n"
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
    """A table has a column per mode, then differences; --per-query adds a line per topic and measure."""
    (tmp_path / "topics").write_text("pipeline bubbles\nmixture of experts\n")
    (tmp_path / "qrels").write_text("1 0 nothing 1\n2 0 nothing 1\n")
    done = run("eval", "topics", "qrels", "--per-query", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[:5] == ["2", "topics", "hybrid", "keyword", "semantic"]
    assert "hybrid − keyword" in done.stdout
    assert "1\tnDCG@10\t0.0000\t0.0000\t0.0000" in done.stdout
