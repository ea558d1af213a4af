"""Topics shared among processes, compared with the answers of one process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import papersearch
from papersearch.cli.output.topic_answers import answer_topics
from papersearch.errors import QueryError
from papersearch.evaluation.runs import run_of
from papersearch.evaluation.sharing import (
    Answering,
    Asking,
    answering,
    answers,
    arguments_of,
    ask_topics,
    rank_topics,
)
from papersearch.evaluation.topics import Topic, in_parts
from papersearch.index.manifest import encode_manifest
from papersearch.processes import LOST, employed

ASKING = Asking(3, "hybrid", late=True, literal=True)


@pytest.fixture(scope="module")
def topics(real_index: papersearch.Index) -> list[Topic]:
    """Return a topic for each paper, and two with odd characters."""
    titles = [paper.title for paper in real_index.papers()]
    found = [Topic(str(n), " ".join(title.split()[:3])) for n, title in enumerate(titles)]
    return [*found, Topic("näme\t\x7f", 'a "quoted 模型 \U0001f600'), Topic("last", "-")]


def test_parts_are_the_topics() -> None:
    """The parts have all topics in order, with fewer topics each if every topic has many papers."""
    topics = [Topic(str(n), "x") for n in range(1000)]
    for n_hits in (1, 10, 100, 100_000):
        parts = in_parts(topics, n_hits)
        assert [topic for part in parts for topic in part] == topics
    assert len(in_parts(topics, 100_000)) == 1000
    assert len(in_parts(topics)) < 10


@pytest.mark.slow
def test_a_run_is_the_same_by_many(real_index: papersearch.Index, topics: list[Topic]) -> None:
    """Any number of processes gives the same rankings, to the last bit."""
    assert len(in_parts(topics)) > 2
    by_one, by_three = (list(run_of(real_index, topics, ASKING._replace(k=5), n)) for n in (1, 3))
    assert by_one == by_three


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "asking"),
    [
        (answer_topics, ASKING),
        (answer_topics, Asking(302, "semantic", late=False, literal=False)),
        (rank_topics, ASKING),
        (rank_topics, Asking(1, "keyword", late=False, literal=True)),
    ],
)
def test_a_worker_answers_with_the_same_bytes(
    answer: Answering, asking: Asking, real_index: papersearch.Index, topics: list[Topic]
) -> None:
    """A worker's reply equals this process's answer, with any options."""
    part = [topics[0], *topics[-2:]] if asking.literal else topics[:3]
    with employed(answering, 1, *arguments_of(real_index, answer, asking)) as (worker,):
        for some in (part, part[:1]):
            assert ask_topics(worker, some) == answer(real_index, some, asking) != b""


def test_errors_are_those_of_one_process(real_index: papersearch.Index) -> None:
    """A topic that cannot be read is refused at its place, by any number of processes."""
    parts = [[Topic("1", "pipeline")], [Topic("2", "bubbles")], [Topic("3", 'an "unclosed')], [Topic("4", "x")]]
    for n_processes in (1, 3):
        found = answers(real_index, parts, answer_topics, ASKING._replace(literal=False), n_processes)
        assert [next(found)[:15] for _ in range(2)] == [b'{"topic_id":"1"', b'{"topic_id":"2"']
        with pytest.raises(QueryError, match="never closed"):
            next(found)


def test_another_generation_is_not_asked(real_index_path: Path, tmp_path: Path) -> None:
    """Workers that open a newer generation end, and the answers come from the open one."""
    path = tmp_path / "index"
    shutil.copytree(real_index_path, path)
    index = papersearch.open(path)
    manifest = path / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_bytes(encode_manifest(index.manifest.replace(written_by="papersearch 99")))
    with employed(answering, 1, *arguments_of(index, answer_topics, ASKING)) as (worker,), pytest.raises(LOST):
        ask_topics(worker, [Topic("1", "pipeline")])
    parts = [[Topic(str(n), "pipeline bubbles")] for n in range(4)]
    by_one, by_three = (list(answers(index, parts, answer_topics, ASKING, n)) for n in (1, 3))
    assert by_one == by_three
    assert all(by_one)
