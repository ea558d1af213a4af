"""An open index, and the only place that orders the steps of a query.

Read `Index.search` from top to bottom: it is the product.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
import orjson

from papersearch.analysis import ANALYZER, Analyzer
from papersearch.cleaning import clean_text
from papersearch.dense.encoders import QueryEncoder, open_query_encoder
from papersearch.dense.feedback import FEEDBACK_DEPTH, move_towards
from papersearch.errors import AmbiguousPaper, IndexVersionError, ModelError, PaperLookupError
from papersearch.evidence import find_evidence
from papersearch.fusion import convex_combination
from papersearch.identity import title_key
from papersearch.lexical.postings import Postings
from papersearch.query import Query, parse_query
from papersearch.storage.generations import Generation, open_current
from papersearch.storage.manifest import Manifest
from papersearch.storage.papers import PaperStore
from papersearch.storage.string_table import StringTable
from papersearch.topk import top_k
from papersearch.types import Finding, Hit, Mode, Paper, Results

if TYPE_CHECKING:
    from papersearch.types import BoolArray, Float32Array, Float64Array, IntArray

DEFAULT_K = 10


class _Ranking(NamedTuple):
    """What a mode makes of a query: `scores` (N,), the doc_idx it ranks, ascending, and the
    two sides' own scores (N,) where the mode looks at them."""

    scores: Float64Array
    candidates: IntArray
    keyword: Float64Array | None
    semantic: Float64Array | None


