"""Papers inverted in blocks: the work that a build does for every word of a corpus.

An `Inverter` numbers the distinct pieces of text that it meets. So numpy does the work per piece,
and Python only the work per distinct piece. The numbers are the inverter's own: several inverters
can share a corpus, and `statistics` combines their blocks.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, AnyStr, Generic, NamedTuple, TypeAlias

import numpy as np

from papersearch.lexical.postings import is_new
from papersearch.text.words import is_spelling

if TYPE_CHECKING:
    import numpy.typing as npt

    from papersearch.text.words import Word
    from papersearch.types import DocIndices, IntArray

Unsigned: TypeAlias = "npt.NDArray[np.unsignedinteger[Any]]"

NARROW = (np.uint8, np.uint16, np.uint32)
"""Types of the numbers of a block."""

SHORTEST_SPELLING = 4
"""Shortest spelling, in letters: for a shorter word too many others are similar to suggest one."""

_INDEX_BITS = 32
"""Lower bits of a sort key: the term's number above, the token's index in the block below."""


class Block(NamedTuple):
    """The postings of n papers, sorted by term number, then by paper.

    Arrays are uint32, or narrower where their numbers allow it: a build holds the blocks of all papers.

    terms: (t,) term numbers, ascending
    counts, n_positions: (t,) postings and positions of each term
    doc_indices: (p,) papers of the postings, counted from the block's first paper
    tf: (p,) occurrences of the term in the paper
    positions: (o,) positions, one posting after another
    n_terms: (n,) terms of each paper, repeats included; stop words of titles are not counted
    """

    terms: DocIndices
    counts: Unsigned
    n_positions: Unsigned
    doc_indices: Unsigned
    tf: Unsigned
    positions: Unsigned
    n_terms: DocIndices


class Inverter(Generic[AnyStr]):
    """Inverts papers, given as the pieces of their texts.

    `analyse` returns the words of a piece; it is called once per distinct piece.
    """

    def __init__(self, analyse: Callable[[AnyStr], Iterable[Word]]) -> None:
        self._pieces: _PieceNumbers[AnyStr] = _PieceNumbers(analyse)

    def invert(self, papers: Sequence[Sequence[AnyStr]]) -> Block:
        """Return the postings of consecutive papers, numbered from 0."""
        pieces = self._pieces
        numbers = array("q")
        for paper in papers:
            numbers.extend(map(pieces.__getitem__, paper))
        written = _view(numbers)
        pieces.count(written)
        n_pieces = np.array([len(paper) for paper in papers], dtype=np.int64)
        n_parts = _view(pieces.n_parts)[written]
        first_token = _view(pieces.first_token)
        n_tokens = first_token[written + 1] - first_token[written]
        # Positions count a paper's parts from 0, so subtract the parts before it in the block.
        before = ends_of(n_parts)
        paper_starts = ends_of(n_pieces)
        position = before[:-1] - np.repeat(before[paper_starts[:-1]], n_pieces)
        token = places_of(first_token[written], n_tokens)
        term = _view(pieces.token_terms)[token]
        position = np.repeat(position, n_tokens) + _view(pieces.token_places)[token]
        n_terms = np.diff(ends_of(_view(pieces.n_terms)[written])[paper_starts])
        doc_indices = np.repeat(np.arange(len(papers)), np.diff(ends_of(n_tokens)[paper_starts]))
        # Papers and positions ascend already; the index in the lower bits keeps their order. A stable
        # argsort takes seven times as long.
        ordered = np.sort((term << _INDEX_BITS) | np.arange(len(term)))
        term, order = ordered >> _INDEX_BITS, ordered & ((1 << _INDEX_BITS) - 1)
        doc_indices, position = doc_indices[order], position[order]
        is_first = np.ones(len(term), dtype=np.bool_)
        is_first[1:] = (term[1:] != term[:-1]) | (doc_indices[1:] != doc_indices[:-1])
        postings = np.flatnonzero(is_first)
        starts = np.flatnonzero(is_new(term[postings]))
        return Block(
            terms=term[postings][starts].astype(np.uint32),
            counts=narrowed(np.diff(starts, append=len(postings))),
            n_positions=narrowed(np.diff(postings[starts], append=len(term))),
            doc_indices=narrowed(doc_indices[postings]),
            tf=narrowed(np.diff(postings, append=len(term))),
            positions=narrowed(position),
            n_terms=n_terms.astype(np.uint32),
        )

    def terms(self) -> list[str]:
        """Return the terms of all blocks so far, in order of their numbers."""
        return list(self._pieces.terms)

    def n_positions(self, paper: Sequence[AnyStr]) -> int:
        """Return the number of positions that a text takes, stop words included."""
        return sum(map(self._pieces.n_parts_of, paper))

    def spellings(self, words: Callable[[AnyStr], Iterable[str]]) -> dict[str, int]:
        """Count the written words of plain letters in all papers so far, in lower case.

        `words` returns the words of a piece as written. Words shorter than SHORTEST_SPELLING are
        left out.
        """
        counts: dict[str, int] = {}
        for piece, count in zip(self._pieces, self._pieces.n_written.tolist(), strict=False):
            for written in words(piece):
                if len(written) >= SHORTEST_SPELLING and is_spelling(written):
                    lowered = written.lower()
                    counts[lowered] = counts.get(lowered, 0) + count
        return counts


class _PieceNumbers(dict[AnyStr, int]):
    """Pieces of text, numbered in order of appearance, with the analysis of each.

    n_parts, n_terms: positions that each piece takes, and terms that it counts for
    first_token: index of each piece's first token; one entry more than there are pieces
    token_terms, token_places: term number and position within the piece, per token
    n_written: occurrences of each piece so far, in an array that may have spare room
    """

    def __init__(self, analyse: Callable[[AnyStr], Iterable[Word]]) -> None:
        super().__init__()
        self.analyse: Callable[[AnyStr], Iterable[Word]] = analyse
        self.terms: dict[str, int] = {}
        self.n_parts, self.n_terms, self.first_token = array("q"), array("q"), array("q", [0])
        self.token_terms, self.token_places = array("q"), array("q")
        self.n_written = np.zeros(0, dtype=np.int64)

    def __missing__(self, piece: AnyStr) -> int:
        n_parts = n_terms = 0
        for word in self.analyse(piece):
            for token in word.tokens:
                self.token_terms.append(self.terms.setdefault(token[0], len(self.terms)))
                self.token_places.append(n_parts + token[1])
            n_parts += word.n_parts
            n_terms += len(word.terms)
        self.first_token.append(len(self.token_terms))
        self.n_parts.append(n_parts)
        self.n_terms.append(n_terms)
        number = self[piece] = len(self)
        return number

    def count(self, written: IntArray) -> None:
        """Add the occurrences in `written` to the counts."""
        if len(self) > len(self.n_written):
            grown = np.zeros(2 * len(self), dtype=np.int64)
            grown[: len(self.n_written)] = self.n_written
            self.n_written = grown
        np.add.at(self.n_written, written, 1)

    def n_parts_of(self, piece: AnyStr) -> int:
        """Return the number of parts in `piece`, without registering an unseen piece."""
        number = self.get(piece)
        if number is None:
            return sum(word.n_parts for word in self.analyse(piece))
        return self.n_parts[number]


def narrowed(numbers: IntArray) -> Unsigned:
    """Return `numbers` in the narrowest unsigned type of at most 32 bits that holds them."""
    greatest = int(numbers.max(initial=0))
    return numbers.astype(next(kind for kind in NARROW if greatest <= np.iinfo(kind).max))


def _view(values: array[int]) -> IntArray:
    """Return an array of type "q" as numpy array over the same memory; it must not grow meanwhile."""
    return np.frombuffer(values, dtype=np.int64)


def ends_of(counts: npt.NDArray[Any]) -> IntArray:
    """Return 0 followed by the running sums of `counts` (n,): (n + 1,)."""
    ends = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=ends[1:])
    return ends


def places_of(starts: IntArray, counts: npt.NDArray[Any]) -> IntArray:
    """Return, for each i, `counts[i]` consecutive numbers from `starts[i]` on, all in one array."""
    ends = ends_of(counts)
    return np.arange(int(ends[-1])) + np.repeat(starts - ends[:-1], counts)
