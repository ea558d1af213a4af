"""Late interaction: a query is compared with a paper's word pieces one by one.

An index stores the encoder's last hidden states, one per word piece, of every paper. Stop words and
punctuation are left out; the states are projected to 64 dimensions and stored as int8. For each
word piece of the query, the best cosine among the paper's counts, weighted by idf. This is MaxSim
(Khattab and Zaharia, "ColBERT", SIGIR 2020, section 3.3), with weights in the spirit of Zhuang and
Zuccon, "TILDE", 2021. The model was not trained for it, and it helps all the same: figures in
docs/ranking.md.

Axis letters besides those of `types`: M stored word pieces of all papers, V the model's vocabulary,
C compressed dimensions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.dense.products import WHOLE, row_dots, whole, whole_products
from papersearch.lexical.bm25 import idf_of_each
from papersearch.text.words import STOP_WORDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import BoolArray, Float32Array, Float64Array, IntArray

DIMENSIONS = 64
"""C, for models with at least as many: 96 gain nothing, and uncompressed states 0.0001 nDCG."""

MAX_PIECES = 250
"""Most word pieces of one paper: 16 kB at 64 dimensions. The mean abstract keeps 140."""

MAX_PAPERS = 50_000
"""Largest index with late interaction by default. It takes 10 kB a paper, six times the vector, and
at this size half a gigabyte."""

SCALE = 127.0
"""Length of a stored word piece, whose components are rounded to int8."""

TINY = np.float32(1e-9)
"""Lower bound of a length, to avoid division by zero."""

_BASIS_WORDS = 6000
_WORDS_PER_TEXT = 12


class Encoded(NamedTuple):
    """The encoder's output for a text.

    vector: (D,), a unit vector
    pieces: (L,), ids of its word pieces
    states: (L, D), their last hidden states
    """

    vector: Float32Array
    pieces: IntArray
    states: Float32Array


class PieceVectors(NamedTuple):
    """The stored word pieces of N papers.

    vectors: (M, C) int8, those of paper n at [offsets[n], offsets[n+1])
    ids: (M,) uint32
    starts: (M,) uint32, offset in the paper's text in characters, ascending within a paper
    offsets: (N + 1,) uint64
    basis: (D, C) float32, orthonormal columns
    weights: (V,) float32, idf of each word piece over the papers, 0 if it is not stored
    """

    vectors: npt.NDArray[np.int8]
    ids: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.uint32]
    offsets: npt.NDArray[np.uint64]
    basis: Float32Array
    weights: Float32Array

    def scores(self, asked: QueryPieces | None, papers: IntArray) -> Float64Array:
        """Return the late interaction of a query with each of `papers` (K,): (K,), higher is better.

        A score is a weighted mean of cosines. It is 0 for a paper without word pieces and for a
        query of stop words. Raises ValueError if the offsets are damaged.
        """
        starts = self.offsets[papers].astype(np.int64)
        lengths = self.offsets[papers + 1].astype(np.int64) - starts
        if len(papers) and (int(lengths.min()) < 0 or int(lengths.max()) > MAX_PIECES):
            raise ValueError("word pieces do not fit their papers")
        scores = np.zeros(len(papers))
        filled = np.flatnonzero(lengths > 0)
        if asked is None or len(filled) == 0:
            return scores
        starts, lengths = starts[filled], lengths[filled]
        ends = np.cumsum(lengths)
        rows = np.arange(int(ends[-1])) + np.repeat(starts - (ends - lengths), lengths)
        products = whole_products(np.take(self.vectors, rows, axis=0), asked.rows)
        best = np.maximum.reduceat(products, ends - lengths, axis=0)
        scores[filled] = row_dots(best, asked.weights) / (SCALE * asked.scale)
        return scores

    def of_query(self, query: Encoded) -> QueryPieces | None:
        """Return the query's weighted word pieces, or None if it consists of stop words."""
        weighed = self.weights[query.pieces]
        used = np.flatnonzero(weighed > 0)
        if len(used) == 0:
            return None
        rows = whole(_unit_rows(query.states[used] @ self.basis))
        return QueryPieces(rows, WHOLE, weighed[used] / weighed[used].sum())

    def of_paper(self, doc_idx: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.uint32]]:
        """Return the stored word pieces of one paper, (L, C), and their ids, (L,)."""
        rows = slice(*self.offsets[doc_idx : doc_idx + 2].tolist())
        return self.vectors[rows], self.ids[rows]

    def beside(self, asked: QueryPieces, doc_idx: int) -> Alignment | None:
        """Align the wanted word pieces with those of one paper; None if it has none."""
        start, stop = int(self.offsets[doc_idx]), int(self.offsets[doc_idx + 1])
        if not 0 < stop - start <= MAX_PIECES:
            return None
        rows = slice(start, stop)
        return Alignment(
            asked, self.vectors[rows], self.weights[self.ids[rows]], self.starts[rows].astype(np.int64)
        )


class QueryPieces(NamedTuple):
    """Weighted word pieces to look for: a query's, or those of example papers.

    rows: (Q', C) float32, unit rows times `scale`, rounded to whole numbers
    weights: (Q',), with sum 1
    """

    rows: Float32Array
    scale: float
    weights: Float32Array