class Index:
    """A built index, open for reading. Arrays are mapped; opening reads none of them whole.

    It holds one generation for as long as it lives: a build published meanwhile changes
    nothing here. Not meant to be shared between threads.
    """

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._analyzer = Analyzer()
        if self.manifest.lexical.analyzer != ANALYZER:
            raise IndexVersionError(
                f"{generation.index_path} was analysed by {self.manifest.lexical.analyzer}, "
                f"this release analyses by {ANALYZER}",
                f"papersearch index --index {generation.index_path}",
            )

    @property
    def manifest(self) -> Manifest:
        """What the index is: counts, encoder, dumps, files."""
        return self._generation.manifest

    @property
    def path(self) -> Path:
        """The folder the index lies in."""
        return self._generation.index_path

    def __len__(self) -> int:
        return self.manifest.n_papers

    def search(self, query: str, k: int = DEFAULT_K, mode: Mode = "hybrid") -> Results:
        """The `k` papers that answer `query` best, best first.

        A paper whose whole title is the query comes first in every mode. Ties keep paper
        order, so the same index and query always give the same answer. When the encoder
        cannot be had, keywords answer and the results say so. Raises QueryError.
        """
        if mode not in get_args(Mode):
            raise ValueError(f"mode is one of {', '.join(get_args(Mode))}, not {mode!r}")
        if k < 1:
            raise ValueError(f"k is at least 1, not {k}")
        parsed = parse_query(query, self._analyzer)
        mode_used, vector, reason = self._encode(parsed, mode)
        ranking = self._rank(parsed, mode_used, vector)
        titled = self._papers.with_title(parsed.title_key)
        scores, candidates = _titles_first(ranking, titled)
        best = top_k(scores, k + len(titled), candidates)
        order = ([*titled, *(doc for doc in best.tolist() if doc not in titled)])[:k]
        idf = self._postings.idf_of(parsed.terms)
        hits = tuple(
            Hit(
                rank=rank,
                paper=(paper := self._papers[doc_idx]),
                score=float(scores[doc_idx]),
                keyword_score=_score_of(ranking.keyword, doc_idx),
                semantic_score=_score_of(ranking.semantic, doc_idx),
                exact_title=doc_idx in titled,
                evidence=find_evidence(paper, idf, self._analyzer),
            )
            for rank, doc_idx in enumerate(order, 1)
        )
        return Results(parsed.text, mode, mode_used, reason, len(candidates), hits)

    def paper(self, name: str) -> Paper:
        """The paper with this id, unambiguous beginning of an id, or title.

        Raises PaperLookupError, or AmbiguousPaper with the candidates.
        """
        name = clean_text(name)
        found = self._papers.with_id(name) if name else []
        if len(found) > 1:
            raise AmbiguousPaper(
                f"{name} begins {len(found)} ids: " + ", ".join(id_ for id_, _ in found[:10]),
                f"papersearch show {found[0][0]}",
                tuple(id_ for id_, _ in found[:10]),
            )
        if found:
            return self._papers[found[0][1]]
        titled = self._papers.with_title(title_key(name))
        if len(titled) == 1:
            return self._papers[titled[0]]
        if titled:
            ids = tuple(self._papers[doc_idx].paper_id for doc_idx in titled[:10])
            raise AmbiguousPaper(
                f"{len(titled)} papers have this title: " + ", ".join(ids),
                f"papersearch show {ids[0]}",
                ids,
            )
        raise PaperLookupError(f"no paper has the id or title {name!r}", f'papersearch search -- "{name}"')

    def papers(self) -> PaperStore:
        """All papers in paper order; each is read from disk when it is asked for."""
        return self._papers

    def findings(self) -> tuple[Finding, ...]:
        """What the build did not understand, rewrote, or skipped."""
        return tuple(Finding(**finding) for finding in orjson.loads(bytes(self._generation.text("report.json"))))

    def keyword_scores(self, query: str) -> Float64Array:
        """BM25 of every paper, (N,), as `rank_bm25`'s `get_scores` gives it for the query's terms."""
        return self._keyword(parse_query(query, self._analyzer))[0]

    def _encode(self, query: Query, mode: Mode) -> tuple[Mode, Float32Array | None, str | None]:
        """(mode used, query vector (D,) if it needs one, why it is another mode)."""
        if mode == "keyword":
            return mode, None, None
        try:
            return mode, self._encoder.encode(query.text), None
        except ModelError as error:
            return "keyword", None, error.message

    def _rank(self, query: Query, mode: Mode, vector: Float32Array | None) -> _Ranking:
        everything = np.arange(len(self))
        if vector is None:
            keyword, matched = self._keyword(query)
            return _Ranking(keyword, np.flatnonzero(matched), keyword, None)
        semantic = self._cosines(vector)
        if mode == "semantic":
            return _Ranking(semantic, everything, None, semantic)
        keyword, _ = self._keyword(query)
        first = top_k(convex_combination(keyword, semantic), FEEDBACK_DEPTH, everything)
        moved = self._cosines(move_towards(vector, self._vectors[first]))
        return _Ranking(convex_combination(keyword, moved), everything, keyword, semantic)

    def _keyword(self, query: Query) -> tuple[Float64Array, BoolArray]:
        return self._postings.score(query.terms, len(self))

    def _cosines(self, vector: Float32Array) -> Float64Array:
        return (self._vectors @ vector).astype(np.float64)

    @cached_property
    def _postings(self) -> Postings:
        files = self._generation
        return Postings(
            terms=self._strings("terms"),
            idf=files.array("terms.idf.npy"),
            offsets=files.array("postings.offsets.npy"),
            doc_idx=files.array("postings.papers.npy"),
            impacts=files.array("postings.impacts.npy"),
        )

    @cached_property
    def _vectors(self) -> Float32Array:
        return self._generation.array("vectors.npy")

    @cached_property
    def _papers(self) -> PaperStore:
        return PaperStore(
            lines=self._strings("papers", "papers.jsonl"),
            ids=self._strings("ids"),
            id_papers=self._generation.array("ids.papers.npy"),
            titles=self._strings("titles"),
            title_papers=self._generation.array("titles.papers.npy"),
        )

    @cached_property
    def _encoder(self) -> QueryEncoder:
        return open_query_encoder(self.manifest.encoder)

    def _strings(self, name: str, file: str | None = None) -> StringTable:
        return StringTable(
            self._generation.text(file or f"{name}.txt"), self._generation.array(f"{name}.offsets.npy")
        )


def open(path: str | Path = "index") -> Index:
    """Open the index in the folder `path`. Raises a StoredIndexError when it cannot be used."""
    return Index(open_current(Path(path)))


def _titles_first(ranking: _Ranking, titled: list[int]) -> tuple[Float64Array, IntArray]:
    """Scores and candidates in which the papers `titled`, whose whole title is the query,
    have no better above them: BM25 and fusion alone miss two in three hundred."""
    if not titled:
        return ranking.scores, ranking.candidates
    scores = ranking.scores.copy()
    scores[titled] = max(float(scores.max()), 0.0)
    return scores, np.union1d(ranking.candidates, titled)


def _score_of(scores: Float64Array | None, doc_idx: int) -> float | None:
    return None if scores is None else float(scores[doc_idx])
