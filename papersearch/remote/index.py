"""An index on a server: the public methods of `api.Index`, each one request to the server.

An answer is as untrusted as any file: its size is bounded, and values are rebuilt only from fields of the right
types. Text of papers is cleaned where it is shown, as that of a local index is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, TypeVar, Unpack

from papersearch.errors import LibraryEmpty, NotServed, PapersearchError, ServerForeign
from papersearch.remote.addresses import find_token, parse_address
from papersearch.remote.asking import Asker
from papersearch.remote.calls import (
    MAX_BODY_BYTES,
    MAX_HITS,
    MAX_IDS,
    MAX_QUERIES,
    RESULTS,
    About,
    Call,
    CountsCall,
    FindingsCall,
    IdsCall,
    LookUpCall,
    ManifestCall,
    NamesCall,
    NearDuplicatesCall,
    OrganisationsCall,
    PaperCall,
    PapersCall,
    RankManyCall,
    RecommendCall,
    SearchCall,
    SearchManyCall,
    SimilarCall,
    WeightsCall,
)
from papersearch.search.request import DEFAULT_K, as_library, check_arguments, chosen_filters, searched_k
from papersearch.text.cleaning import without_surrogates
from papersearch.types import NO_FILTERS, EncodedShare, LookUpBy, Mode, Sort

if TYPE_CHECKING:
    from papersearch.index.counts import PaperCounts
    from papersearch.index.manifest import Manifest
    from papersearch.index.verification import Fault
    from papersearch.search.reranking import Reranker
    from papersearch.types import (
        Counted,
        FilterOptions,
        Filters,
        Finding,
        Float32Array,
        Float64Array,
        LibraryPaper,
        NameKind,
        NearDuplicates,
        Organisation,
        Paper,
        PaperName,
        RankedPaper,
        Results,
        Weights,
    )

Found = TypeVar("Found")

_PAGE = 500
"""Papers that iterating over all of them takes at a time."""


class RemoteIndex:
    """An index on a server, open for reading: it has the public methods of `papersearch.Index`.

    It keeps the generation that it opened, as long as the server does: until the second build after
    it. Then a call raises GenerationGone, and `renewed` opens the current one. It is not safe to
    share between threads.
    """

    def __init__(self, asker: Asker, about: About) -> None:
        self._asker = asker
        self._about = about

    @property
    def place(self) -> str:
        """The address of the server, for people."""
        return self._asker.place

    @property
    def path(self) -> Never:
        """The folder of the index, which a server does not tell."""
        raise self._not_served("name the folder")

    @cached_property
    def manifest(self) -> Manifest:
        """The description of this generation: counts, encoder, dumps, files."""
        from papersearch.index.checked_json import encode_checked
        from papersearch.index.manifest import decode_manifest

        result = self._asker.ask(ManifestCall(), self._about)
        try:
            return decode_manifest(encode_checked(result), self.place)  # a file has a checksum, an answer none
        except PapersearchError as error:
            raise self._foreign(error.message) from error

    @cached_property
    def weights(self) -> Weights | None:
        """The weights of hybrid mode that were tuned to judgements; None for the defaults."""
        found: Weights | None = self._ask(WeightsCall())
        return found

    @property
    def encoded(self) -> EncodedShare:
        """How many papers have a vector: all, unless a build was stopped or goes on."""
        return EncodedShare(n_encoded=self._about.n_encoded, n_papers=self._about.n_papers)

    def __len__(self) -> int:
        return self._about.n_papers

    def __repr__(self) -> str:
        return f"<RemoteIndex {self.place!r}: {len(self)} papers>"

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
        instruction: str | None = None,
        rerank: Reranker | None = None,
        filters: Filters = NO_FILTERS,
        **narrowed: Unpack[FilterOptions],
    ) -> Results:
        """Return the `k` papers that answer `query` best, best first, as `Index.search` does.

        A reranker works here, on the texts that the server gives.
        """
        check_arguments(k, mode, sort, rerank, instruction)
        call = SearchCall(
            query=without_surrogates(query),
            k=searched_k(k, rerank),
            mode=mode,
            explain=explain,
            strict=strict,
            late=late,
            literal=literal,
            sort=sort,
            fold=fold,
            facets=facets,
            related=related,
            instruction=None if instruction is None else without_surrogates(instruction),
            filters=chosen_filters(filters, narrowed),
        )
        found: Results = self._ask(call)
        return found if rerank is None else rerank.rerank(found, k)

    def search_many(
        self,
        queries: Iterable[str],
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        late: bool = True,
        literal: bool = True,
        rerank: Reranker | None = None,
        filters: Filters = NO_FILTERS,
        **narrowed: Unpack[FilterOptions],
    ) -> Iterator[Results]:
        """Answer many queries as `search` does, in their order, several in a request."""
        check_arguments(k, mode)
        filters = chosen_filters(filters, narrowed)
        wanted = searched_k(k, rerank)
        for portion in _portions(queries, min(MAX_QUERIES, max(1, MAX_HITS // wanted))):
            call = SearchManyCall(queries=portion, k=wanted, mode=mode, late=late, literal=literal, filters=filters)
            for found in self._as_many(self._ask(call), portion):
                yield found if rerank is None else rerank.rerank(found, k)

    def rank_many(
        self,
        queries: Iterable[str],
        k: int = DEFAULT_K,
        mode: Mode = "hybrid",
        *,
        late: bool = True,
        literal: bool = True,
        weights: Weights | None = None,
        filters: Filters = NO_FILTERS,
        **narrowed: Unpack[FilterOptions],
    ) -> Iterator[list[RankedPaper]]:
        """Yield the ranking of each query as ids and scores: for runs and evaluation."""
        check_arguments(k, mode)
        filters = chosen_filters(filters, narrowed)
        for portion in _portions(queries, MAX_QUERIES):
            call = RankManyCall(
                queries=portion, k=k, mode=mode, late=late, literal=literal, weights=weights, filters=filters
            )
            yield from map(list, self._as_many(self._ask(call), portion))

    def rank_under(
        self,
        settings: Sequence[Weights],
        queries: Iterable[str],
        k: int = DEFAULT_K,
        *,
        literal: bool = True,
    ) -> Iterator[list[tuple[str, ...]]]:
        """Raise NotServed: a server ranks under few weights at a time."""
        raise self._not_served("tune weights")

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
        """Return the `k` papers nearest to those of `like` and far from those of `unlike`."""
        check_arguments(k, "semantic")
        call = SimilarCall(
            like=tuple(map(without_surrogates, like)),
            unlike=tuple(map(without_surrogates, unlike)),
            k=k,
            text=None if text is None else without_surrogates(text),
            filters=chosen_filters(filters, narrowed),
        )
        found: Results = self._ask(call)
        return found

    def recommend(
        self,
        library: Sequence[Paper | LibraryPaper],
        k: int = DEFAULT_K,
        *,
        filters: Filters = NO_FILTERS,
        **narrowed: Unpack[FilterOptions],
    ) -> Results:
        """Return the `k` papers that most resemble a reader's `library`, without those that it has."""
        check_arguments(k, "semantic")
        filters = chosen_filters(filters, narrowed)
        if not library:
            raise LibraryEmpty()
        found: Results = self._ask(RecommendCall(library=as_library(library), k=k, filters=filters))
        return found

    def paper(self, name: str) -> Paper:
        """Return the paper with this id, identifier in any dress, citation key, beginning of an id, or title."""
        found: Paper = self._ask(PaperCall(name=without_surrogates(name)))
        return found

    def look_up(self, names: Sequence[str], by: LookUpBy = "id") -> tuple[str | None, ...]:
        """Return the id of the one paper of each name, several in a request."""
        found: list[str | None] = []
        for portion in _portions(names, MAX_IDS):
            found += self._as_many(self._ask(LookUpCall(names=portion, by=by)), portion)
        return tuple(found)

    def papers(self) -> RemotePapers:
        """Return all papers in paper order, asked for by pages when they are read."""
        return RemotePapers(self)

    def page(self, first: int, n: int) -> tuple[Paper, ...]:
        """Return `n` papers in paper order from number `first` on, or those that there are."""
        found: tuple[Paper, ...] = self._ask(PapersCall(first=first, n=n))
        expected = max(0, min(n, len(self) - first))
        if len(found) != expected:
            raise self._foreign(f"it has {len(found)} papers in place of {expected}")
        return found

    def vectors(self, names: Sequence[str] | None = None) -> Float32Array:
        """Raise NotServed: a server gives no vectors."""
        raise self._not_served("give the vectors of papers")

    def ids_beginning_with(self, prefix: str, limit: int) -> tuple[PaperName, ...]:
        """Return the papers whose id has this prefix, by ascending id: at most `limit`, the last one among them."""
        found: tuple[PaperName, ...] = self._ask(IdsCall(prefix=without_surrogates(prefix), limit=limit))
        return found

    def names_beginning_with(self, kind: NameKind, beginning: str, limit: int) -> tuple[Counted, ...]:
        """Return what completes the beginning of a name, and the number of papers of each: at most `limit`."""
        found: tuple[Counted, ...] = self._ask(
            NamesCall(kind=kind, beginning=without_surrogates(beginning), limit=limit)
        )
        return found

    def counts(self) -> PaperCounts:
        """Count the papers by date, organisation, author, category and host of links."""
        from papersearch.index.counts import PaperCounts

        return self._asker.read(PaperCounts, self._asker.ask(CountsCall(), self._about))

    def near_duplicates(self) -> NearDuplicates:
        """Group the near-duplicates among all papers, by the rule by which `search` folds hits."""
        found: NearDuplicates = self._ask(NearDuplicatesCall())
        return found

    def organisations(self) -> list[Organisation]:
        """Return the organisations of the papers, sorted by handle."""
        return list(self._ask(OrganisationsCall()))

    def findings(self) -> tuple[Finding, ...]:
        """Return what the build could not parse, rewrote or skipped."""
        found: tuple[Finding, ...] = self._ask(FindingsCall())
        return found

    def verify(self) -> list[Fault]:
        """Raise NotServed: only its own machine reads the whole index."""
        raise self._not_served("verify files")

    def is_stale(self, corpus: str | Path | Mapping[str, Path] | None = None) -> bool:
        """Return False: the corpus of an index on a server is not here."""
        return False

    def is_current(self) -> bool:
        """Tell whether no build has published another generation since this one was opened."""
        return self._asker.current() == self._about

    def renewed(self) -> RemoteIndex:
        """Return the index as it is published now: this one, or another where a build has replaced it."""
        current = self._asker.current()
        return self if current == self._about else RemoteIndex(self._asker, current)

    def keyword_scores(self, query: str) -> Float64Array:
        """Raise NotServed: a server gives no scores of all papers."""
        raise self._not_served("give the scores of all papers")

    def _ask(self, call: Call) -> Any:
        """Return the result of a call as values."""
        return self._asker.read(RESULTS[type(call)], self._asker.ask(call, self._about))

    def _as_many(self, found: Sequence[Found], queries: Sequence[str]) -> Sequence[Found]:
        if len(found) != len(queries):
            raise self._foreign(f"it has {len(found)} answers to {len(queries)} queries")
        return found

    def _foreign(self, cause: str) -> ServerForeign:
        return ServerForeign(address=self.place, cause=cause)

    def _not_served(self, what: str) -> NotServed:
        return NotServed(address=self.place, what=what)


