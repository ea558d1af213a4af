"""What programs use: an open index and what it answers, building one, going back to the last build.

    import papersearch

    papersearch.build("corpus", "index")
    index = papersearch.open("index")
    for hit in index.search("pipeline bubbles", since="2024", has_code=True):
        print(hit.rank, hit.score, hit.paper.title)

A query's way through the index is `search.pipeline`; errors of damaged files end here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, get_args

import numpy as np

from papersearch.dense.feedback import between
from papersearch.errors import IndexDamaged, IndexMissing, IndexVersionError, ModelError, NothingToCompare
from papersearch.index.generations import Generation, open_current
from papersearch.index.manifest import Manifest
from papersearch.index.opened import OpenedIndex
from papersearch.index.papers import PaperStore
from papersearch.search.candidates import filtered
from papersearch.search.hits import make_hits_near
from papersearch.search.pipeline import UNDATED_NAMED, answer, retrieve
from papersearch.search.ranking import by_meaning
from papersearch.search.request import Request, leaves_undated_out
from papersearch.search.verdict import is_like
from papersearch.text.analysis import ANALYZER, Analyzer
from papersearch.text.cleaning import clean_text
from papersearch.text.query import Query, parse_query
from papersearch.types import (
    NO_FILTERS,
    FilterOptions,
    Filters,
    Finding,
    Mode,
    Organisation,
    Paper,
    RankedPaper,
    Results,
    Sort,
    Undated,
)

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded
    from papersearch.index.report import BuildReport, Progress
    from papersearch.index.verification import Fault
    from papersearch.types import Float64Array

DEFAULT_K = 10

_BATCH = 256
"""Queries encoded together."""


class Index:
    """A built index, open for reading. Arrays are mapped; opening reads none of them whole.

    It holds one generation for as long as it lives: a build published meanwhile changes
    nothing here. Not meant to be shared between threads.
    """

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._analyzer = Analyzer()
        self._parts = OpenedIndex(generation, self._analyzer)
        if self.manifest.lexical.analyzer != ANALYZER:
            found = self.manifest.lexical.analyzer
            raise IndexVersionError(path=self.path, what="analysis", found=found, readable=ANALYZER)

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

    def __repr__(self) -> str:
        return f"<Index {str(self.path)!r}: {len(self)} papers, {self.manifest.encoder.name}>"

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
        sort: Sort = "relevance",
        fold: bool = False,
        facets: bool = False,
        related: bool = False,
        filters: Filters = NO_FILTERS,
        **narrowed: Unpack[FilterOptions],
    ) -> Results:
        """The `k` papers that answer `query` best, best first.

        A paper whose whole title is the query comes first in every mode. Ties keep paper
        order, so the same index and query always give the same answer. When the encoder
        cannot be had, keywords answer and the results say so.

        `explain` adds to each hit how its score came about; `strict` leaves out papers
        that answer weakly; `late=False` does without late interaction; `literal` takes quotation
        marks, dashes and `title:` as text. The fields of `Filters` are keywords too, as in
        `since="2025", has_code=True`; `filters` takes them as one value. Both together are a
        TypeError. `sort="date"`: newest first, those of the first hundred (or `k`) that answer better than
        weakly, all of them where none does; those of unknown date last. `fold` puts near-duplicates
        under the best of them. `facets` counts the papers that answer; `related` finds terms
        that would narrow the search. Raises QueryError.
        """
        _check(k, mode, sort)
        filters = _chosen(filters, narrowed)
        parsed = parse_query(query, self._analyzer, literal=literal)
        with self._reading():
            mode_used, (encoded,), reason = self._encode([parsed], mode)
            how = Request(k, mode, mode_used, reason, late, explain, strict, filters, sort, fold, facets, related)
            return answer(parsed, encoded, how, self._parts)

    def search_many(
        self,
        queries: Iterable[str],
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        late: bool = True,
        literal: bool = True,
        filters: Filters = NO_FILTERS,
        **narrowed: Unpack[FilterOptions],
    ) -> Iterator[Results]:
        """Answer many queries as `search` does, in their order, encoded many at a time."""
        filters = _chosen(filters, narrowed)
        for parsed, encoded, how in self._prepared(queries, k, mode, late, literal, filters):
            with self._reading():
                results = answer(parsed, encoded, how, self._parts)
            yield results

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
            with self._reading():
                found = retrieve(parsed, encoded, how, self._parts)
                pairs = zip(found.order.tolist(), found.scores.tolist(), strict=True)
                ranked = [
                    RankedPaper(paper_id=self._parts.paper_ids[doc_idx], score=score) for doc_idx, score in pairs
                ]
            yield ranked

    def similar(
        self,
        like: Sequence[str],
        unlike: Sequence[str] = (),
        k: int = DEFAULT_K,
        *,
        text: str | None = None,
        filters: Filters = NO_FILTERS,
        **narrowed: Unpack[FilterOptions],
    ) -> Results:
        """The `k` papers nearest to those of `like`, away from those of `unlike`, without any
        of them; named as for `paper`. `text`: an abstract that is no paper of the index, to be
        near to as well; when it is alone and no paper is like it, the verdict is weak. `filters`
        and their keywords as in `search`.

        Raises QueryError when there is nothing to be near to, PaperLookupError, ModelError.
        """
        _check(k, "semantic")
        filters = _chosen(filters, narrowed)
        text = clean_text(text or "")
        if not like and not text:
            raise NothingToCompare()
        with self._reading():
            liked, unliked = (
                [self._parts.papers.find(clean_text(name)) for name in names] for names in (like, unlike)
            )
            examples = [self._parts.papers[doc_idx] for doc_idx in (*liked, *unliked)]
            rows = self._parts.vectors.exact
            near = [rows[doc_idx] for doc_idx in sorted(liked)]  # in whichever order they were named
            pieces = self._parts.pieces
            asked = pieces.of_papers(sorted(liked)) if pieces is not None and liked else None
            if text:
                encoded = self._parts.encoder.encode_many([text])[0]
                near.append(encoded.vector)
                if asked is None and pieces is not None:
                    asked = pieces.of_query(encoded)
            semantic = self._parts.vectors.scan(between(np.array(near), rows[sorted(unliked)]))
            is_example = np.zeros(len(self), dtype=np.bool_)
            is_example[liked + unliked] = True
            allowed, undecided = filtered(np.flatnonzero(~is_example), filters, self._parts)
            ranking = by_meaning(semantic, allowed, k)
            # What a hit has in common with the titles is its evidence; a pasted text is all there is of it.
            titles = " ".join([*(paper.title for paper in examples[: len(liked)]), text])
            idf = self._parts.postings.idf_of(self._analyzer.terms(titles))
            hits = make_hits_near(ranking, asked, idf, self._parts)
            is_text = bool(text) and not examples  # it alone can be unlike everything here
            is_strange = is_text and not (hits and is_like(hits[0].score, self.manifest.background))
            undated = None
            if leaves_undated_out(filters):
                nearest = by_meaning(semantic, undecided, UNDATED_NAMED).papers
                undated = Undated(n_papers=len(undecided), papers=self._parts.named(nearest))
        names = [paper.paper_id for paper in examples]
        described = _described([*names[: len(liked)], *([text] if text else [])], names[len(liked) :])
        return Results(
            query=described,
            mode="semantic",
            mode_used="semantic",
            mode_reason=None,
            total=ranking.total,
            hits=tuple(hits),
            verdict="weak" if is_strange and hits else None,
            filters=filters,
            undated=undated,
        )

    def paper(self, name: str) -> Paper:
        """The paper with this id, unambiguous beginning of an id, or title.

        Raises PaperLookupError, or AmbiguousPaper with the candidates.
        """
        with self._reading():
            return self._parts.papers[self._parts.papers.find(clean_text(name))]

    def papers(self) -> PaperStore:
        """All papers in paper order; each is read from disk when it is asked for."""
        return self._parts.papers

    def organisations(self) -> list[Organisation]:
        """The organisations that papers are of, by handle."""
        return self._parts.facts.every_organisation()

    def findings(self) -> tuple[Finding, ...]:
        """What the build did not understand, rewrote, or skipped."""
        return self._generation.findings()

    def verify(self) -> list[Fault]:
        """Every fault of the files, the arrays and the model; none when all is well. Reads all."""
        from papersearch.index.verification import verify

        return verify(self._generation)

    def is_stale(self, corpus: str | Path | None = None) -> bool:
        """Say whether the corpus has other dumps than when the index was built from it. `corpus`:
        that folder, where it is known; False for another, and for an index of single dumps."""
        from papersearch.index.staleness import is_stale

        own = self.manifest.corpus
        if corpus is None and own is None:
            return False
        return is_stale(self.manifest, self.path, self.path / (own or "") if corpus is None else Path(corpus))

    def keyword_scores(self, query: str) -> Float64Array:
        """BM25 of every paper, (N,), as `rank_bm25`'s `get_scores` gives it for the query's terms."""
        return self._parts.postings.score(parse_query(query, self._analyzer).terms, len(self))[0]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Opening checks sizes and shapes; what is wrong inside a file shows here, as an error
        of ours and never as a crash."""
        try:
            with np.errstate(all="ignore"):
                yield
        except (IndexError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
            fault = f"reading it failed with {type(error).__name__}: {error}"
            raise IndexDamaged(path=self.path, file=None, fault=fault) from error

    def _prepared(
        self,
        queries: Iterable[str],
        k: int,
        mode: Mode,
        late: bool,
        literal: bool,
        filters: Filters = NO_FILTERS,
    ) -> Iterator[tuple[Query, Encoded | None, Request]]:
        """Each query parsed and encoded, many at a time."""
        _check(k, mode)
        waiting = iter(queries)
        while chunk := list(islice(waiting, _BATCH)):
            parsed = [parse_query(query, self._analyzer, literal=literal) for query in chunk]
            with self._reading():
                mode_used, encoded, reason = self._encode(parsed, mode)
            how = Request(k, mode, mode_used, reason, late, filters=filters)
            yield from ((query, vector, how) for query, vector in zip(parsed, encoded, strict=True))

    def _encode(self, queries: Sequence[Query], mode: Mode) -> tuple[Mode, Sequence[Encoded | None], str | None]:
        """(mode used, each query encoded if the mode needs it, why it is another mode)."""
        nothing = [None] * len(queries)
        if mode == "keyword":
            return mode, nothing, None
        try:
            return mode, self._parts.encoder.encode_many([query.plain for query in queries]), None
        except ModelError as error:
            return "keyword", nothing, error.message


def open(path: str | Path = "index") -> Index:
    """Open the index in the folder `path`. Raises a StoredIndexError when it cannot be used."""
    return Index(open_current(Path(path)))


def build(
    corpus: str | Path | Sequence[str | Path],
    index_path: str | Path,
    *,
    model: str | None = None,
    device: str | None = None,
    late: bool | None = None,
    full: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda step, done, total: None,
    announce: Callable[[str], None] = lambda message: None,
) -> BuildReport:
    """Bring the index at `index_path` up to date with `corpus` (a folder, or dumps one by one).

    `model`: a sentence-transformers model, by folder or name; None for the packaged one.
    `device`: as torch names it; None chooses. `late`: whether to keep what late interaction
    needs; None: while there are at most `dense.late.MAX_PAPERS` papers. `full`: as if there
    were no index yet. `dry_run`: only say what would change. `progress` is called at each step,
    `announce` with what a user should know. Waits for another build of the same index to end.

    Sets no environment variable, and leaves log levels and progress bars as they were; what
    torch and its companions set while they are imported is theirs. Raises CorpusError,
    ModelError or StoredIndexError; the index that was there stays, and encoded texts are kept
    for the next build.
    """
    from papersearch.index.build import build as bring_up_to_date  # the parsers and more: not for a query

    return bring_up_to_date(
        corpus,
        index_path,
        model=model,
        device=device,
        late=late,
        full=full,
        dry_run=dry_run,
        progress=progress,
        announce=announce,
    )


def rollback(path: str | Path, *, announce: Callable[[str], None] = lambda message: None) -> Manifest:
    """Make the build before the current one current again, and return its manifest. Wait for a
    build of the same index to end, after telling `announce`. Raises a StoredIndexError."""
    from papersearch.index.generations import rollback as go_back
    from papersearch.index.locking import writing

    path = Path(path)
    if not path.is_dir():
        raise IndexMissing(path=path)
    with writing(path, announce):
        return go_back(path)


def _chosen(filters: Filters, narrowed: FilterOptions) -> Filters:
    if not narrowed and filters == NO_FILTERS:
        return filters
    from papersearch.search.filters import chosen_filters  # not for a search without filters

    return chosen_filters(filters, narrowed)


def _described(like: Sequence[str], unlike: Sequence[str]) -> str:
    """What was asked for, in words."""
    return " ".join(["like", *like, *(["unlike", *unlike] if unlike else [])])


def _check(k: int, mode: Mode, sort: Sort = "relevance") -> None:
    if sort not in get_args(Sort):
        raise ValueError(f"unknown sort {sort!r}: expected {' or '.join(get_args(Sort))}")
    if mode not in get_args(Mode):
        raise ValueError(f"unknown mode {mode!r}: expected {' or '.join(get_args(Mode))}")
    if k < 1:
        raise ValueError(f"expected k of at least 1, found {k}")
