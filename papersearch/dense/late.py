"""Late interaction: a query against a paper's word pieces, one by one.

The encoder's last hidden states, one per word piece, are kept of every paper: without stop
words and punctuation, projected to 64 dimensions, as int8. A paper's score is the sum over
the query's word pieces of the best cosine among the paper's, weighted by idf (Khattab and
Zaharia's MaxSim, "ColBERT", SIGIR 2020, section 3.3; the weights as in Zhuang and Zuccon,
"TILDE", 2021, in spirit). The model was not trained for it, and it helps all the same:
figures in docs/ranking.md.

Axis letters besides those of `types`: M stored word pieces of all papers, V the model's
vocabulary, C compressed dimensions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from papersearch.dense.products import WHOLE, row_dots, whole, whole_products
from papersearch.lexical.bm25 import idf_of_each
from papersearch.text.analysis import STOP_WORDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.types import BoolArray, Float32Array, Float64Array, IntArray

DIMENSIONS = 64
"""C, where the model has as many: 96 gain nothing, and uncompressed states 0.0001 nDCG."""

MAX_PIECES = 250
"""Of one paper: 16 kB at 64 dimensions. The mean abstract keeps 140."""

MAX_PAPERS = 50_000
"""Larger indexes do without, unless asked: it takes 10 kB a paper, six times the vector, and
here that becomes half a gigabyte."""

_SCALE = 127.0
_TINY = np.float32(1e-9)
"""Shorter than any vector that points somewhere."""

_BASIS_WORDS = 6000
_WORDS_PER_TEXT = 12


class Encoded(NamedTuple):
    """A text as the encoder sees it: `vector` (D,), a unit vector; `pieces` (L,), ids of its
    word pieces; `states` (L, D), their last hidden states."""

    vector: Float32Array
    pieces: IntArray
    states: Float32Array


class PieceVectors(NamedTuple):
    """What an index stores. vectors: (M, C) int8, those of paper n at
    [offsets[n], offsets[n+1]); ids: (M,) uint32; starts: (M,) uint32, where in the paper's text
    each begins, in characters, ascending within a paper; offsets: (N + 1,) uint64; basis: (D, C)
    float32, orthonormal columns; weights: (V,) float32, the idf of each word piece over the
    papers, 0 for those that are not kept."""

    vectors: npt.NDArray[np.int8]
    ids: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.uint32]
    offsets: npt.NDArray[np.uint64]
    basis: Float32Array
    weights: Float32Array

    def scores(self, query: Encoded, papers: IntArray) -> Float64Array:
        """Late interaction of the query with each of `papers` (K,): (K,), a weighted mean of
        cosines, higher is better; 0 for a paper without word pieces or a query of stop words."""
        asked = self.of_query(query)
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
        scores[filled] = row_dots(best, asked.weights) / (_SCALE * asked.scale)
        return scores

    def of_query(self, query: Encoded) -> QueryPieces | None:
        """The query's word pieces that count; None where it is of stop words alone."""
        weights = self.weights[query.pieces]
        used = np.flatnonzero(weights > 0)
        if len(used) == 0:
            return None
        rows = whole(_unit_rows(query.states[used] @ self.basis))
        return QueryPieces(rows, WHOLE, weights[used] / weights[used].sum())

    def of_papers(self, papers: Sequence[int]) -> QueryPieces | None:
        """The stored word pieces of `papers`, as what is asked for."""
        places = [np.arange(*self.offsets[doc_idx : doc_idx + 2].astype(np.int64)) for doc_idx in papers]
        rows = np.concatenate(places)
        weights = self.weights[self.ids[rows]]
        total = weights.sum()
        return QueryPieces(self.vectors[rows].astype(np.float32), _SCALE, weights / total) if total > 0 else None

    def beside(self, asked: QueryPieces, doc_idx: int) -> Alignment | None:
        """What is asked for beside one paper; None where that has no word pieces."""
        start, stop = int(self.offsets[doc_idx]), int(self.offsets[doc_idx + 1])
        if not 0 < stop - start <= MAX_PIECES:
            return None
        rows = slice(start, stop)
        return Alignment(
            asked, self.vectors[rows], self.weights[self.ids[rows]], self.starts[rows].astype(np.int64)
        )


class QueryPieces(NamedTuple):
    """The word pieces to look for: a query's, or those of example papers.

    rows: (Q', C) float32, unit rows times `scale`, rounded to whole numbers; weights: (Q',),
    adding up to 1."""

    rows: Float32Array
    scale: float
    weights: Float32Array


