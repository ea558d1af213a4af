"""Topics: queries with ids, in the common file formats.

The first line of a file decides its format: JSON lines with `_id` and `text` (BEIR), a header that
names the columns of a table (CSV or tab-separated), tab-separated id and text, or one query per line.
A query without an id gets its line number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import orjson

from papersearch.errors import TopicsUnreadable
from papersearch.ingest.lines import Line, read_lines
from papersearch.ingest.streams import Unreadable, open_stream
from papersearch.text.cleaning import clean_text

_IDS = ("_id", "id", "topic_id", "query_id", "query-id", "qid")
_ID_NAMES = (*_IDS, "topic")
"""Names of ids in JSON, and in the header of a table."""

_TEXTS = ("text", "query", "title")
_DELIMITERS = ("\t", ",", ";")
_NAME = re.compile(r"[\w.-]+")
_FOREIGN = (
    (re.compile(r"\[\s*(?:\{|$)"), "a JSON array"),
    (re.compile(r"<(?:\?xml|top|topics?|dataset)\b", re.IGNORECASE), "XML"),
)
"""Marks of a first line that no query has, and the formats that they tell."""

_MAX_LINE_BYTES = 1 << 20

TOPICS_AT_ONCE = 128
_HITS_AT_ONCE = 2000
"""Greatest numbers of topics, and of their papers, that are answered together."""


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
    if foreign := next((what for mark, what in _FOREIGN if mark.match(first)), None):
        raise _unreadable(name, lines[0], f"it is {foreign}, which is not read")
    delimiter = next((mark for mark in _DELIMITERS if _is_header(first, mark)), None)
    if delimiter:
        return _from_table(lines, delimiter, name)
    read = _from_json if first.startswith("{") else _from_columns if "\t" in first else _from_words
    return [(_checked(read(line), line, name), line) for line in lines]


def _checked(found: Topic | None, line: Line, name: str) -> Topic:
    """Return the topic of a line; raise TopicsUnreadable if there is none."""
    if line.fault:
        raise _unreadable(name, line, line.fault.detail)
    if found is None or not found.text or not found.topic_id:
        raise _unreadable(name, line, "it has no id and text" if found is None else "its id or text is empty")
    return found


def _is_header(line: str, delimiter: str) -> bool:
    """Return whether a line names columns: all cells are single words, and one is a name of ids."""
    cells = [cell.strip('"') for cell in line.rstrip().split(delimiter)]
    return len(cells) > 1 and all(map(_NAME.fullmatch, cells)) and any(cell.lower() in _ID_NAMES for cell in cells)


def _from_table(lines: list[Line], delimiter: str, name: str) -> list[tuple[Topic, Line]]:
    """Parse the rows of a table whose first line names its columns."""
    columns = [cell.strip('"').lower() for cell in lines[0].text.strip().split(delimiter)]
    ids, texts = _column(columns, _ID_NAMES), _column(columns, _TEXTS)
    if texts is None and delimiter == "\t" and ids == 0:
        texts = 1
    if ids is None or texts is None:
        raise _unreadable(
            name, lines[0], f"its header has no column called {', '.join(_TEXTS[:-1])} or {_TEXTS[-1]}"
        )
    texts_of_lines = (f"{line.text}\n" for line in lines)
    is_quoted = delimiter != "\t"
    rows = csv.reader(
        texts_of_lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE
    )
    _next_row(rows, lines[0], name)
    topics: list[tuple[Topic, Line]] = []
    while (place := rows.line_num) < len(lines):
        line = lines[place]
        cells = _next_row(rows, line, name)
        full = len(cells) > max(ids, texts)
        found = Topic(clean_text(cells[ids]), clean_text(cells[texts])) if full else None
        topics.append((_checked(found, line, name), line))
    return topics


def _next_row(rows: Iterator[list[str]], line: Line, name: str) -> list[str]:
    """Return the cells of the row that begins at `line`. Raises TopicsUnreadable."""
    try:
        return next(rows)
    except csv.Error as error:
        raise _unreadable(name, line, f"it cannot be read as a row of a table ({error})") from None


def _column(columns: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the place of the first of `names` among the columns."""
    return next((columns.index(name) for name in names if name in columns), None)


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
    size = max(1, min(TOPICS_AT_ONCE, _HITS_AT_ONCE // n_hits))
    return [topics[start : start + size] for start in range(0, len(topics), size)]


def as_texts(topics: Iterable[Topic]) -> list[str]:
    """Return the texts of the topics, in order."""
    return [topic.text for topic in topics]
