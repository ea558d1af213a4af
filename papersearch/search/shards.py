"""The shards of a collection, as a searcher asks them: rounds of requests, and answers merged.

A collection of one shard in this process and one of many on other machines are asked alike. What
one shard answers is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from os import urandom
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from papersearch.errors import InstructionRefused
from papersearch.index.opened import query_encoder
from papersearch.search.topk import top_k
from papersearch.text.cleaning import clean_text
from papersearch.text.identity import short_id
from papersearch.types import NO_FILTERS, EncodedShare, PaperName

if TYPE_CHECKING:
    from pathlib import Path

    from papersearch.dense.encoders import QueryEncoder
    from papersearch.dense.late import Encoded, PieceVectors, QueryPieces
    from papersearch.index.manifest import Manifest
    from papersearch.index.opened import OpenedIndex
    from papersearch.search.protocol import Call
    from papersearch.search.shard import Shard
    from papersearch.text.analysis import Analyzer
    from papersearch.types import Filters, Float32Array, Float64Array, IntArray, Organisation, Paper


def in_process(shards: Sequence[Shard]) -> Call:
    """Return the transport to shards in this process."""

    def call(method: str, asked: Sequence[tuple[int, Any]], /) -> list[Any]:
        return [getattr(shards[number], method)(request) for number, request in asked]

    return call


class Owned(NamedTuple):
    """Papers by their numbers in the whole, (K,), and the shard of each, (K,)."""

    papers: IntArray
    shards: IntArray

    @classmethod
    def answered(cls, papers: Sequence[IntArray]) -> Owned:
        """Return the papers that the shards answered, those of one shard after those of another."""
        return cls(np.concatenate(papers), np.repeat(np.arange(len(papers)), list(map(len, papers))))

    @classmethod
    def joined(cls, parts: Sequence[Owned]) -> Owned:
        """Return the papers of all `parts`, one part after another."""
        nobody = np.zeros(0, dtype=np.int64)
        papers = np.concatenate([nobody, *(part.papers for part in parts)])
        return cls(papers, np.concatenate([nobody, *(part.shards for part in parts)]))

    def best(self, scores: Float64Array, k: int) -> IntArray:
        """Return the places of the `k` papers with the best `scores` (K,), best first; ties keep paper order."""
        order = np.argsort(self.papers)
        return order[top_k(scores[order], k, np.arange(len(order)))]

    def at(self, places: Any) -> Owned:
        """Return the papers at these places."""
        return Owned(self.papers[places], self.shards[places])


class Shards:
    """The shards of a collection behind one transport, described by the whole's manifest.

    `indexes` are the same shards, of which only tables of the whole are read: acronyms, spellings,
    and weights of word pieces.
    """

    def __init__(self, call: Call, indexes: Sequence[OpenedIndex], manifest: Manifest, path: Path) -> None:
        self._call = call
        self._indexes = indexes
        self._searcher = urandom(8).hex()
        self._n_keys = 0
        self._path = path
        self.manifest = manifest

    @property
    def tables(self) -> OpenedIndex:
        """A shard whose tables of the whole are read."""
        return self._indexes[0]

    @property
    def analyzer(self) -> Analyzer:
        return self.tables.analyzer

    @property
    def encoded_share(self) -> EncodedShare:
        return EncodedShare(n_encoded=self.manifest.n_encoded, n_papers=self.manifest.n_papers)

    @cached_property
    def encoder(self) -> QueryEncoder:
        """The encoder of queries. Raises ModelError."""
        return query_encoder(self.manifest, self._path)

    def prefix_with(self, instruction: str) -> str | None:
        """Return the prefix of queries with another instruction; None without a model.

        Raises InstructionRefused.
        """
        described = self.manifest.encoder
        if described is None:
            return None
        from papersearch.dense.prefixes import with_instruction  # few queries have one

        prefix = with_instruction(described.query_prefix, " ".join(clean_text(instruction).split()))
        if prefix is None:
            raise InstructionRefused(name=described.name, prefix=described.query_prefix)
        return prefix

    @cached_property
    def pieces(self) -> PieceVectors | None:
        """Word pieces of some papers, with basis and weights of the whole; None without late interaction."""
        if self.manifest.late is None:
            return None
        return next((index.pieces for index in self._indexes if index.manifest.late is not None), None)

    def pieces_of(self, encoded: Encoded | None) -> QueryPieces | None:
        """Return the word pieces of an encoded query; None without late interaction, or of stop words."""
        return None if encoded is None or self.pieces is None else self.pieces.of_query(encoded)

    def new_key(self) -> str:
        """Return a key that no other query of any searcher has."""
        self._n_keys += 1
        return f"{self._searcher}-{self._n_keys}"

    def every(self, method: str, request: Any) -> list[Any]:
        """Ask every shard the same."""
        return self._call(method, [(number, request) for number in range(len(self._indexes))])

    def owners(self, method: str, owned: Owned, request: Callable[[Any, IntArray], Any]) -> list[tuple[Any, Any]]:
        """Ask each shard for its own papers, as `request` makes it of their places and numbers.

        Returns the places of the papers of each answer, and the answer.
        """
        if len(owned.papers) == 0:
            return []
        if len(self._indexes) == 1:
            [answer] = self._call(method, [(0, request(slice(None), owned.papers))])
            return [(slice(None), answer)]
        numbers = sorted(set(owned.shards.tolist()))
        places = [np.flatnonzero(owned.shards == number) for number in numbers]
        asked = [(number, request(at, owned.papers[at])) for number, at in zip(numbers, places, strict=True)]
        return list(zip(places, self._call(method, asked), strict=True))

    def each(
        self, method: str, owned: Owned, request: Callable[[Any, IntArray], Any] = lambda _, papers: papers
    ) -> list[Any]:
        """Ask as `owners` does for lists of answers, and return one for each paper."""
        found: list[Any] = [None] * len(owned.papers)
        for places, answers in self.owners(method, owned, request):
            if isinstance(places, slice):
                return list(answers)
            for place, answer in zip(places.tolist(), answers, strict=True):
                found[place] = answer
        return found

    def papers(self, owned: Owned) -> list[Paper]:
        return self.each("papers", owned)

    def named(self, owned: Owned) -> tuple[PaperName, ...]:
        """Return the ids and titles of papers."""
        return tuple(PaperName(paper_id=paper.paper_id, title=paper.title) for paper in self.papers(owned))

    def short_id(self, paper: Paper) -> str:
        """Return the short form of a paper's id."""
        return short_id(paper.paper_id, paper.title or paper.abstract, self.manifest.n_papers)

    def vectors(self, owned: Owned) -> Float32Array:
        """Return the vectors of papers, (K, D)."""
        return together(self.owners("vectors", owned, lambda _, papers: papers), len(owned.papers), self.manifest)

    def holding(self, numbers: IntArray) -> Owned:
        """Ask which shard has each of these papers."""
        if len(self._indexes) == 1:
            return Owned(numbers, np.zeros(len(numbers), dtype=np.int64))
        return Owned(numbers, np.argmax(self.every("holds", numbers), axis=0))

    def organisations(self) -> list[Organisation]:
        """Return the organisations of all papers, sorted by handle."""
        answers = self.every("organisations", None)
        if len(answers) == 1:
            return list(answers[0])
        lines = {f"{one.handle}\t{one.name}": one for answer in answers for one in answer}
        return [lines[line] for line in sorted(lines)]

    def resolved(self, filters: Filters) -> Filters:
        """Check filters, and give dumps their full names. Raises QueryError."""
        if filters == NO_FILTERS:
            return filters
        from papersearch.search.filters import resolved  # not for a search without filters

        return resolved(filters, self)

    def has_title(self, title_key: str) -> bool:
        """Tell whether a paper has a title with this key."""
        return any(self.every("is_title", title_key))


def together(answers: Sequence[tuple[Any, Any]], n_papers: int, manifest: Manifest) -> Float32Array:
    """Return the vectors (K, D) of answers, each with the places of its papers."""
    if len(answers) == 1 and isinstance(answers[0][0], slice):
        only: Float32Array = answers[0][1]
        return only
    dimensions = manifest.encoder.dimensions if manifest.encoder else 0
    vectors = np.zeros((n_papers, dimensions), dtype=np.float32)
    for places, answer in answers:
        if answer.shape[1]:  # a shard of which no paper is encoded has no dimensions
            vectors[places] = answer
    return vectors