def example_pieces(
    stored: Sequence[tuple[npt.NDArray[np.int8], npt.NDArray[np.uint32]]], weights: Float32Array
) -> QueryPieces | None:
    """Return the stored word pieces of papers in the form of a query's, or None if they have none.

    stored: word pieces and ids of each paper, one at least; weights: as in `PieceVectors`
    """
    rows, ids = (np.concatenate(parts) for parts in zip(*stored, strict=True))
    weighed = weights[ids]
    total = weighed.sum()
    return QueryPieces(rows.astype(np.float32), SCALE, weighed / total) if total > 0 else None


class Alignment(NamedTuple):
    """Wanted word pieces beside those of one paper.

    rows: (L, C) int8, the paper's unit rows times 127
    weights: (L,) idf
    starts: (L,) offset of each in the paper's text, ascending
    """

    asked: QueryPieces
    rows: npt.NDArray[np.int8]
    weights: Float32Array
    starts: IntArray

    def likeness(self, ranges: IntArray) -> Float64Array:
        """Return the similarity of the wanted word pieces to each of `ranges` (S, 2) of the text: (S,).

        It is the sum of their late interaction and of the cosine of their weighted means. It is 0
        for a range without word pieces. Equal word pieces score equally at any place in the text.
        """
        likeness = np.zeros(len(ranges))
        bounds = np.searchsorted(self.starts, ranges)  # each range's word pieces, as [start, end)
        filled = bounds[:, 0] < bounds[:, 1]
        if not filled.any():
            return likeness
        # reduceat does not accept the end of the array as an edge, so a row of zeros is appended.
        edges = bounds[filled].reshape(-1)
        products = np.zeros((len(self.rows) + 1, len(self.asked.rows)), dtype=np.float32)
        products[:-1] = whole_products(self.rows, self.asked.rows)
        best = np.maximum.reduceat(products, edges, axis=0)[::2]  # (S', Q')
        weighted = np.zeros((len(self.rows) + 1, self.rows.shape[1]))
        np.multiply(self.rows, self.weights[:, np.newaxis], out=weighted[:-1])
        means = np.add.reduceat(weighted, edges, axis=0)[::2]  # (S', C), unscaled, as only the direction matters
        mean = row_dots(self.asked.rows.T, self.asked.weights)  # (C,), unscaled too
        lengths = np.sqrt(row_dots(means * means, np.ones_like(mean)) * (mean * mean).sum())
        late = row_dots(best, self.asked.weights) / (SCALE * self.asked.scale)
        likeness[filled] = late + row_dots(means, mean) / np.maximum(lengths, TINY)
        return likeness


def kept_pieces(vocabulary: Sequence[str]) -> BoolArray:
    """Return a mask (V,) of the word pieces that are stored.

    Stop words, punctuation and special tokens are not.
    """
    return np.array([_is_kept(piece) for piece in vocabulary], dtype=np.bool_)


def piece_weights(df: IntArray, n_papers: int, kept: BoolArray) -> Float32Array:
    """Return Lucene's idf of word pieces that occur in `df` (V,) of `n_papers` papers; 0 if not kept."""
    return np.where(kept, idf_of_each(df, n_papers), 0.0).astype(np.float32)


def basis_texts(vocabulary: Sequence[str]) -> list[str]:
    """Return the texts from whose states `basis` learns: words of the model's own vocabulary.

    They depend on the model alone, so an index does not depend on the order of its papers. A basis
    learned from the papers themselves ranks no better.
    """
    words = plain_words(vocabulary)
    chosen = words[:: max(1, len(words) // _BASIS_WORDS)]
    # The vocabulary is sorted by frequency; each text should mix frequent and rare words.
    step = max(1, len(chosen) // _WORDS_PER_TEXT)
    return [" ".join(chosen[start::step]) for start in range(min(step, len(chosen)))]


def plain_words(vocabulary: Sequence[str]) -> list[str]:
    """Return the word pieces of three or more Latin letters, or all kept ones if there are none."""
    words = [piece for piece in vocabulary if re.fullmatch("[a-z]{3,}", piece)]
    return words or [piece for piece in vocabulary if _is_kept(piece)]


def basis(states: Float32Array) -> Float32Array:
    """Return (D, C): the leading eigenvectors of the second moment of unit rows of `states` (n, D)."""
    rows = _unit_rows(states)
    _, vectors = np.linalg.eigh(rows.T.astype(np.float64) @ rows.astype(np.float64))
    leading = vectors[:, ::-1][:, : min(DIMENSIONS, states.shape[1])]
    # The sign of an eigenvector is arbitrary; make the largest component positive.
    largest = leading[np.abs(leading).argmax(axis=0), np.arange(leading.shape[1])]
    return np.ascontiguousarray(leading * np.where(largest < 0, -1.0, 1.0), dtype=np.float32)


def compress(states: Float32Array, basis: Float32Array) -> npt.NDArray[np.int8]:
    """Return `states` (L, D) projected, scaled to unit rows, times 127 and rounded: (L, C) int8."""
    compressed: npt.NDArray[np.int8] = np.rint(_unit_rows(states @ basis) * np.float32(SCALE)).astype(np.int8)
    return compressed


def _unit_rows(rows: Float32Array) -> Float32Array:
    lengths = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    scaled: Float32Array = rows / np.maximum(lengths, TINY)
    return scaled


def _is_kept(piece: str) -> bool:
    word = piece.removeprefix("##").lstrip("\u0120\u2581")  # markers of WordPiece, BPE, SentencePiece
    special = piece.startswith(("[", "<")) and piece.endswith(("]", ">"))
    return not special and word.lower() not in STOP_WORDS and any(map(str.isalnum, word))
