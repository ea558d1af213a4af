"""BM25's parameters and its term frequency part, as pure functions without rank-bm25."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papersearch.types import Float64Array

K1 = 1.2
B = 0.75
"""Lucene's parameters; Robertson and Zaragoza 2009, section 3.2, call them usual. Other values were
measured, K1 from 0.9 to 2 and B from 0.3 to 0.9. None is better everywhere (docs/ranking.md)."""


def bm25_saturation(tf: Float64Array, doc_lengths: Float64Array, mean_length: float) -> Float64Array:
    """Return BM25's tf part, tf (k1 + 1) / (tf + k1 (1 - b + b |d| / mean |d|)), elementwise.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), equation 3.15.
    """
    saturation: Float64Array = tf * (K1 + 1) / (tf + K1 * (1 - B + B * doc_lengths / (mean_length or 1.0)))
    return saturation
