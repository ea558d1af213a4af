"""Analysis of chunks in worker processes: the service, and the calls that a build makes.

Text is sent as JSON, arrays as raw bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import orjson

from papersearch.lexical.chunks import AnalysedChunk, Analyst, Summary
from papersearch.lexical.inverting import Block
from papersearch.processes import LOST, Answer, Worker

if TYPE_CHECKING:
    from papersearch.lexical.inverting import Unsigned


def analysing(*languages: bytes) -> Answer:
    """Serve an analyst: reply to texts, title lengths and keywords with a chunk, to nothing with the summary.

    languages: those of the collection
    """
    analyst = Analyst([language.decode() for language in languages])

    def answer(request: list[bytes]) -> list[bytes]:
        if not request:
            return list(map(orjson.dumps, analyst.summary()))
        block, title_positions, definitions = analyst.analyse(*map(orjson.loads, request))
        counts = [(*pair, n_papers) for pair, n_papers in definitions.items()]
        arrays = (*block, title_positions)
        sizes = [array.itemsize for array in arrays]
        return [*map(_bytes_of, arrays), orjson.dumps([sizes, counts])]

    return answer


def analyse_there(
    worker: Worker, texts: Sequence[str], title_lengths: Sequence[int], keywords: Sequence[Sequence[str]] = ()
) -> AnalysedChunk:
    """Ask a worker for `Analyst.analyse` of a chunk. Raises `LOST`."""
    *numbers, described = worker.ask(*map(orjson.dumps, (texts, title_lengths, keywords)))
    sizes, definitions = orjson.loads(described)
    arrays = [np.frombuffer(part, dtype=f"u{size}") for size, part in zip(sizes, numbers, strict=True)]
    counts = {(short, long): n_papers for short, long, n_papers in definitions}
    return AnalysedChunk(Block(*arrays[:-1]), arrays[-1], Counter(counts))


def summaries_of(workers: Sequence[Worker]) -> dict[Worker, Summary]:
    """Ask all workers for their summaries, in parallel; leave out workers that are lost."""
    found: dict[Worker, Summary] = {}
    for worker in workers:
        with suppress(*LOST):
            worker.send()
    for worker in workers:
        with suppress(*LOST):
            terms, spellings = worker.receive()
            found[worker] = Summary(orjson.loads(terms), orjson.loads(spellings))
    return found


def _bytes_of(array: Unsigned) -> bytes:
    return np.ascontiguousarray(array).tobytes()
