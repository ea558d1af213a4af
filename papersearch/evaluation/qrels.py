"""Qrels: human judgements on which papers answer which topic.

TREC's format has four columns (topic, 0, paper, relevance). BEIR's has three and a header.
"""

from __future__ import annotations

from pathlib import Path

from ir_measures import Qrel

from papersearch.errors import QrelsUnreadable
from papersearch.ingest.lines import Line, read_lines
from papersearch.ingest.streams import Unreadable, open_stream
from papersearch.text.cleaning import clean_text

MOST_RELEVANT = 1_000_000
"""Greatest relevance, and below zero the least: trec_eval allocates memory for every number up to it."""


def read_qrels(path: Path) -> list[Qrel]:
    """Read the judgements of a file, in order. Raises QrelsUnreadable."""
    qrels: list[Qrel] = []
    try:
        with open_stream(path) as stream:
            for line in read_lines(stream):
                if line.text.strip() and not _is_header(line, qrels):
                    qrels.append(_judgement(line, path))
    except Unreadable as error:
        raise QrelsUnreadable(file=str(path), cause=error.cause) from error
    if not qrels:
        raise QrelsUnreadable(file=str(path), cause="it has no judgements")
    return qrels


def columns_of(text: str) -> list[str]:
    """Split a line into topic, paper and relevance; any other number of columns is not a judgement."""
    columns = [column.strip() for column in (text.split("\t") if "\t" in text else text.split())]
    return [columns[0], *columns[2:]] if len(columns) == 4 else columns


def _is_header(line: Line, before: list[Qrel]) -> bool:
    """Return whether the line is BEIR's header: the first line, with a name of its first column."""
    return (
        not before and line.number == 1 and line.text.replace("-", "_").lower().startswith(("query_id", "topic_id"))
    )


def _judgement(line: Line, path: Path) -> Qrel:
    """Parse one line of either format, with ids as clean as those of topics and papers. Raises QrelsUnreadable."""
    try:
        topic_id, name, relevance = columns_of(line.text)
        judged = Qrel(clean_text(topic_id), clean_text(name), int(relevance))
        if not judged.query_id or not judged.doc_id:
            raise ValueError
    except ValueError:
        cause = f"{line.text[:80]!r} is not a judgement"
        raise QrelsUnreadable(file=str(path), line=line.number, cause=cause) from None
    if abs(judged.relevance) > MOST_RELEVANT:
        cause = f"expected a relevance of at most {MOST_RELEVANT:,}, found {relevance[:40]}"
        raise QrelsUnreadable(file=str(path), line=line.number, cause=cause)
    return judged
