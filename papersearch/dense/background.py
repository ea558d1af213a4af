"""The corpus's background: the best cosine that chance gives.

A build encodes queries of random words of the model's vocabulary; `search.verdict` compares a
paper's cosine with what these find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersearch.dense.products import row_dots
from papersearch.values import Value

if TYPE_CHECKING:
    from papersearch.types import Float32Array

N_PROBES = 128
"""Queries of random words that a build asks, to see what chance gives."""

PROBE_LENGTH = 3

_ROWS = 8192
_ROUNDING = 1e-5
"""More than float32 arithmetic can be off."""


class Background(Value):
    """Mean and standard deviation of the best cosine in the corpus for random words."""

    mean: float
    deviation: float


def probes(words: list[str]) -> list[str]:
    """N_PROBES queries (fewer where words are few) of PROBE_LENGTH words, far apart in `words`."""
    n_probes = min(N_PROBES, len(words) // PROBE_LENGTH)
    if n_probes == 0:
        return words[:1]
    spread = words[:: len(words) // (n_probes * PROBE_LENGTH)]
    return [" ".join(spread[start::n_probes][:PROBE_LENGTH]) for start in range(n_probes)]


def learn_background(probe_vectors: Float32Array, vectors: Float32Array) -> Background:
    """The best cosine in the corpus for each of the queries of random words."""
    best = np.full(len(probe_vectors), -1.0)
    for start in range(0, len(vectors), _ROWS):  # so that memory does not grow with the corpus
        block = vectors[start : start + _ROWS]
        estimates = probe_vectors @ block.T
        likely = np.maximum(estimates.max(axis=1), best) - 2 * _ROUNDING
        for number, probe in enumerate(probe_vectors):
            near = np.flatnonzero(estimates[number] >= likely[number])
            best[number] = max(best[number], row_dots(block[near], probe).max(initial=-1.0))
    return Background(mean=float(best.mean()), deviation=float(best.std()))
