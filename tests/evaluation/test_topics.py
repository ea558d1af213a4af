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
        "topic\tquestion\n1\tpipeline bubbles\nx-2\tmixture of experts\n",
        "text\tqid\npipeline bubbles\t1\nmixture of experts\tx-2\n",
        "_id,text\n1,pipeline bubbles\nx-2,mixture of experts\n",
        '"query","id","year"\r\n"pipeline bubbles","1",2020\r\n"mixture of experts",x-2,\r\n',
        'id;title\n1;"pipeline\nbubbles"\n\nx-2;mixture of experts\n',
        "\ufeff_id,text\n1,pipeline bubbles\nx-2,mixture of experts\n",
    ],
)
def test_forms(content: str) -> None:
    """JSON lines, columns with and without a header, and CSV give the same topics."""
    assert parse(content) == TOPICS


def test_one_query_per_line() -> None:
    """A line without an id is a query whose id is its line number."""
    assert parse("pipeline bubbles\n\nMoE\n") == [Topic("1", "pipeline bubbles"), Topic("3", "MoE")]


def test_a_query_with_commas_is_a_query() -> None:
    """Words with commas, even with the names of columns among them, are not the header of a table."""
    assert [topic.text for topic in parse("id, ego and text\nmoths, lamps\n")] == [
        "id, ego and text",
        "moths, lamps",
    ]
    assert [topic.text for topic in parse("moths,lamps\n")] == ["moths,lamps"]


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
        ("id,question\n1,a\n", "topics:1: its header has no column called text, query or title"),
        ("_id,text\n1,a\n2\n", "topics:3: it has no id and text"),
        ('_id,text\n1,"a\nb"\n2,\n', "topics:4: its id or text is empty"),
        ('[{"_id": "1", "text": "a"}]', "topics:1: it is a JSON array"),
        ("<topics>\n<topic>a</topic>", "topics:1: it is XML"),
        ('query,id,"a\n"\r0\nb,1,\n', "topics:1: it cannot be read as a row of a table"),
        ('_id,text\n1,a\n2,"b\n"\r0\n', "topics:3: it cannot be read as a row of a table"),
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
        "1\0\t0\t a\x07\t2\n\x1b[31m1\t0\tb\u200b\t0\n2 0 c\0 1\n",
    ],
)
def test_judgements(tmp_path: Path, content: str) -> None:
    """TREC's and BEIR's formats give the same judgements."""
    (tmp_path / "qrels").write_text(content)
    assert read_qrels(tmp_path / "qrels") == [Qrel("1", "a", 2), Qrel("1", "b", 0), Qrel("2", "c", 1)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no judgements"),
        ("1 0 a", "qrels:1"),
        ("1 0 a 1\n1 0 b high\n", "qrels:2"),
        ("1\n", "qrels:1"),
        ("1\t0\t\0\t1\n", "qrels:1"),
        ("1 0 a 1000000\n1 0 b 1000001\n", "qrels:2: expected a relevance of at most 1,000,000, found 1000001"),
        ("1 0 a -1000001\n", "qrels:1"),
        (f"1 0 a {'9' * 5000}\n", "qrels:1"),
    ],
)
def test_unreadable_judgements(tmp_path: Path, content: str, told: str) -> None:
    """The error names the line that is not a judgement."""
    (tmp_path / "qrels").write_text(content)
    with pytest.raises(EvaluationError, match=told):
        read_qrels(tmp_path / "qrels")
