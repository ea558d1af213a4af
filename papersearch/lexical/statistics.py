"""The lexical statistics of a corpus, as rank-bm25 computes them.

`LuceneBM25` is the formula: rank_bm25's BM25Okapi with Lucene's idf. Its `get_scores` is
rank_bm25's own and serves as the oracle of the tests. `CorpusStatistics` is the same class
reading a stream: where rank_bm25 keeps one dict per document, it keeps flat arrays.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, AnyStr, Generic, NamedTuple

import numpy as np
from rank_bm25 import BM25Okapi

from papersearch.lexical.bm25 import K1, B, bm25_saturation
from papersearch.lexical.postings import Postings, is_new

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.analysis import Word
    from papersearch.types import DocIndices, IntArray

SHORTEST_SPELLING = 4
"""Letters: of shorter words, too many others are near for any to be offered."""

_BLOCK = 1024
"""Papers inverted together: what is made of them meanwhile fits in the processor's cache."""

_INDEX_BITS = 32
"""A token of a block is sorted as one number: its term above, its place in the block below."""


class LuceneBM25(BM25Okapi):  # type: ignore[misc]  # rank_bm25 ships no types
    """BM25Okapi with idf = ln(1 + (N - df + 0.5) / (df + 0.5)), which is never negative.

    Okapi's own idf is zero or floored for a term in half of the papers or more, and
    meaningless in a corpus of a few papers; Lucene's is the usual remedy (Kamphuis et al.,
    "Which BM25 Do You Mean?", ECIR 2020).
    """

    def __init__(self, corpus: Iterable[list[str]]) -> None:
        super().__init__(corpus, k1=K1, b=B)

    def _calc_idf(self, nd: dict[str, int]) -> None:
        n = self.corpus_size
        self.idf = {term: math.log1p((n - df + 0.5) / (df + 0.5)) for term, df in nd.items()}


class _Block(NamedTuple):
    """The postings of some papers: sorted by the number of their term, then by paper.

    terms: (t,) numbers, ascending; counts, n_positions: (t,) postings and positions of each;
    doc_idx, tf: (p,); positions: (o,), those of one posting after another."""

    terms: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint32]
    n_positions: npt.NDArray[np.uint32]
    doc_idx: DocIndices
    tf: DocIndices
    positions: DocIndices


