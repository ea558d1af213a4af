"""The corpus's background: the best cosine that chance gives.

A build encodes queries of random words from the model's vocabulary and finds the nearest paper of
each. `search.verdict` compares a paper's cosine with these values.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.products import ROUNDING, row_dots
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.types import BoolArray, Float32Array, Float64Array

N_PROBES = 128
"""Number of random queries in a build."""

PROBE_LENGTH = 3

_ROWS = 8192

_PER_FACTOR = 0.42


class Background(Value):
    """Mean and standard deviation of the best cosine in the corpus for random words."""

    mean: float
    deviation: float

    def expected_for(self, n_papers: int, n_encoded: int) -> Background:
        """Return the background expected of `n_papers` papers, where `n_encoded` of them gave this one.

        The best of more cosines is higher: by a nearly constant part of a deviation for each factor
        of e, between 0.32 and 0.57 in four collections.
        """
        grown = _PER_FACTOR * self.deviation * log(n_papers / n_encoded)
        return Background(mean=self.mean + grown, deviation=self.deviation)


def probes(words: list[str]) -> list[str]:
    """Return N_PROBES random queries of PROBE_LENGTH words that are far apart in `words`.

    With few words there are fewer queries; with too few for one, the first word is the query.
    """
    n_probes = min(N_PROBES, len(words) // PROBE_LENGTH)
    if n_probes == 0:
        return words[:1]
    spread = words[:: len(words) // (n_probes * PROBE_LENGTH)]
    return [" ".join(spread[start::n_probes][:PROBE_LENGTH]) for start in range(n_probes)]


def learn_background(
    probe_vectors: Float32Array, vectors: Float32Array, is_encoded: BoolArray | None = None
) -> Background:
    """Return the background of a corpus; the arguments are those of `best_cosines`."""
    return background_of(best_cosines(probe_vectors, vectors, is_encoded))


def background_of(best: Float64Array) -> Background:
    """Return the background of a corpus in which the random queries have these best cosines, (B,)."""
    return Background(mean=float(best.mean()), deviation=float(best.std()))


def best_cosines(
    probe_vectors: Float32Array, vectors: Float32Array, is_encoded: BoolArray | None = None
) -> Float64Array:
    """Return the best cosine of each random query with any paper: (B,), -1 without papers.

    probe_vectors: (B, D) unit rows, the random queries
    vectors: (N, D) unit rows, the papers
    is_encoded: (N,) the papers that count; None for all
    Of a corpus in parts, the greatest of the parts' is that of the whole, bit for bit.
    """
    best = np.full(len(probe_vectors), -1.0)
    for start in range(0, len(vectors), _ROWS):  # in blocks, so that memory does not grow with the corpus
        block = vectors[start : start + _ROWS]
        if is_encoded is not None:
            block = block[is_encoded[start : start + _ROWS]]
        if not len(block):
            continue
        estimates = probe_vectors @ block.T
        likely = np.maximum(estimates.max(axis=1), best) - 2 * ROUNDING
        for number, probe in enumerate(probe_vectors):
            near = np.flatnonzero(estimates[number] >= likely[number])
            best[number] = max(best[number], row_dots(block[near], probe).max(initial=-1.0))
    return best
