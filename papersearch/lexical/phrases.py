"""Phrases: which papers hold one, and what an adjacent pair of query terms adds to a score.

Two terms that stand together in the query and in the paper, in the same order and distance,
say more than two terms apart: "pipeline bubbles" is not "data pipelines" and "soap
bubbles". The sequential dependence model (Metzler and Croft, SIGIR 2005) scores such pairs
beside the terms; here a pair is scored by BM25 as if it were a term.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.lexical.bm25 import bm25_saturation, idf_of_each
from papersearch.lexical.postings import is_new

if TYPE_CHECKING:
    from papersearch.lexical.postings import Postings
    from papersearch.types import DocIndices, Float64Array, IntArray

PAIR_WEIGHT = 0.5
EXPANSION_WEIGHT = 0.25
"""What a pair, and an acronym's other form, count beside a term; figures in docs/ranking.md."""


class DocumentLengths(NamedTuple):
    """`terms`: (N,) terms per paper, as BM25 counts them; `mean`: their mean;
    `title`: (N,) positions that the paper's title takes, which are its first ones."""

    terms: DocIndices
    mean: float
    title: DocIndices


def phrase_papers(
    postings: Postings, sequence: Sequence[tuple[int, str]], lengths: DocumentLengths, *, in_title: bool
) -> IntArray:
    """The doc_idx, ascending, of the papers that hold the phrase; in their titles alone if asked."""
    docs, positions, _ = postings.phrase(sequence)
    if in_title:
        docs = docs[positions + (sequence[-1][0] if sequence else 0) < lengths.title[docs]]
    return docs[is_new(docs)]


def phrase_impacts(
    postings: Postings,
    sequence: Sequence[tuple[int, str]],
    idf: float,
    lengths: DocumentLengths,
    papers: IntArray | None = None,
) -> tuple[IntArray, Float64Array]:
    """(doc_idx ascending, impact) of the papers that hold the phrase, scored by BM25 as if
    it were one term with this idf. papers: (K,) ascending, to look at these alone."""
    docs, _, tf = postings.phrase(sequence, papers)
    docs = docs[is_new(docs)]
    return docs, idf * bm25_saturation(tf.astype(np.float64), lengths.terms[docs].astype(np.float64), lengths.mean)


def pair_impacts(
    postings: Postings,
    pairs: Sequence[tuple[tuple[int, str], tuple[int, str]]],
    lengths: DocumentLengths,
    papers: IntArray,
) -> list[tuple[str, Float64Array]]:
    """What each of the query's adjacent pairs adds to each of `papers`, (K,) ascending:
    PAIR_WEIGHT times BM25 with the larger idf of the two. Pairs that occur nowhere are left out."""
    added = []
    for first, second in pairs:
        idf = postings.idf_of((first[1], second[1]))
        if len(idf) < 2:  # a term that the corpus lacks, or the same term twice
            continue
        sequence = ((0, first[1]), (second[0] - first[0], second[1]))
        docs, found = phrase_impacts(postings, sequence, max(idf.values()), lengths, papers)
        if len(docs):
            impacts = np.zeros(len(papers))
            impacts[np.searchsorted(papers, docs)] = PAIR_WEIGHT * found
            added.append((f"{first[1]} {second[1]}", impacts))
    return added


def expansion_impacts(
    postings: Postings, sequence: Sequence[tuple[int, str]], lengths: DocumentLengths
) -> tuple[IntArray, Float64Array]:
    """(doc_idx ascending, impact) of the papers that hold an acronym's other form: it is
    scored by BM25 as one term, by its own idf, at EXPANSION_WEIGHT."""
    docs = phrase_papers(postings, sequence, lengths, in_title=False)
    n_papers = len(lengths.terms)
    idf = float(idf_of_each(len(docs), n_papers))
    docs, impacts = phrase_impacts(postings, sequence, idf, lengths)
    return docs, EXPANSION_WEIGHT * impacts