class Alignment(NamedTuple):
    """What is asked for beside a paper's word pieces. rows: (L, C) int8, unit rows times 127;
    weights: (L,) idf; starts: (L,) ascending, where in the paper's text each begins."""

    asked: QueryPieces
    rows: npt.NDArray[np.int8]
    weights: Float32Array
    starts: IntArray

    def likeness(self, ranges: IntArray) -> Float64Array:
        """How near what is asked for is to each of `ranges` (S, 2) of the text, in meaning: (S,), the
        sum of their late interaction and of the cosine of their weighted means; 0 for a range
        without word pieces. Equal word pieces are equally near, wherever they stand."""
        likeness = np.zeros(len(ranges))
        bounds = np.searchsorted(self.starts, ranges)  # of each range's word pieces
        filled = bounds[:, 0] < bounds[:, 1]
        if not filled.any():
            return likeness
        # reduceat takes no end of the last row: there is one more, of zeros, after it.
        edges = bounds[filled].reshape(-1)
        products = np.zeros((len(self.rows) + 1, len(self.asked.rows)), dtype=np.float32)
        products[:-1] = whole_products(self.rows, self.asked.rows)
        best = np.maximum.reduceat(products, edges, axis=0)[::2]  # (S', Q')
        weighted = np.zeros((len(self.rows) + 1, self.rows.shape[1]))
        np.multiply(self.rows, self.weights[:, np.newaxis], out=weighted[:-1])
        means = np.add.reduceat(weighted, edges, axis=0)[::2]  # (S', C), times a length that does not matter
        mean = row_dots(self.asked.rows.T, self.asked.weights)  # (C,), likewise
        lengths = np.sqrt(row_dots(means * means, np.ones_like(mean)) * (mean * mean).sum())
        late = row_dots(best, self.asked.weights) / (_SCALE * self.asked.scale)
        likeness[filled] = late + row_dots(means, mean) / np.maximum(lengths, _TINY)
        return likeness


def kept_pieces(vocabulary: Sequence[str]) -> BoolArray:
    """(V,): which word pieces are kept: no stop words, no punctuation, no special tokens."""
    return np.array([_is_kept(piece) for piece in vocabulary], dtype=np.bool_)


def piece_weights(df: IntArray, n_papers: int, kept: BoolArray) -> Float32Array:
    """(V,) Lucene's idf of word pieces that occur in `df` (V,) of so many papers; 0 where not kept."""
    return np.where(kept, idf_of_each(df, n_papers), 0.0).astype(np.float32)


def basis_texts(vocabulary: Sequence[str]) -> list[str]:
    """Texts whose states `basis` learns from: words of the model's own vocabulary.

    They depend on the model alone, so that an index does not depend on the order in which
    its papers came; a basis learned from the papers themselves ranks no better.
    """
    words = plain_words(vocabulary)
    chosen = words[:: max(1, len(words) // _BASIS_WORDS)]
    # The vocabulary is sorted by frequency: neighbours in a text should not be.
    step = max(1, len(chosen) // _WORDS_PER_TEXT)
    return [" ".join(chosen[start::step]) for start in range(min(step, len(chosen)))]


def plain_words(vocabulary: Sequence[str]) -> list[str]:
    """The words among the word pieces; where the script knows none, all that are kept."""
    words = [piece for piece in vocabulary if re.fullmatch("[a-z]{3,}", piece)]
    return words or [piece for piece in vocabulary if _is_kept(piece)]


def basis(states: Float32Array) -> Float32Array:
    """(D, C): the leading eigenvectors of the second moment of unit rows of `states` (n, D)."""
    rows = _unit_rows(states)
    _, vectors = np.linalg.eigh(rows.T.astype(np.float64) @ rows.astype(np.float64))
    leading = vectors[:, ::-1][:, : min(DIMENSIONS, states.shape[1])]
    # An eigenvector's sign is arbitrary: the largest component is made positive.
    largest = leading[np.abs(leading).argmax(axis=0), np.arange(leading.shape[1])]
    return np.ascontiguousarray(leading * np.where(largest < 0, -1.0, 1.0), dtype=np.float32)


def compress(states: Float32Array, basis: Float32Array) -> npt.NDArray[np.int8]:
    """(L, C) int8 of `states` (L, D): projected, scaled to unit rows, times 127, rounded."""
    compressed: npt.NDArray[np.int8] = np.rint(_unit_rows(states @ basis) * np.float32(_SCALE)).astype(np.int8)
    return compressed


def _unit_rows(rows: Float32Array) -> Float32Array:
    lengths = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    scaled: Float32Array = rows / np.maximum(lengths, _TINY)
    return scaled


def _is_kept(piece: str) -> bool:
    word = piece.removeprefix("##").lstrip("\u0120\u2581")  # marks of WordPiece, BPE, SentencePiece
    special = piece.startswith(("[", "<")) and piece.endswith(("]", ">"))
    return not special and word.lower() not in STOP_WORDS and any(map(str.isalnum, word))
