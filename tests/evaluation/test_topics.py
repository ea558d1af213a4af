"""Topics and judgements in common formats, and the errors for other files."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from ir_measures import Qrel

from papersearch.errors import EvaluationError
from papersearch.evaluation.qrels import read_qrels
from papersearch.evaluation.topics import Topic, parse_topics, read_topics

TOPICS = [Topic("1", "pipeline bubbles"), Topic("x-2", "mixture of experts")]


def parse(content: str) -> list[Topic]:
    return parse_topics(io.BytesIO(content.encode()), "topics")


@pytest.mark.parametrize(
    "content",
    [
        '{"_id": "1", "text": "pipeline bubbles"}\n{"_id": "x-2", "text": "mixture of experts", "metadata": {}}\n',
        '{"id": 1, "query": "pipeline bubbles"}\n\n{"qid": "x-2", "title": "mixture of experts"}',
        "1\tpipeline bubbles\nx-2\tmixture  of experts\n",
        "query-id\ttext\r\n1\tpipeline bubbles\r\nx-2\tmixture of experts\r\n",
    ],
)
def test_forms(content: str) -> None:
    """JSON lines and columns, with and without a header, give the same topics."""
    assert parse(content) == TOPICS


def test_one_query_per_line() -> None:
    """A line without an id is a query whose id is its line number."""
    assert parse("pipeline bubbles\n\nMoE\n") == [Topic("1", "pipeline bubbles"), Topic("3", "MoE")]


def test_compressed(tmp_path: Path) -> None:
    """A compressed file is read like a plain one."""
    path = tmp_path / "topics.gz"
    path.write_bytes(gzip.compress(b"1\tpipeline bubbles\nx-2\tmixture of experts\n"))
    assert read_topics(path) == TOPICS


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "has no topics"),
        ("\n \n", "has no topics"),
        ("1\ta\n1\tb", "topics:2: the id 1 is used twice"),
        ("1\ta\nno tab", "topics:2: it has no id and text"),
        ("1\t \n", "topics:1: its id or text is empty"),
        ('{"_id": "1", "text": "a"}\n{"_id": "2"}', "topics:2: it has no id and text"),
        ('{"_id": "1", "text": "a"}\n[]', "topics:2: it has no id and text"),
        ('{"_id": "1", "text": "a"}\n{', "topics:2: it has no id and text"),
    ],
)
def test_unreadable_topics(content: str, told: str) -> None:
    """The error names the fault and its line."""
    with pytest.raises(EvaluationError, match=told):
        parse(content)


def test_missing_file(tmp_path: Path) -> None:
    """The error names the missing file."""
    with pytest.raises(EvaluationError, match="nowhere"):
        read_topics(tmp_path / "nowhere")
    with pytest.raises(EvaluationError, match="nowhere"):
        read_qrels(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "content",
    [
        "1 0 a 2\n1 0 b 0\n2 0 c 1\n",
        "query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t0\n2\tc\t1\n",
        "1\tQ0\ta\t2\r\n1\tQ0\tb\t0\r\n\r\n2\tQ0\tc\t1\r\n",
    ],
)
def test_judgements(tmp_path: Path, content: str) -> None:
    """TREC's and BEIR's formats give the same judgements."""
    (tmp_path / "qrels").write_text(content)
    assert read_qrels(tmp_path / "qrels") == [Qrel("1", "a", 2), Qrel("1", "b", 0), Qrel("2", "c", 1)]


@pytest.mark.parametrize(
    ("content", "told"),
    [("", "no judgements"), ("1 0 a", "qrels:1"), ("1 0 a 1\n1 0 b high\n", "qrels:2"), ("1\n", "qrels:1")],
)
def test_unreadable_judgements(tmp_path: Path, content: str, told: str) -> None:
    """The error names the line that is not a judgement."""
    (tmp_path / "qrels").write_text(content)
    with pytest.raises(EvaluationError, match=told):
        read_qrels(tmp_path / "qrels")
