"""Runs: the answers of a system to all topics, in TREC's format.

trec_eval orders a run by its scores, read as 32-bit floats, and breaks ties by paper id. So scores
are written as strictly falling: every evaluation then sees the order of this search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import orjson
from ir_measures import ScoredDoc

from papersearch.evaluation.sharing import Asking, answers, rank_topics
from papersearch.evaluation.topics import TOPICS_AT_ONCE, Topic, as_texts, in_parts
from papersearch.types import RankedPaper

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.search.reranking import Reranker
    from papersearch.types import Results

RUN_DEPTH = 1000
"""Number of papers per topic in an evaluation, as usual at TREC."""


def run_of(
    index: Index, topics: Sequence[Topic], asking: Asking, n_processes: int = 1
) -> Iterator[tuple[Topic, list[RankedPaper]]]:
    """Yield each topic with the papers that answer it best, by up to `n_processes`."""
    parts = in_parts(topics)
    ranked = answers(index, parts, rank_topics, asking, n_processes)
    for part, rankings in zip(parts, ranked, strict=True):
        for topic, ranking in zip(part, orjson.loads(rankings), strict=True):
            yield topic, [RankedPaper(paper_id=paper_id, score=score) for paper_id, score in ranking]


def reranked(
    index: Index, run: Iterable[tuple[Topic, list[RankedPaper]]], asking: Asking, rerank: Reranker
) -> Iterator[tuple[Topic, list[RankedPaper]]]:
    """Yield a run with the first papers of each topic as they are reranked; each place keeps its score.

    asking: the options by which the run was made, under the weights in force
    """
    waiting = iter(run)
    while part := list(islice(waiting, TOPICS_AT_ONCE)):
        found = index.search_many(
            as_texts(topic for topic, _ in part),
            min(asking.k, rerank.top),
            asking.mode,
            late=asking.late,
            literal=asking.literal,
            rerank=rerank,
            filters=asking.filters,
        )
        for (topic, ranking), results in zip(part, found, strict=True):
            yield topic, ranking if results.reranked is None else _reordered(ranking, results)


def _reordered(ranking: Sequence[RankedPaper], first: Results) -> list[RankedPaper]:
    """Put the papers of `first` before the others of a ranking; each place keeps its score."""
    moved = [before.replace(paper_id=hit.paper.paper_id) for hit, before in zip(first, ranking, strict=False)]
    return [*moved, *ranking[len(moved) :]]


def falling(scores: Iterable[float]) -> list[float]:
    """Return `scores`, which never rise, as 32-bit floats that strictly fall."""
    fallen: list[float] = []
    last = np.float32(np.inf)
    for score in scores:
        last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
        fallen.append(float(last))
    return fallen


def scored(run: Iterable[tuple[Topic, list[RankedPaper]]]) -> list[ScoredDoc]:
    """Return the run in the form of ir-measures."""
    return [
        ScoredDoc(topic.topic_id, paper.paper_id, score)
        for topic, ranking in run
        for paper, score in zip(ranking, falling(paper.score for paper in ranking), strict=True)
    ]


def trec_lines(topic: Topic, ranking: Sequence[RankedPaper], tag: str) -> str:
    """Return `topic Q0 paper rank score tag`, one line per paper.

    White space within an id becomes an underscore, as the format has no way to write it.
    """
    scores = falling(paper.score for paper in ranking)
    return "".join(
        f"{_word(topic.topic_id)} Q0 {_word(paper.paper_id)} {rank} {score:.9g} {tag}\n"
        for rank, (paper, score) in enumerate(zip(ranking, scores, strict=True), 1)
    )


def _word(name: str) -> str:
    return "_".join(name.split())
