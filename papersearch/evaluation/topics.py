"""Topics: queries with ids, in the common file formats.

The first line of a file decides its format: JSON lines with `_id` and `text` (BEIR), tab-separated
id and text, or one query per line. A query without an id gets its line number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import orjson

from papersearch.errors import TopicsUnreadable
from papersearch.ingest.lines import Line, read_lines
from papersearch.ingest.streams import Unreadable, open_stream
from papersearch.text.cleaning import clean_text

_IDS = ("_id", "id", "topic_id", "query_id", "query-id", "qid")
_TEXTS = ("text", "query", "title")
_HEADERS = frozenset({"_id", "id", "query-id", "query_id", "qid", "topic_id", "topic"})
_MAX_LINE_BYTES = 1 << 20
_PART, _PART_HITS = 128, 2000


class Topic(NamedTuple):
    """A query with its id."""

    topic_id: str
    text: str


def read_topics(path: Path) -> list[Topic]:
    """Read the topics of a file, compressed or not. Raises TopicsUnreadable."""
    try:
        with open_stream(path) as stream:
            return parse_topics(stream, str(path))
    except Unreadable as error:
        raise TopicsUnreadable(file=str(path), cause=error.cause) from error


def parse_topics(stream: IO[bytes], name: str) -> list[Topic]:
    """Return the topics of `stream`, in order; `name` is its name in errors.

    Raises TopicsUnreadable for a line without a topic, a repeated id, or a file without topics.
    """
    lines = [line for line in read_lines(stream, _MAX_LINE_BYTES) if line.text.strip() or line.fault]
    topics = _read(lines, name)
    if not topics:
        raise TopicsUnreadable(file=name, cause="it has no topics")
    seen: set[str] = set()
    for topic, line in topics:
        if topic.topic_id in seen:
            raise _unreadable(name, line, f"the id {topic.topic_id} is used twice")
        seen.add(topic.topic_id)
    return [topic for topic, _ in topics]


def _read(lines: list[Line], name: str) -> list[tuple[Topic, Line]]:
    """Parse the lines in the format of the first one; each topic is returned with its line."""
    first = lines[0].text.lstrip() if lines else ""
    if "\t" in first and first.split("\t")[0].strip().lower() in _HEADERS:
        lines = lines[1:]
    read = _from_json if first.startswith("{") else _from_columns if "\t" in first else _from_words
    topics = []
    for line in lines:
        if line.fault:
            raise _unreadable(name, line, line.fault.detail)
        found = read(line)
        if found is None or not found.text or not found.topic_id:
            raise _unreadable(name, line, "it has no id and text" if found is None else "its id or text is empty")
        topics.append((found, line))
    return topics


def _from_json(line: Line) -> Topic | None:
    """Parse a JSON line; None if it has no id and text."""
    try:
        fields = orjson.loads(line.text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict):
        return None
    ids = [str(fields[name]) for name in _IDS if isinstance(fields.get(name), str | int)]
    texts = [fields[name] for name in _TEXTS if isinstance(fields.get(name), str)]
    return Topic(clean_text(ids[0]), clean_text(texts[0])) if ids and texts else None


def _from_columns(line: Line) -> Topic | None:
    """Parse a line of id, tab and text; None if it has no tab."""
    topic_id, tab, text = line.text.partition("\t")
    return Topic(clean_text(topic_id), clean_text(text)) if tab else None


def _from_words(line: Line) -> Topic:
    """Parse a line that is a query alone; its number is the id."""
    return Topic(str(line.number), clean_text(line.text))


def _unreadable(name: str, line: Line, why: str) -> TopicsUnreadable:
    return TopicsUnreadable(file=name, line=line.number, cause=why)


def in_parts(topics: Sequence[Topic], n_hits: int = 1) -> list[Sequence[Topic]]:
    """Split the topics into parts for processes.

    A part is large enough for fast encoding. It is small enough to share the work evenly, and to
    hold `n_hits` papers per topic in memory.
    """
    size = max(1, min(_PART, _PART_HITS // n_hits))
    return [topics[start : start + size] for start in range(0, len(topics), size)]


def as_texts(topics: Iterable[Topic]) -> list[str]:
    """Return the texts of the topics, in order."""
    return [topic.text for topic in topics]
