"""Judgements that a reader makes: read back by ir-measures, and nothing of the file lost."""

from __future__ import annotations

import gzip
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.errors import JudgementsNotWritable, QrelsUnreadable, TopicsUnreadable
from papersearch.evaluation.judging import add_judgements, check_judgements, topics_beside
from papersearch.evaluation.qrels import read_qrels
from papersearch.evaluation.topics import read_topics
from papersearch.text.cleaning import clean_text

QUERIES = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(["topic", "id", "qid", "query_id", "id\ttext", "[1]", '{"_id": 1}', "<top>", "a,b", "#"]),
).filter(lambda text: clean_text(text).split() != [])


@given(
    st.lists(
        st.tuples(QUERIES, st.dictionaries(st.sampled_from("abcd"), st.integers(0, 1), min_size=1)), min_size=1
    )
)
def test_everything_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, judged: list[tuple[str, dict[str, int]]]
) -> None:
    """After any judgements, ir-measures and `read_qrels` read the last one of each query and paper, once, and the
    topics are the queries, each once, under the same ids; whatever the words of a query look like."""
    path = tmp_path_factory.mktemp("judged") / "mine.qrels"
    expected: dict[tuple[str, str], int] = {}
    texts: dict[str, str] = {}
    for query, relevance in judged:
        done = add_judgements(path, query, relevance)
        assert done.topics_path == path.with_name("mine.topics.tsv")
        expected |= {(done.topic_id, paper_id): value for paper_id, value in relevance.items()}
        assert texts.setdefault(done.topic_id, " ".join(clean_text(query).split())) == " ".join(
            clean_text(query).split()
        )
    for read in (read_qrels(path), list(ir_measures.read_trec_qrels(str(path)))):
        found = [((one.query_id, one.doc_id), one.relevance) for one in read]
        assert len(found) == len(expected) and dict(found) == expected
    assert dict(read_topics(topics_beside(path))) == texts


def test_one_query_is_one_topic(tmp_path: Path) -> None:
    """The id of a topic depends on the words of its query alone, and a name without white space."""
    path, other = tmp_path / "a.qrels", tmp_path / "b.qrels"
    first = add_judgements(path, "expert routing", {"a": 1})
    add_judgements(other, "something else", {"a": 1})
    assert add_judgements(other, " expert\t routing ", {"b": 0}).topic_id == first.topic_id
    assert re.fullmatch("q[0-9a-f]{10}", first.topic_id)


def test_lines_of_others_stay(tmp_path: Path) -> None:
    """A file by hand, in both forms, with comments' worth of spacing and without a last line feed, keeps its lines;
    a topic with this text that has another name is used by that name."""
    path = tmp_path / "mine.qrels"
    (tmp_path / "mine.topics.tsv").write_text("id\ttext\nT7\texpert routing")
    before = "query-id\tcorpus-id\tscore\n1 Q0  a   2\nT7\tb\t1\nT8 0 b 1"
    path.write_text(before)
    assert add_judgements(path, "expert routing", {"b": 0, "c": 1}).topic_id == "T7"
    assert path.read_text() == "query-id\tcorpus-id\tscore\n1 Q0  a   2\nT8 0 b 1\nT7\t0\tb\t0\nT7\t0\tc\t1\n"
    add_judgements(path, "another", {"c": 1})
    assert [topic.text for topic in read_topics(tmp_path / "mine.topics.tsv")] == ["expert routing", "another"]


@pytest.mark.parametrize("content", [b"no judgement", b"\xff 0 a 1\n", gzip.compress(b"1 0 a 1\n", mtime=0)])
def test_what_is_not_added_to(tmp_path: Path, content: bytes) -> None:
    """A file of something else, compressed or not in UTF-8 is refused before anything is asked, and left alone."""
    path = tmp_path / "mine.qrels"
    path.write_bytes(content)
    for use in (lambda: check_judgements(path), lambda: add_judgements(path, "x", {"a": 1})):
        with pytest.raises(QrelsUnreadable, match=r"mine\.qrels"):
            use()
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["mine.qrels"]


def test_topics_of_another_form(tmp_path: Path) -> None:
    """Topics beside the judgements that this program did not make are not guessed at."""
    path = tmp_path / "mine.qrels"
    topics_beside(path).write_text("1\texpert routing\n")
    with pytest.raises(TopicsUnreadable, match="expected the header id<TAB>text"):
        check_judgements(path)


@pytest.mark.parametrize("line", ["\ufeffq\t0\ta\t1", "q 0 \u200ba 1", "q\t0\te\u0301\t1"])
def test_a_line_in_another_spelling(tmp_path: Path, line: str) -> None:
    """A paper that is judged again is found as `read_qrels` reads it, invisible characters aside."""
    path = tmp_path / "mine.qrels"
    topics_beside(path).write_text("id\ttext\nq\texpert routing\n")
    path.write_text(f"{line}\n", encoding="utf-8")
    [before] = read_qrels(path)
    add_judgements(path, "expert routing", {before.doc_id: 0})
    [after] = read_qrels(path)
    assert after == before._replace(relevance=0)


def test_topics_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder in place of the topics is an error of the topics, not of the judgements."""
    path = tmp_path / "mine.qrels"
    topics_beside(path).mkdir()
    with pytest.raises(TopicsUnreadable, match=r"mine\.topics\.tsv"):
        check_judgements(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe in place of the judgements is refused, and not read."""
    path = tmp_path / "mine.qrels"
    os.mkfifo(path)
    with pytest.raises(QrelsUnreadable, match="not a regular file"):
        check_judgements(path)


def test_missing_and_empty_files(tmp_path: Path) -> None:
    """A missing file is as good as an empty one; a missing folder, or a folder in its place, is an error."""
    path = tmp_path / "mine.qrels"
    check_judgements(path)
    path.write_text("\n")
    check_judgements(path)
    add_judgements(path, "x", {"a": 1})
    assert len(read_qrels(path)) == 1
    with pytest.raises(JudgementsNotWritable, match="nowhere"):
        add_judgements(tmp_path / "nowhere" / "mine.qrels", "x", {"a": 1})
    with pytest.raises(QrelsUnreadable, match="directory"):
        check_judgements(tmp_path)


def test_a_link_is_followed(tmp_path: Path) -> None:
    """Where the file is a link, the file that it leads to is changed, and the link stays."""
    real = tmp_path / "real.qrels"
    (tmp_path / "mine.qrels").symlink_to(real)
    done = add_judgements(tmp_path / "mine.qrels", "x", {"a": 1})
    assert (tmp_path / "mine.qrels").is_symlink()
    assert len(read_qrels(real)) == 1
    assert [topic.topic_id for topic in read_topics(done.topics_path)] == [done.topic_id]


def test_several_at_once(tmp_path: Path) -> None:
    """Judgements that are made at one time are all kept."""
    path = tmp_path / "mine.qrels"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: add_judgements(path, f"query {number}", {"a": 1}), range(40)))
    assert len(read_qrels(path)) == len(read_topics(topics_beside(path))) == 40
    assert not list(tmp_path.glob(".*"))