class CorpusStatistics(LuceneBM25, Generic[AnyStr]):
    """The statistics of a stream of papers, ready to become `Postings`.

    `corpus` yields each paper in paper order, as the pieces that its text is made of, and is
    read once; `analyse` is asked once about each distinct piece, and gives its words. Papers
    are inverted in blocks, with numbers in place of pieces, so that what is done per piece is
    done by numpy.
    """

    def __init__(self, corpus: Iterable[Sequence[AnyStr]], analyse: Callable[[AnyStr], Iterable[Word]]) -> None:
        self._pieces: _PieceNumbers[AnyStr] = _PieceNumbers(analyse)
        super().__init__(corpus)  # type: ignore[arg-type]  # its only reader is _initialize, below

    def _initialize(self, corpus: Iterable[Sequence[AnyStr]]) -> dict[str, int]:
        self._blocks: list[_Block] = []
        lengths: list[IntArray] = []
        n_papers = 0
        waiting = iter(corpus)
        while chunk := list(islice(waiting, _BLOCK)):
            block, n_terms = _invert(chunk, self._pieces, n_papers)
            self._blocks.append(block)
            lengths.append(n_terms)
            n_papers += len(chunk)
        self.corpus_size = n_papers
        self.doc_len = np.concatenate(lengths) if lengths else np.zeros(0, dtype=np.int64)
        self.avgdl = int(self.doc_len.sum()) / n_papers if n_papers else 0.0
        df = np.zeros(len(self._pieces.terms), dtype=np.int64)
        for block in self._blocks:
            df[block.terms] += block.counts
        return dict(zip(self._pieces.terms, df.tolist(), strict=True))

    def n_positions(self, paper: Sequence[AnyStr]) -> int:
        """How many positions the pieces of a text take, stop words included."""
        return sum(map(self._pieces.n_parts_of, paper))

    def spellings(self, words: Callable[[AnyStr], Iterable[str]]) -> tuple[list[str], npt.NDArray[np.uint32]]:
        """The words of plain letters as papers write them, in small letters, ascending; and how
        often they stand in the papers, (W,). `words`: those of a piece, as written."""
        counts: dict[str, int] = {}
        for piece, count in zip(self._pieces, self._pieces.n_written.tolist(), strict=False):
            for written in words(piece):
                if written.isalpha() and len(written) >= SHORTEST_SPELLING:
                    folded = written.lower()
                    counts[folded] = counts.get(folded, 0) + count
        spelt = sorted(counts)
        return spelt, np.array([counts[word] for word in spelt], dtype=np.uint32)

    def postings(self) -> Postings:
        """The inverted index, terms ascending, with BM25 impacts as `get_scores` adds them.

        Blocks are given up as they are merged: this can be asked once.
        """
        terms = sorted(self._pieces.terms)
        place = np.empty(len(terms), dtype=np.int64)
        place[[self._pieces.terms[term] for term in terms]] = np.arange(len(terms))
        df, n_positions = (np.zeros(len(terms), dtype=np.int64) for _ in range(2))
        for block in self._blocks:
            df[place[block.terms]] += block.counts
            n_positions[place[block.terms]] += block.n_positions
        offsets, position_offsets = _ends(df), _ends(n_positions)
        idf = np.array([self.idf[term] for term in terms], dtype=np.float64)
        lengths = self.doc_len.astype(np.float64)
        doc_idx, starts = (np.empty(int(offsets[-1]), dtype=np.uint32) for _ in range(2))
        impacts = np.empty(int(offsets[-1]), dtype=np.float64)
        positions = np.empty(int(position_offsets[-1]), dtype=np.uint32)
        posting, position = offsets[:-1].copy(), position_offsets[:-1].copy()  # the next of each term
        while self._blocks:  # in paper order, so that doc_idx ascend within a term
            block = self._blocks.pop(0)
            term = place[block.terms]
            target = _places(posting[term], block.counts)
            term_of_posting = np.repeat(term, block.counts)
            saturation = bm25_saturation(block.tf.astype(np.float64), lengths[block.doc_idx], self.avgdl)
            doc_idx[target], impacts[target] = block.doc_idx, idf[term_of_posting] * saturation
            before = _ends(block.tf)[:-1]  # positions of the block before each posting
            of_term = before[_ends(block.counts)[:-1]]
            shift = position[term] - position_offsets[term] - of_term
            starts[target] = before + np.repeat(shift, block.counts)
            positions[_places(position[term], block.n_positions)] = block.positions
            posting[term] += block.counts
            position[term] += block.n_positions
        return Postings(
            terms=terms,
            idf=idf,
            offsets=offsets.astype(np.uint64),
            doc_idx=doc_idx,
            impacts=impacts,
            starts=starts,
            position_offsets=position_offsets.astype(np.uint64),
            positions=positions,
            found={},
        )


