"""Judgements that a reader makes: a file of qrels in TREC's form, and beside it the topics that it names.

A topic is a query as it was typed. Its id is made from its text, so the same query is always the same topic.
A paper that is judged again has the last judgement alone: programs of TREC refuse two.
"""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from pathlib import Path
from typing import NamedTuple

from papersearch.checksums import sha256_of
from papersearch.errors import JudgementsNotWritable, QrelsUnreadable, TopicsUnreadable
from papersearch.evaluation.qrels import columns_of, read_qrels
from papersearch.evaluation.topics import read_topics
from papersearch.text.cleaning import clean_text
from papersearch.user_files import open_regular

_HEADER = "id\ttext"
"""First line of topics: without it a query such as "topic" could be read as the name of a column."""

_N_DIGITS = 10
"""Hexadecimal digits of a topic's id."""


class Judged(NamedTuple):
    """Where judgements were written: the topic's id, and the file of topics."""

    topic_id: str
    topics_path: Path


def topics_beside(qrels_path: Path) -> Path:
    """Return the file of the topics of a file of judgements: judged.topics.tsv beside judged.qrels."""
    return qrels_path.with_name(f"{qrels_path.stem}.topics.tsv")


def check_judgements(qrels_path: Path) -> None:
    """Raise QrelsUnreadable or TopicsUnreadable unless judgements can be added to the files that there are."""
    _judgements_in(qrels_path)
    _topics_in(topics_beside(qrels_path))


def add_judgements(qrels_path: Path, query: str, relevance: Mapping[str, int]) -> Judged:
    """Write the relevance of papers, by their ids, to a query; files that are missing are made.

    Judgements by several processes follow each other. Lines of other topics and papers keep their bytes.
    Where a file is a link, the file that it leads to is replaced.
    Raises QrelsUnreadable, TopicsUnreadable and JudgementsNotWritable.
    """
    from papersearch.index.files import replace_file
    from papersearch.index.locking import alone

    text = " ".join(clean_text(query).split())
    target, topics_path = (Path(os.path.realpath(path)) for path in (qrels_path, topics_beside(qrels_path)))
    try:
        with alone(target.parent):
            judged, topics = _judgements_in(target), _topics_in(topics_path)
            topic_id = topics.get(text)
            if topic_id is None:
                topic_id = "q" + sha256_of(text.encode("utf-8", "replace"))[:_N_DIGITS]
                before = topics_path.read_bytes() if topics else f"{_HEADER}\n".encode()
                replace_file(topics_path, _ended(before) + f"{topic_id}\t{text}\n".encode("utf-8", "replace"))
            lines = [line for line in judged if not _judges(line, topic_id, relevance)]
            lines += [f"{topic_id}\t0\t{paper_id}\t{value}" for paper_id, value in relevance.items()]
            replace_file(target, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    except OSError as error:
        raise JudgementsNotWritable(path=qrels_path, cause=error.strerror or str(error)) from error
    return Judged(topic_id, topics_beside(qrels_path))


def _judges(line: str, topic_id: str, papers: Container[str]) -> bool:
    """Tell whether a line judges one of these papers for the topic."""
    topic, paper_id, *_ = (*map(clean_text, columns_of(line)), "", "")  # as `read_qrels` reads them
    return topic == topic_id and paper_id in papers


def _judgements_in(path: Path) -> list[str]:
    """Return the lines of a file of judgements; none if it is missing or empty. Raises QrelsUnreadable."""
    content = _content(path, QrelsUnreadable)
    if content.strip():
        read_qrels(path)
    try:
        return content.decode("utf-8").removesuffix("\n").split("\n") if content else []
    except UnicodeDecodeError as error:
        raise QrelsUnreadable(file=str(path), cause="it is compressed, or not in UTF-8") from error


def _topics_in(path: Path) -> dict[str, str]:
    """Return the ids of the topics in a file by their texts; none if it is missing or empty.

    Raises TopicsUnreadable.
    """
    content = _content(path, TopicsUnreadable)
    if not content.strip():
        return {}
    if content.split(b"\n", 1)[0].strip() != _HEADER.encode():
        raise TopicsUnreadable(file=str(path), line=1, cause="expected the header id<TAB>text")
    return {topic.text: topic.topic_id for topic in read_topics(path)}


def _content(path: Path, unreadable: type[QrelsUnreadable | TopicsUnreadable]) -> bytes:
    """Return the content of a regular file; empty if there is none. Raises `unreadable`."""
    try:
        with open_regular(path) as file:
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise unreadable(file=str(path), cause=error.strerror or str(error)) from error


def _ended(content: bytes) -> bytes:
    return content if content.endswith(b"\n") else content + b"\n"
