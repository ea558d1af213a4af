"""Phrases: the papers that contain one, and the score of adjacent query terms.

Two terms that are adjacent in query and paper, in the same order, say more than two terms apart:
"pipeline bubbles" is not "data pipelines" and "soap bubbles". The sequential dependence model
(Metzler and Croft, SIGIR 2005) scores such pairs beside the terms. Here BM25 scores a pair as if it
were a term.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.bm25 import bm25_saturation
from papersearch.lexical.postings import is_new

if TYPE_CHECKING:
    from papersearch.lexical.postings import Postings
    from papersearch.types import DocIndices, Float64Array, IntArray

PAIR_WEIGHT = 0.5
EXPANSION_WEIGHT = 0.25
"""Weights of a pair, and of an acronym's other form, relative to a term (docs/ranking.md)."""


class DocumentLengths(NamedTuple):
    """Lengths of the indexed texts.

    terms: (N,) terms per paper, as BM25 counts them
    mean: mean of `terms`
    title: (N,) positions of each paper's title, which are the paper's first ones
    """

    terms: DocIndices
    mean: float
    title: DocIndices


def phrase_papers(
    postings: Postings, sequence: Sequence[tuple[int, str]], lengths: DocumentLengths, *, in_title: bool
) -> IntArray | DocIndices:
    """Return the doc_idx, ascending, of the papers that contain the phrase; `in_title`: in their
    title."""
    if len(sequence) == 1:  # where a word occurs further on is not read
        [(_, term)] = sequence
        having, _ = postings.of_term(term)
        return having[postings.first_positions(term) < lengths.title[having]] if in_title else having
    docs, positions, _ = postings.phrase(sequence)
    if in_title:
        docs = docs[positions + (sequence[-1][0] if sequence else 0) < lengths.title[docs]]
    return docs[is_new(docs)]


def phrase_impacts(
    postings: Postings,
    sequence: Sequence[tuple[int, str]],
    idf: float,
    lengths: DocumentLengths,
    papers: IntArray | DocIndices | None = None,
) -> tuple[IntArray | DocIndices, Float64Array]:
    """Return (doc_idx ascending, impact) of the papers that contain the phrase.

    BM25 scores the phrase as if it were one term with this idf. With `papers` (K,), ascending, only
    these are searched.
    """
    docs: IntArray | DocIndices
    if len(sequence) == 1:
        docs, tf = postings.frequencies(sequence[0][1], papers)
    else:
        docs, _, tf = postings.phrase(sequence, papers)
        docs = docs[is_new(docs)]
    return docs, idf * bm25_saturation(tf.astype(np.float64), lengths.terms[docs].astype(np.float64), lengths.mean)


def pair_impacts(
    postings: Postings,
    pairs: Sequence[tuple[tuple[int, str], tuple[int, str]]],
    lengths: DocumentLengths,
    papers: IntArray,
) -> list[tuple[str, Float64Array]]:
    """Return the adjacent query pairs that occur, each with its impact on every one of `papers`.

    `papers` are (K,) ascending, the impacts (K,). An impact is PAIR_WEIGHT times BM25 with the
    larger idf of the two terms.
    """
    added = []
    for first, second in pairs:
        idf = postings.idf_of((first[1], second[1]))
        if len(idf) < 2:  # a term is not in the corpus, or both are the same
            continue
        sequence = ((0, first[1]), (second[0] - first[0], second[1]))
        docs, found = phrase_impacts(postings, sequence, max(idf.values()), lengths, papers)
        if len(docs):
            impacts = np.zeros(len(papers))
            impacts[np.searchsorted(papers, docs)] = PAIR_WEIGHT * found
            added.append((f"{first[1]} {second[1]}", impacts))
    return added


def expansion_impacts(
    postings: Postings, sequence: Sequence[tuple[int, str]], idf: float, lengths: DocumentLengths
) -> tuple[IntArray | DocIndices, Float64Array]:
    """Return (doc_idx ascending, impact) of the papers that contain an acronym's other form.

    BM25 scores the form as one term with its own idf, times EXPANSION_WEIGHT.
    """
    docs, impacts = phrase_impacts(postings, sequence, idf, lengths)
    return docs, EXPANSION_WEIGHT * impacts
