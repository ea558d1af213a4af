"""Answers of `batch`. Its workers import this module, so it imports little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from papersearch.cli.output.json_documents import hit_lines
from papersearch.evaluation.topics import Topic, as_texts

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.evaluation.sharing import Asking
    from papersearch.search.reranking import Reranker


def answer_topics(index: Index, topics: Sequence[Topic], asking: Asking, rerank: Reranker | None = None) -> bytes:
    """Search for each topic; return JSON lines."""
    texts = as_texts(topics)
    k, mode, late, literal = asking.k, asking.mode, asking.late, asking.literal
    found = index.search_many(texts, k, mode, late=late, literal=literal, rerank=rerank, filters=asking.filters)
    return b"".join(
        hit_lines(one, topic_id=topic.topic_id, query=one.query) for topic, one in zip(topics, found, strict=True)
    )
