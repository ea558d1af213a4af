"""BM25's parameters, its idf and its tf part, as pure functions.

rank-bm25 is not needed here: `lexical.definition` has its class, and the tests compare the two.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float64Array, IntArray

K1 = 1.2
B = 0.75
"""Lucene's parameters; Robertson and Zaragoza 2009, section 3.2, call them usual. Other values were
measured, K1 from 0.9 to 2 and B from 0.3 to 0.9. None is better everywhere (docs/ranking.md)."""


def idf(df: int, n_papers: int) -> float:
    """Return Lucene's idf of a term that `df` of `n_papers` have: ln(1 + (N - df + 0.5) / (df + 0.5)).

    It is never negative. Okapi's own idf is zero or floored for a term in half of the papers
    or more (Kamphuis et al., "Which BM25 Do You Mean?", ECIR 2020). The logarithm is libm's:
    indexes store this value, and numpy's last digit depends on the processor.
    """
    return math.log1p((n_papers - df + 0.5) / (df + 0.5))


def idf_of_each(df: IntArray | int, n_papers: int) -> Float64Array:
    """Return `idf` elementwise; numpy's logarithm may differ from it in the last digit."""
    each: Float64Array = np.log1p((n_papers - df + 0.5) / (df + 0.5))
    return each


def bm25_saturation(tf: Float64Array, doc_lengths: Float64Array, mean_length: float) -> Float64Array:
    """Return BM25's tf part, tf (k1 + 1) / (tf + k1 (1 - b + b |d| / mean |d|)), elementwise.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), equation 3.15.
    """
    saturation: Float64Array = tf * (K1 + 1) / (tf + K1 * (1 - B + B * doc_lengths / (mean_length or 1.0)))
    return saturation
