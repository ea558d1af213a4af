"""Qrels: human judgements on which papers answer which topic.

TREC's format has four columns (topic, 0, paper, relevance). BEIR's has three and a header.
"""

from __future__ import annotations

from pathlib import Path

from ir_measures import Qrel

from papersearch.errors import EvaluationError
from papersearch.ingest.lines import Line, read_lines
from papersearch.ingest.streams import Unreadable, open_stream

_HINT = "one judgement per line: TOPIC 0 PAPER RELEVANCE, or TOPIC<TAB>PAPER<TAB>RELEVANCE"


def read_qrels(path: Path) -> list[Qrel]:
    """Read the judgements of a file, in order. Raises EvaluationError."""
    qrels: list[Qrel] = []
    try:
        with open_stream(path) as stream:
            for line in read_lines(stream):
                if line.text.strip() and not _is_header(line, qrels):
                    qrels.append(_judgement(line, path))
    except Unreadable as error:
        raise EvaluationError(f"{path}: {error}", _HINT) from error
    if not qrels:
        raise EvaluationError(f"{path} has no judgements", _HINT)
    return qrels


def _is_header(line: Line, before: list[Qrel]) -> bool:
    """Return whether the line is BEIR's header: the first line, with a name of its first column."""
    return (
        not before and line.number == 1 and line.text.replace("-", "_").lower().startswith(("query_id", "topic_id"))
    )


def _judgement(line: Line, path: Path) -> Qrel:
    """Parse one line of either format. Raises EvaluationError."""
    columns = line.text.split("\t") if "\t" in line.text else line.text.split()
    if len(columns) == 4:
        del columns[1]
    try:
        topic_id, name, relevance = (column.strip() for column in columns)
        return Qrel(topic_id, name, int(relevance))
    except ValueError:
        raise EvaluationError(f"{path}:{line.number}: not a judgement: {line.text[:80]}", _HINT) from None