def open_remote(address: str, waited: float = 0.0) -> RemoteIndex:
    """Open the index at an address, with the token of the environment. Raises ServerError.

    waited: seconds for which the user has waited already; the first answer is waited for that much less
    """
    asker = Asker(parse_address(address), find_token(), waited)
    return RemoteIndex(asker, asker.current())


class RemotePapers(Sequence["Paper"]):
    """All papers of an index on a server, in paper order."""

    def __init__(self, index: RemoteIndex) -> None:
        self._index = index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, doc_idx: int) -> Paper:  # type: ignore[override]  # no slices
        if not 0 <= doc_idx < len(self):
            raise IndexError(doc_idx)
        return self._index.page(doc_idx, 1)[0]

    def __iter__(self) -> Iterator[Paper]:
        for first in range(0, len(self), _PAGE):
            yield from self._index.page(first, _PAGE)


def _portions(queries: Iterable[str], most: int) -> Iterator[tuple[str, ...]]:
    """Yield the queries in order, as many together as one request may have."""
    portion: list[str] = []
    size = 0
    for query in map(without_surrogates, queries):
        length = 8 * len(query)  # more than JSON makes of it
        if portion and (len(portion) >= most or size + length > MAX_BODY_BYTES):
            yield tuple(portion)
            portion, size = [], 0
        portion.append(query)
        size += length
    if portion:
        yield tuple(portion)