class _PieceNumbers(dict[AnyStr, int]):
    """Numbers of pieces of text, given as they come; and of each, by its number, what it is
    analysed to: `n_parts`, and its tokens from `first_token` on, a number of a term and a
    place within the piece for each. `n_written`: how often each stands in the papers so far,
    and room for more."""

    def __init__(self, analyse: Callable[[AnyStr], Iterable[Word]]) -> None:
        super().__init__()
        self.analyse: Callable[[AnyStr], Iterable[Word]] = analyse
        self.terms: dict[str, int] = {}
        self.n_parts, self.first_token = array("q"), array("q", [0])
        self.token_terms, self.token_places = array("q"), array("q")
        self.n_written = np.zeros(0, dtype=np.int64)

    def __missing__(self, piece: AnyStr) -> int:
        n_parts = 0
        for word in self.analyse(piece):
            for token in word.tokens:
                self.token_terms.append(self.terms.setdefault(token[0], len(self.terms)))
                self.token_places.append(n_parts + token[1])
            n_parts += word.n_parts
        self.first_token.append(len(self.token_terms))
        self.n_parts.append(n_parts)
        number = self[piece] = len(self)
        return number

    def count(self, written: IntArray) -> None:
        """So many more of each number among `written`."""
        if len(self) > len(self.n_written):
            grown = np.zeros(2 * len(self), dtype=np.int64)
            grown[: len(self.n_written)] = self.n_written
            self.n_written = grown
        np.add.at(self.n_written, written, 1)

    def n_parts_of(self, piece: AnyStr) -> int:
        """Of any piece; one that is new gets no number by it."""
        number = self.get(piece)
        if number is None:
            return sum(word.n_parts for word in self.analyse(piece))
        return self.n_parts[number]


def _invert(
    papers: Sequence[Sequence[AnyStr]], pieces: _PieceNumbers[AnyStr], first_doc_idx: int
) -> tuple[_Block, IntArray]:
    """The postings of consecutive papers, and how many terms each of them has."""
    numbers = array("q")
    for paper in papers:
        numbers.extend(map(pieces.__getitem__, paper))
    written = _view(numbers)
    pieces.count(written)
    n_pieces = np.array([len(paper) for paper in papers], dtype=np.int64)
    n_parts = _view(pieces.n_parts)[written]
    first_token = _view(pieces.first_token)
    n_tokens = first_token[written + 1] - first_token[written]
    # Positions count a paper's parts from 0; what comes before it in the block is taken off.
    before = _ends(n_parts)
    paper_starts = _ends(n_pieces)
    position = before[:-1] - np.repeat(before[paper_starts[:-1]], n_pieces)
    token = _places(first_token[written], n_tokens)
    term = _view(pieces.token_terms)[token]
    position = np.repeat(position, n_tokens) + _view(pieces.token_places)[token]
    n_terms = np.diff(_ends(n_tokens)[paper_starts])
    doc_idx = np.repeat(np.arange(len(papers)), n_terms)
    # Papers and positions ascend already. A stable argsort takes seven times as long.
    ordered = np.sort((term << _INDEX_BITS) | np.arange(len(term)))
    term, order = ordered >> _INDEX_BITS, ordered & ((1 << _INDEX_BITS) - 1)
    doc_idx, position = doc_idx[order], position[order]
    is_first = np.ones(len(term), dtype=np.bool_)
    is_first[1:] = (term[1:] != term[:-1]) | (doc_idx[1:] != doc_idx[:-1])
    postings = np.flatnonzero(is_first)
    starts = np.flatnonzero(is_new(term[postings]))
    block = _Block(
        terms=term[postings][starts].astype(np.uint32),
        counts=np.diff(starts, append=len(postings)).astype(np.uint32),
        n_positions=np.diff(postings[starts], append=len(term)).astype(np.uint32),
        doc_idx=(doc_idx[postings] + first_doc_idx).astype(np.uint32),
        tf=np.diff(postings, append=len(term)).astype(np.uint32),
        positions=position.astype(np.uint32),
    )
    return block, n_terms


def _view(values: array[int]) -> IntArray:
    """`values`, of type "q", as a numpy array over the same memory; they cannot grow meanwhile."""
    return np.frombuffer(values, dtype=np.int64)


def _ends(counts: npt.NDArray[Any]) -> IntArray:
    """0 and the running sums of `counts` (n,): (n + 1,)."""
    ends = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=ends[1:])
    return ends


def _places(starts: IntArray, counts: npt.NDArray[Any]) -> IntArray:
    """`counts[i]` numbers ascending from `starts[i]`, for each i."""
    ends = _ends(counts)
    return np.arange(int(ends[-1])) + np.repeat(starts - ends[:-1], counts)
