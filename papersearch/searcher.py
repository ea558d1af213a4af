"""An open index, and the only place that orders the steps of a query.

Read `Index.search` from top to bottom: it is the product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np

from papersearch.analysis import ANALYZER, Analyzer
from papersearch.cleaning import clean_text
from papersearch.dense.encoders import QueryEncoder, open_query_encoder
from papersearch.dense.feedback import FEEDBACK_DEPTH, move_towards
from papersearch.dense.late import Encoded, PieceVectors
from papersearch.errors import AmbiguousPaper, IndexDamaged, IndexVersionError, ModelError, PaperLookupError
from papersearch.evidence import find_evidence
from papersearch.fusion import convex_combination
from papersearch.identity import title_key
from papersearch.keywords import Found, Keywords
from papersearch.lexical.acronyms import ExpansionTable
from papersearch.lexical.phrases import DocumentLengths
from papersearch.lexical.postings import Postings
from papersearch.query import Query, parse_query
from papersearch.ranking import (
    Ranking,
    best_of,
    by_one_signal,
    candidate_signals,
    choose_candidates,
    in_two_tiers,
)
from papersearch.storage.generations import Generation, open_current
from papersearch.storage.manifest import Manifest
from papersearch.storage.papers import PaperStore
from papersearch.storage.string_table import StringTable
from papersearch.topk import top_k
from papersearch.types import (
    VERDICTS,
    Explanation,
    Finding,
    Hit,
    Mode,
    Paper,
    RankedPaper,
    Results,
    TermImpact,
    Verdict,
)
from papersearch.verdict import judge

if TYPE_CHECKING:
    from papersearch.storage.verification import Fault
    from papersearch.types import Float32Array, Float64Array, IntArray

DEFAULT_K = 10

JUDGED = 100
"""At least so many papers are judged, however few are asked for, before it is said that none
answers."""

_BATCH = 256
"""Queries encoded together."""


class _Request(NamedTuple):
    """How a query is to be answered."""

    k: int
    mode: Mode
    mode_used: Mode
    reason: str | None
    explain: bool
    strict: bool
    late: bool
    new: bool


class _Findings(NamedTuple):
    """What a ranking came from, for whoever explains it. `total`: how many papers it ranks."""

    words: Found
    semantic: Float64Array | None
    ranking: Ranking
    titled: frozenset[int]
    total: int


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

    def search(
        self,
        query: str,
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        explain: bool = False,
        strict: bool = False,
        late: bool = True,
        literal: bool = False,
        new: bool = False,
    ) -> Results:
        """The `k` papers that answer `query` best, best first.

        A paper whose whole title is the query comes first in every mode. Ties keep paper
        order, so the same index and query always give the same answer. When the encoder
        cannot be had, keywords answer and the results say so.

        `explain` adds to each hit how its score came about; `strict` leaves out papers
        that answer weakly; `late=False` does without late interaction; `literal` takes quotation
        marks, dashes and `title:` as text; `new` looks only at papers that the last build
        added. Raises QueryError.
        """
        _check(k, mode)
        parsed = parse_query(query, self._analyzer, literal=literal)
        with self._reading():
            mode_used, (encoded,), reason = self._encode([parsed], mode)
            how = _Request(k, mode, mode_used, reason, explain, strict, late, new)
            return self._answer(parsed, encoded, how)

    def search_many(
        self,
        queries: Iterable[str],
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        late: bool = True,
        literal: bool = True,
    ) -> Iterator[Results]:
        """The same for many queries, in their order, encoded many at a time."""
        for parsed, encoded, how in self._prepared(queries, k, mode, late, literal):
            yield self._answer(parsed, encoded, how)

    def rank_many(
        self,
        queries: Iterable[str],
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        late: bool = True,
        literal: bool = True,
    ) -> Iterator[list[RankedPaper]]:
        """The same rankings without the papers: for runs and evaluation."""
        for parsed, encoded, how in self._prepared(queries, k, mode, late, literal):
            scores, order, _ = self._order(parsed, encoded, how)
            yield [RankedPaper(self._paper_ids[doc_idx], float(scores[doc_idx])) for doc_idx in order]

    def paper(self, name: str) -> Paper:
        """The paper with this id, unambiguous beginning of an id, or title.

        Raises PaperLookupError, or AmbiguousPaper with the candidates.
        """
        name = clean_text(name)
        with self._reading():
            found = self._papers.with_id(name) if name else []
            titled = [] if found else self._papers.with_title(title_key(name))
        if len(found) > 1:
            raise AmbiguousPaper(
                f"{name} begins {len(found)} ids: " + ", ".join(id_ for id_, _ in found[:10]),
                f"papersearch show {found[0][0]}",
                tuple(id_ for id_, _ in found[:10]),
            )
        if found:
            return self._papers[found[0][1]]
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
        return self._generation.findings()

    def verify(self) -> list[Fault]:
        """Every fault of the files, the arrays and the model; none when all is well. Reads all."""
        from papersearch.storage.verification import verify

        return verify(self._generation)

    def keyword_scores(self, query: str) -> Float64Array:
        """BM25 of every paper, (N,), as `rank_bm25`'s `get_scores` gives it for the query's terms."""
        return self._postings.score(parse_query(query, self._analyzer).terms, len(self))[0]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Opening checks sizes and shapes; what is wrong inside a file shows here, as an error
        of ours and never as a crash."""
        try:
            with np.errstate(all="ignore"):
                yield
        except (IndexError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
            raise IndexDamaged(
                f"{self.path} is damaged: reading it gave {type(error).__name__}: {error}",
                f"papersearch doctor --index {self.path}",
            ) from error

    def _prepared(
        self, queries: Iterable[str], k: int, mode: Mode, late: bool, literal: bool
    ) -> Iterator[tuple[Query, Encoded | None, _Request]]:
        """Each query parsed and encoded, many at a time."""
        _check(k, mode)
        waiting = iter(queries)
        while chunk := list(islice(waiting, _BATCH)):
            parsed = [parse_query(query, self._analyzer, literal=literal) for query in chunk]
            mode_used, encoded, reason = self._encode(parsed, mode)
            how = _Request(k, mode, mode_used, reason, explain=False, strict=False, late=late, new=False)
            yield from ((query, vector, how) for query, vector in zip(parsed, encoded, strict=True))

    def _order(
        self, query: Query, encoded: Encoded | None, how: _Request
    ) -> tuple[Float64Array, list[int], _Findings]:
        """The whole of ranking: scores (N,), the first k doc_idx, and what they came from."""
        allowed = self._keywords.allowed(query)
        if how.new:
            since = self._generation.array("papers.since.npy")
            allowed = allowed[since[allowed] == self.manifest.generation]
        words = self._keywords.find(query)
        semantic = None if encoded is None else self._cosines(encoded.vector)
        ranking = self._rank(query, words, encoded, semantic, allowed, how)
        titled = [doc for doc in self._papers.with_title(query.title_key) if _holds(allowed, doc)]
        scores, ranked = _titles_first(ranking, titled)
        best = top_k(scores, how.k + len(titled), ranked)
        order = ([*titled, *(doc for doc in best.tolist() if doc not in titled)])[: how.k]
        return scores, order, _Findings(words, semantic, ranking, frozenset(titled), len(ranked))

    def _answer(self, query: Query, encoded: Encoded | None, how: _Request) -> Results:
        scores, order, found = self._order(query, encoded, how._replace(k=max(how.k, JUDGED)))
        judged = list(zip(order, self._verdicts(query, order, found), strict=True))
        best = min((verdict for _, verdict in judged), key=VERDICTS.index, default=None)
        if how.strict:
            judged = [(doc_idx, verdict) for doc_idx, verdict in judged if verdict != "weak"]
        hits = self._hits(query, judged[: how.k], scores, found, how)
        return Results(
            query=query.text,
            mode=how.mode,
            mode_used=how.mode_used,
            mode_reason=how.reason,
            total=found.total,
            hits=tuple(hits),
            expansions=found.words.expansions,
            verdict=best,
        )

    def _rank(
        self,
        query: Query,
        words: Found,
        encoded: Encoded | None,
        semantic: Float64Array | None,
        allowed: IntArray,
        how: _Request,
    ) -> Ranking:
        if encoded is None or semantic is None:
            return by_one_signal("keyword", words.scores, allowed[words.matched[allowed]])
        if how.mode_used == "semantic":
            return by_one_signal("semantic", semantic, allowed)
        base = convex_combination(words.scores, semantic)
        candidates = choose_candidates(base, allowed)
        keyword = words.scores[candidates] + sum(
            (impacts for _, impacts in self._keywords.pairs(query, candidates)), start=np.zeros(len(candidates))
        )
        late = self._pieces.scores(encoded, candidates) if how.late and self._pieces is not None else None
        first = best_of(candidates, candidate_signals(keyword, semantic[candidates], late), FEEDBACK_DEPTH)
        moved = move_towards(encoded.vector, self._vectors[first])
        nearness = (self._vectors[candidates] @ moved).astype(np.float64)
        signals = candidate_signals(keyword, nearness, late)
        return in_two_tiers(candidates, signals, base, words.scores, semantic, allowed)

    def _verdicts(self, query: Query, order: list[int], found: _Findings) -> list[Verdict]:
        """Whether each of the papers `order` answers at all."""
        coverage = self._keywords.coverage(query, found.words, np.array(order, dtype=np.int64))
        return [
            "strong"
            if doc_idx in found.titled
            else judge(_score_of(found.semantic, doc_idx), float(share), self.manifest.background)
            for doc_idx, share in zip(order, coverage, strict=True)
        ]

    def _hits(
        self,
        query: Query,
        judged: list[tuple[int, Verdict]],
        scores: Float64Array,
        found: _Findings,
        how: _Request,
    ) -> list[Hit]:
        idf = self._keywords.idf(query, found.words)
        keyword = None if how.mode_used == "semantic" else found.words.scores
        return [
            Hit(
                rank=rank,
                paper=(paper := self._papers[doc_idx]),
                score=float(scores[doc_idx]),
                keyword_score=_score_of(keyword, doc_idx),
                semantic_score=_score_of(found.semantic, doc_idx),
                exact_title=doc_idx in found.titled,
                verdict=verdict,
                evidence=find_evidence(paper, idf, self._analyzer),
                explanation=self._explain(doc_idx, float(scores[doc_idx]), query, found) if how.explain else None,
            )
            for rank, (doc_idx, verdict) in enumerate(judged, 1)
        ]

    def _explain(self, doc_idx: int, score: float, query: Query, found: _Findings) -> Explanation:
        ranking, words = found.ranking, found.words
        signals = ranking.explain(doc_idx, score)
        terms: tuple[TermImpact, ...] = ()
        if any(signal.name == "keyword" for signal in signals):
            is_candidate = len(ranking.tiers) > 1 and _holds(ranking.tiers[0].papers, doc_idx)
            terms = self._keywords.explain(query, words, doc_idx, with_pairs=is_candidate)
        coverage = self._keywords.coverage(query, words, np.array([doc_idx]))
        return Explanation(signals, terms, float(coverage[0]))

    def _encode(self, queries: Sequence[Query], mode: Mode) -> tuple[Mode, Sequence[Encoded | None], str | None]:
        """(mode used, each query encoded if the mode needs it, why it is another mode)."""
        nothing = [None] * len(queries)
        if mode == "keyword":
            return mode, nothing, None
        try:
            return mode, self._encoder.encode_batch([query.plain for query in queries]), None
        except ModelError as error:
            return "keyword", nothing, error.message

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
            starts=files.array("postings.starts.npy"),
            position_offsets=files.array("positions.offsets.npy"),
            positions=files.array("positions.npy"),
        )

    @cached_property
    def _keywords(self) -> Keywords:
        files = self._generation
        mean = self.manifest.lexical.mean_length
        lengths = DocumentLengths(files.array("lengths.npy"), mean, files.array("lengths.titles.npy"))
        expansions = ExpansionTable(self._strings("expansions"), self._analyzer)
        return Keywords(self._postings, lengths, expansions, self._analyzer)

    @cached_property
    def _pieces(self) -> PieceVectors | None:
        if self.manifest.late is None:
            return None
        names = ("vectors", "ids", "offsets", "basis", "weights")
        return PieceVectors(*(self._generation.array(f"pieces.{name}.npy") for name in names))

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
    def _paper_ids(self) -> list[str]:
        """All ids in paper order; a run names so many papers that this is read whole."""
        ids = self._strings("ids")
        names = [""] * len(self)
        for place, doc_idx in enumerate(self._generation.array("ids.papers.npy").tolist()):
            names[doc_idx] = ids[place]
        return names

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


def _titles_first(ranking: Ranking, titled: list[int]) -> tuple[Float64Array, IntArray]:
    """Scores and papers ranked, in which the papers `titled`, whose whole title is the query,
    have no better above them: BM25 and fusion alone miss two in three hundred."""
    if not titled:
        return ranking.scores, ranking.ranked
    scores = ranking.scores.copy()
    scores[titled] = max(float(scores.max()), 0.0)
    ranked = np.zeros(len(scores), dtype=np.bool_)
    ranked[ranking.ranked] = True
    ranked[titled] = True
    return scores, np.flatnonzero(ranked)


def _score_of(scores: Float64Array | None, doc_idx: int) -> float | None:
    return None if scores is None else float(scores[doc_idx])


def _holds(papers: IntArray, doc_idx: int) -> bool:
    """Whether `papers`, ascending, has `doc_idx`."""
    place = int(np.searchsorted(papers, doc_idx))
    return place < len(papers) and int(papers[place]) == doc_idx


def _check(k: int, mode: Mode) -> None:
    if mode not in get_args(Mode):
        raise ValueError(f"mode is one of {', '.join(get_args(Mode))}, not {mode!r}")
    if k < 1:
        raise ValueError(f"k is at least 1, not {k}")
