"""Topics shared among processes, each of which opens the index itself.

Workers import this module, so it imports little. Every process gives the same answers, so the
result does not depend on the number of processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from papersearch.evaluation.topics import Topic, as_texts
from papersearch.processes import Answer, Worker, employed, function_at, in_order, place_of
from papersearch.types import Filters, Mode, Weights

if TYPE_CHECKING:
    from papersearch.api import Index


class Asking(NamedTuple):
    """The options of all topics, as in `Index.rank_many`."""

    k: int
    mode: Mode
    late: bool
    literal: bool
    within: Sequence[str] | None = None
    without: Sequence[str] | None = None
    weights: Mapping[str, float] | None = None

    @property
    def filters(self) -> Filters:
        """The papers among which is searched."""
        within, without = (None if ids is None else tuple(ids) for ids in (self.within, self.without))
        return Filters(within=within, without=without)


Answering = Callable[["Index", Sequence[Topic], Asking], bytes]
"""A function that answers several topics; workers import it by its name."""


def answers(
    index: Index, parts: Sequence[Sequence[Topic]], answer: Answering, asking: Asking, n_processes: int
) -> Iterator[bytes]:
    """Yield the answer to each part in order, using up to `n_processes` processes with this one."""

    def here(part: Sequence[Topic]) -> bytes:
        return answer(index, part, asking)

    n_workers = max(0, min(n_processes, len(parts)) - 1)
    if not n_workers:  # an index on a server has no folder for workers
        yield from map(here, parts)
        return
    with employed(answering, n_workers, *arguments_of(index, answer, asking)) as workers:
        yield from in_order(parts, here, workers, ask_topics)


def ask_topics(worker: Worker, topics: Sequence[Topic]) -> bytes:
    """Ask a worker to answer topics. Raises `LOST`."""
    (reply,) = worker.ask(orjson.dumps(list(map(tuple, topics))))
    return reply


def arguments_of(index: Index, answer: Answering, asking: Asking) -> tuple[bytes, ...]:
    """Encode the arguments of `answering`: the function, the index, its generation, the options."""
    return (
        place_of(answer).encode(),
        os.fsencode(index.path.absolute()),
        _generation_of(index),
        orjson.dumps(tuple(asking)),
    )


def rank_topics(index: Index, topics: Sequence[Topic], asking: Asking) -> bytes:
    """Rank the papers for each topic, and return a JSON list of (paper id, score) for each."""
    rankings = index.rank_many(
        as_texts(topics),
        asking.k,
        asking.mode,
        late=asking.late,
        literal=asking.literal,
        weights=None if asking.weights is None else Weights(**asking.weights),
        filters=asking.filters,
    )
    return orjson.dumps([[(paper.paper_id, paper.score) for paper in ranking] for ranking in rankings])


def answering(place: bytes, path: bytes, generation: bytes, asking: bytes) -> Answer:
    """Serve an index: reply to topics with the result of the function named `place`.

    Raises ValueError where another generation has been published since the index was opened.
    """
    from papersearch import api

    answer: Answering = function_at(place.decode())
    index = api.open(Path(os.fsdecode(path)))
    if _generation_of(index) != generation:
        raise ValueError("another generation")
    options = Asking(*orjson.loads(asking))

    def reply(request: list[bytes]) -> list[bytes]:
        topics = [Topic(*fields) for fields in orjson.loads(request[0])]
        return [answer(index, topics, options)]

    return reply


def _generation_of(index: Index) -> bytes:
    """Identify the index's files by its manifest, which has the files' checksums, and its tuned weights."""
    from papersearch.index.collection import checksum_of
    from papersearch.index.manifest import encode_manifest

    return checksum_of(encode_manifest(index.manifest), index.weights).encode()
