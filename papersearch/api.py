"""The public interface: open an index and search it, build one, go back to the previous build.

    import papersearch

    papersearch.build("corpus", "index")
    index = papersearch.open("index")
    for hit in index.search("pipeline bubbles", since="2024", has_code=True):
        print(hit.rank, hit.score, hit.paper.title)

`search.pipeline` orders the steps of a query. Here queries are parsed and encoded, and errors of
damaged files become `IndexDamaged`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

import numpy as np

from papersearch.errors import (
    IndexDamaged,
    IndexMissing,
    LibraryEmpty,
    ModelError,
    NothingEncoded,
    NothingToCompare,
)
from papersearch.index.collection import Collection, open_collection
from papersearch.index.manifest import Manifest
from papersearch.index.opened import OpenedIndex, analyzer_of
from papersearch.remote.addresses import address_in, refuse_address
from papersearch.search.papers import Papers, find, look_up
from papersearch.search.pipeline import answer, retrieve
from papersearch.search.request import (
    DEFAULT_K,
    Request,
    as_library,
    check_arguments,
    chosen_filters,
    names_papers,
    searched_k,
)
from papersearch.search.shard import Shard
from papersearch.search.shards import Owned, Shards, in_process
from papersearch.text.cleaning import clean_text
from papersearch.text.query import Query, may_identify, parse_query
from papersearch.types import (
    NO_FILTERS,
    Counted,
    DumpProgress,
    EncodedShare,
    FilterOptions,
    Filters,
    Finding,
    LibraryPaper,
    LookUpBy,
    Mode,
    NameKind,
    NearDuplicates,
    Note,
    Organisation,
    Paper,
    PaperName,
    RankedPaper,
    Results,
    Sort,
    Weights,
)
from papersearch.values import fields_of

if TYPE_CHECKING:
    from papersearch.dense.late import Encoded
    from papersearch.index.counts import PaperCounts
    from papersearch.index.joining import JoinReport
    from papersearch.index.parts import PartReport
    from papersearch.index.report import BuildReport, Progress
    from papersearch.index.verification import Fault
    from papersearch.search.protocol import Call
    from papersearch.search.reranking import Reranker
    from papersearch.types import Float32Array, Float64Array

_BATCH = 256
"""Queries encoded together."""


class Index:
    """A built index, open for reading. Arrays are memory-mapped; opening reads none of them whole.

    An index keeps the generation that it opened: a build published later does not change its
    answers. It is not safe to share between threads.
    """

    def __init__(self, collection: Collection, call: Call | None = None) -> None:
        """Search the shards of a collection: in this process, or over the transport `call`."""
        self._collection = collection
        self._analyzer = analyzer_of(self.manifest, self.path)
        self._indexes = [OpenedIndex(generation, self._analyzer) for generation in collection.generations]
        shards = list(map(Shard, self._indexes, collection.numbers))
        self._shards = Shards(call or in_process(shards), self._indexes, self.manifest, self.path)

    @property
    def manifest(self) -> Manifest:
        """The description of this generation: counts, encoder, dumps, files."""
        return self._collection.manifest

    @property
    def weights(self) -> Weights | None:
        """The weights of hybrid mode that were tuned to judgements; None for the defaults."""
        return self._collection.weights

    @property
    def path(self) -> Path:
        """The folder of the index."""
        return self._collection.path

    @property
    def place(self) -> str:
        """The folder of the index, or the address of its server, for people."""
        return str(self.path)

    @property
    def encoded(self) -> EncodedShare:
        """How many papers have a vector: all, unless a build was stopped or goes on."""
        return self._shards.encoded_share

    @property
    def _opened(self) -> OpenedIndex:
        """The only shard."""
        [opened] = self._indexes
        return opened

    def __len__(self) -> int:
        return self.manifest.n_papers

    def __repr__(self) -> str:
        encoder = self.manifest.encoder.name if self.manifest.encoder else "words only"
        return f"<Index {str(self.path)!r}: {len(self)} papers, {encoder}>"

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
        """Return the `k` papers that answer `query` best, best first.

        A query that is an identifier (an arXiv id, DOI or address of a paper, in any dress) is looked up:
        the answer has that paper alone, or none. So is one word that no paper uses, as an id or citation
        key. A paper whose whole title is the query comes first in every mode. Ties keep paper order, so
        the same index and query always give the same answer. Where the encoder cannot be loaded
        or no paper is encoded yet, BM25 answers alone and `mode_used` says so. While only some papers
        are encoded, hybrid mode ranks the others by their words, and semantic mode leaves them out;
        `encoded` in the results says how many are.

        A query with nothing but conditions, such as `author:doe`, or an empty one with filters lists the
        papers that meet them, the newest first and without scores.

        explain: tell for each hit how its score was made
        strict: leave out papers that answer weakly
        late: use late interaction, if the index has what it needs
        literal: read quotation marks, dashes, fields such as `author:`, operators and identifiers as plain text
        sort: "date" shows the newest first, of the best 100 (or `k`) that answer better than weakly;
            papers without a date come last
        fold: put near-duplicates under the best of them
        facets: count the papers that answer
        related: offer terms that narrow the search
        instruction: what the model is told to do with this query, for models that take an instruction
        rerank: a cross-encoder that puts the first hits into the order of its scores
        filters: restrict the papers before the cutoff; the fields of `Filters` are keywords too, as
            in `since="2025", has_code=True`

        Raises QueryError for a query or filter that cannot be read or an instruction that has no place,
        NothingEncoded for semantic mode before any paper is encoded, RerankerUnusable, and TypeError for
        `filters` beside its keywords.
        """
        check_arguments(k, mode, sort, rerank, instruction)
        filters = chosen_filters(filters, narrowed)
        wanted = searched_k(k, rerank)
        how = Request(wanted, mode, mode, None, late, explain, strict, filters, sort, fold, facets, related)
        how = how._replace(tuned=self.weights)
        prefix = None if instruction is None else self._shards.prefix_with(instruction)
        found = None if literal else self._looked_up(query, how)
        if found is None:
            parsed = self._parsed(query, literal, filters)
            with self._reading():
                mode_used, (encoded,), reason = self._encode([parsed], mode, prefix)
                how = how._replace(mode_used=mode_used, reason=reason, looks_up=not literal)
                found = answer(parsed, encoded, how, self._shards)
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
        """Answer many queries as `search` does, in their order, encoded many at a time."""
        check_arguments(k, mode)
        filters = chosen_filters(filters, narrowed)
        wanted = searched_k(k, rerank)
        request = Request(wanted, mode, mode, None, late, filters=filters, tuned=self.weights)
        waiting = iter(queries)
        while chunk := list(islice(waiting, _BATCH)):
            found = [None if literal else self._looked_up(query, request) for query in chunk]
            words = (query for query, results in zip(chunk, found, strict=True) if results is None)
            prepared = self._prepared(words, wanted, mode, late, literal, filters)
            for results in found:
                if results is None:
                    parsed, encoded, how = next(prepared)
                    with self._reading():
                        results = answer(parsed, encoded, how._replace(looks_up=not literal), self._shards)
                yield results if rerank is None else rerank.rerank(results, k)

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
        """Yield the ranking of each query as ids and scores, without reading papers: for runs and evaluation.

        weights: those of hybrid mode, in place of the ones in force; `DEFAULT_WEIGHTS` are those without tuning
        """
        filters = chosen_filters(filters, narrowed)
        if weights is not None:
            from papersearch.index.weights import checked_weights  # for evaluation alone

            weights = checked_weights(fields_of(weights))
        for parsed, encoded, how in self._prepared(queries, k, mode, late, literal, filters, weights):
            if not parsed.plain:
                from papersearch.search.listing import newest_ids  # most queries have words

                with self._reading():
                    ranked = newest_ids(parsed, how, self._shards)
                yield ranked
                continue
            with self._reading():
                found = retrieve(parsed, encoded, how, self._shards, judged=False)
                ids = self._shards.each("paper_ids", found.owned(found.order))
                pairs = zip(ids, found.scores.tolist(), strict=True)
                ranked = [RankedPaper(paper_id=paper_id, score=score) for paper_id, score in pairs]
            yield ranked

    def rank_under(
        self,
        settings: Sequence[Weights],
        queries: Iterable[str],
        k: int = DEFAULT_K,
        *,
        literal: bool = True,
    ) -> Iterator[list[tuple[str, ...]]]:
        """Yield for each query the ids of the first `k` papers of hybrid mode under each of `settings`.

        What they have in common is computed once. Raises ModelError.
        """
        from papersearch.search.weighing import ids_under  # for tuning alone

        check_arguments(k, "hybrid")
        how = Request(k, "hybrid", "hybrid", None, late=True)
        waiting = iter(queries)
        while chunk := list(islice(waiting, _BATCH)):
            parsed = [self._parsed(query, literal, NO_FILTERS) for query in chunk]
            with self._reading():
                encoded = self._encoded(parsed)
            for query, one in zip(parsed, encoded, strict=True):
                with self._reading():
                    ranked = ids_under(settings, query, one, how, self._shards)
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
        """Return the `k` papers nearest to those of `like` and far from those of `unlike`.

        Papers are named as for `paper`; the examples themselves are left out. `text` is an abstract
        that is not in the index, and counts as one more example. Where it is the only example and
        no paper resembles it, the verdict is weak. `filters` and their keywords are as in `search`.

        Raises QueryError without any example, PaperLookupError and ModelError.
        """
        check_arguments(k, "semantic")
        filters = chosen_filters(filters, narrowed)
        text = clean_text(text or "")
        if not like and not text:
            raise NothingToCompare()
        from papersearch.search.similar import find_similar  # not for a query

        with self._reading():
            liked, unliked = (list(map(clean_text, names)) for names in (like, unlike))
            return find_similar(liked, unliked, text, k, filters, self._shards)

    def recommend(
        self,
        library: Sequence[Paper | LibraryPaper],
        k: int = DEFAULT_K,
        *,
        filters: Filters = NO_FILTERS,
        **narrowed: Unpack[FilterOptions],
    ) -> Results:
        """Return the `k` papers that most resemble a reader's `library`, without those that it has.

        Each hit's `library_match` is the paper of the library that is nearest to it. `score` is a
        soft maximum of the likenesses to all of them, at most 1. `filters` and their keywords are as
        in `search`. Papers of the library that the collection does not have are encoded now.

        Raises QueryError for an empty library, and ModelError.
        """
        check_arguments(k, "semantic")
        filters = chosen_filters(filters, narrowed)
        if not library:
            raise LibraryEmpty()
        from papersearch.search.library import find_for_library  # not for a query

        with self._reading():
            return find_for_library(as_library(library), k, filters, self._shards)

    def paper(self, name: str) -> Paper:
        """Return the paper with this id, identifier in any dress, citation key, beginning of an id, or title.

        Raises PaperLookupError, or AmbiguousPaper with the candidates.
        """
        with self._reading():
            [paper] = self._shards.papers(find(clean_text(name), self._shards))
            return paper

    def look_up(self, names: Sequence[str], by: LookUpBy = "id") -> tuple[str | None, ...]:
        """Return the id of the one paper of each name: for many names of one kind at once.

        by: whole ids; identifiers, such as arXiv ids and DOIs, in any dress; or titles, of which case,
            spaces and punctuation do not count

        None is for a name of no paper or of several.
        """
        with self._reading():
            return tuple(look_up(list(map(clean_text, names)), by, self._shards))

    def papers(self) -> Papers:
        """Return all papers in paper order; each is read from disk on access."""
        return Papers(self._shards)

    def vectors(self, names: Sequence[str] | None = None) -> Float32Array:
        """Return the vectors of papers, all in paper order or those with these names: (K, D) unit rows.

        A paper without a vector has zeros; D is 0 where no paper has one. Raises PaperLookupError.
        """
        with self._reading():
            if names is None:
                asked = self._shards.holding(np.arange(len(self)))
            else:
                asked = Owned.joined([find(clean_text(name), self._shards) for name in names])
            found = self._shards.vectors(asked)
        if not np.isfinite(found).all():
            raise IndexDamaged(path=self.path, file=None, fault="has a vector with a part that is not a number")
        return found

    def ids_beginning_with(self, prefix: str, limit: int) -> tuple[PaperName, ...]:
        """Return the papers whose id has this prefix, by ascending id: at most `limit`, the last one among them."""
        with self._reading():
            found = self.papers().beginning_with(prefix, limit)
            numbers = np.array([number for _, number in found], dtype=np.int64)
            return self._shards.named(self._shards.holding(numbers))

    def names_beginning_with(self, kind: NameKind, beginning: str, limit: int) -> tuple[Counted, ...]:
        """Return what completes the beginning of a name, and the number of papers of each: at most `limit`.

        Authors are completed by family names, categories by themselves and those above them, and venues by
        words of their names; all but categories come in small letters without accents.
        """
        from papersearch.search.names import completed  # not for a query

        with self._reading():
            return completed(kind, clean_text(beginning), limit, self._shards)

    def counts(self) -> PaperCounts:
        """Count the papers by date, organisation, author, category and host of links. Reads every paper."""
        from papersearch.index.counts import count_papers

        with self._reading():
            return count_papers(self.papers())

    def near_duplicates(self) -> NearDuplicates:
        """Group the near-duplicates among all papers, by the rule by which `search` folds hits.

        In paper order, a paper joins the first group whose first paper is a near-duplicate. Papers
        without a vector are not compared. Compares every paper with every other one.
        """
        from papersearch.search.duplicates import find_near_duplicates

        vectors = self.vectors()
        with self._reading():
            return find_near_duplicates(vectors, self._shards)

    def organisations(self) -> list[Organisation]:
        """Return the organisations of the papers, sorted by handle."""
        with self._reading():
            return self._shards.organisations()

    def findings(self) -> tuple[Finding, ...]:
        """Return what the build could not parse, rewrote or skipped."""
        return self._collection.findings()

    def verify(self) -> list[Fault]:
        """Return every fault of the files, the arrays and the model. Reads the whole index."""
        return self._collection.verify()

    def is_current(self) -> bool:
        """Tell whether no build has published another generation since this one was opened."""
        return self._collection.is_current()

    def is_stale(self, corpus: str | Path | Mapping[str, Path] | None = None) -> bool:
        """Tell whether the dumps in the corpus differ from those the index was built from.

        corpus: the folder of the dumps, if it has moved, or folders by the names of collections. The answer
        is False for another folder, and for an index of single dumps.
        """
        from papersearch.index.staleness import corpus_of, is_stale

        found = corpus_of(self.manifest, self.path) if corpus is None else corpus
        if found is None:
            return False
        return is_stale(self.manifest, self.path, Path(found) if isinstance(found, str) else found)

    def renewed(self) -> Index:
        """Return the index as it is published now: this one, or another where a build has replaced it."""
        return self if self._collection.is_current() else open(self.path)

    def keyword_scores(self, query: str) -> Float64Array:
        """Return BM25 of every paper, (N,), equal to `rank_bm25`'s `get_scores` for the query's terms."""
        scores = np.zeros(len(self))
        with self._reading():
            for numbers, found in self._shards.every("scores", parse_query(query, self._analyzer).terms):
                scores[numbers] = found
        return scores

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn errors of a damaged file into IndexDamaged: opening checks sizes and shapes alone."""
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
        filters: Filters,
        weights: Weights | None = None,
    ) -> Iterator[tuple[Query, Encoded | None, Request]]:
        """Parse and encode the queries, many at a time."""
        check_arguments(k, mode)
        waiting = iter(queries)
        while chunk := list(islice(waiting, _BATCH)):
            parsed = [self._parsed(query, literal, filters) for query in chunk]
            with self._reading():
                mode_used, encoded, reason = self._encode(parsed, mode)
            how = Request(k, mode, mode_used, reason, late, filters=filters, tuned=weights or self.weights)
            yield from ((query, vector, how) for query, vector in zip(parsed, encoded, strict=True))

    def _parsed(self, query: str, literal: bool, filters: Filters) -> Query:
        """Parse a query; one that is a paper's whole title, operators and fields included, is plain words."""
        parsed = parse_query(query, self._analyzer, literal=literal, may_be_empty=names_papers(filters))
        if not literal and may_identify(parsed.text):
            from papersearch.search.identified import without_mentioned  # few queries have identifiers

            with self._reading():
                parsed = without_mentioned(parsed, self._shards)
        if not (parsed.is_operated or parsed.fields):
            return parsed
        with self._reading():
            is_title = self._shards.has_title(parsed.title_key)
        if not is_title:
            return parsed
        note = Note(kind="title", part=parsed.text, message="the query is a title: it is read as words")
        return parse_query(query, self._analyzer, literal=True)._replace(notes=(note,))

    def _looked_up(self, query: str, how: Request) -> Results | None:
        """Answer a query that is an identifier as a whole; return None for any other query."""
        text = clean_text(query)
        if not may_identify(text):
            return None
        from papersearch.search.identified import answer_looked_up, look_up_query

        with self._reading():
            found = look_up_query(text, self._shards)
            return None if found is None else answer_looked_up(found, how, self._shards)

    def _encode(
        self, queries: Sequence[Query], mode: Mode, prefix: str | None = None
    ) -> tuple[Mode, Sequence[Encoded | None], str | None]:
        """Return the mode used, each query encoded if the mode needs it, and why the mode differs.

        prefix: as for `_encoded`
        """
        nothing = [None] * len(queries)
        if mode == "keyword" or not any(query.plain for query in queries):
            return mode, nothing, None
        try:
            return mode, self._encoded(queries, prefix), None
        except NothingEncoded as error:
            if mode == "semantic":
                raise
            return "keyword", nothing, error.message
        except ModelError as error:
            return "keyword", nothing, error.message

    def _encoded(self, queries: Sequence[Query], prefix: str | None = None) -> Sequence[Encoded]:
        """Encode queries. Raises ModelError.

        prefix: what goes before the queries; None for the index's own
        """
        return self._shards.encoder.encode_many([query.plain for query in queries], prefix)


def open(path: str | Path = "index") -> Index:
    """Open the index in the folder `path`, or at an address: "http://HOST:PORT".

    An index on a server has the same public methods, answers from there, and asks with the token in
    the environment (docs/serve.md). Raises StoredIndexError if a folder cannot be used, and
    ServerError if a server cannot.
    """
    if (address := address_in(path)) is not None:
        from papersearch.remote.index import open_remote

        return cast(Index, open_remote(address))
    return Index(open_collection(Path(path)))


def build(
    corpus: str | Path | Sequence[str | Path] | Mapping[str, str | Path],
    index_path: str | Path,
    *,
    known_from: Sequence[str | Path] = (),
    model: str | None = None,
    query_prefix: str | None = None,
    paper_prefix: str | None = None,
    device: str | None = None,
    late: bool | None = None,
    abstracts_only: bool | None = None,
    language: str | None = None,
    full: bool = False,
    words_only: bool = False,
    most_texts: int | None = None,
    dry_run: bool = False,
    progress: Progress = lambda step, done, total: None,
    reading: DumpProgress = lambda dump, done, total: None,
    announce: Callable[[str], None] = lambda message: None,
) -> BuildReport:
    """Bring the index at `index_path` up to date with `corpus`, a folder or single dumps.

    corpus: or folders by the names of collections, whose papers are then ranked as those of one index
    known_from: other indexes, whose encodings and times of papers are taken over
    model: a sentence-transformers model, by folder or name; None for the packaged one
    query_prefix, paper_prefix: what goes before each query and paper, for models that were trained
        with it; None takes what the model's files or its known card name
    device: a device of torch, on which sentence-transformers encodes; None takes a graphics
        processor if there is one, and else encodes in numpy
    late: keep what late interaction needs; None keeps it for up to `dense.late.MAX_PAPERS` papers
    abstracts_only: leave out papers without abstract; None does as the present index, whose manifest
        keeps the choice, and else keeps them
    language: the language of the papers, by its code ("de"), or several ("en,de"), of which each paper is
        in the one whose stop words it has; None does as the present index, or else takes English
    full: ignore the present index, except these two choices
    words_only: load no model and encode nothing; a later build goes on with the rest
    most_texts: do the same if more texts than this would have to be encoded
    dry_run: only report what would change
    progress: called at each step with (step, done, total)
    reading: called with a dump's name, the bytes of it that are read, and its size
    announce: called with each message for the user

    Waits while another build of the same index runs. Sets no environment variable, and leaves log
    levels and progress bars as they were; torch and its companions set some when they are imported.
    Raises CorpusError, ModelError or StoredIndexError, and ValueError for an unknown language. After an
    error the present index is unchanged, and the next build reuses the texts encoded so far.
    """
    refuse_address(index_path, "build an index")
    from papersearch.index.build import build as bring_up_to_date  # the parsers and more: not for a query

    return bring_up_to_date(
        corpus,
        index_path,
        known_from=known_from,
        model=model,
        query_prefix=query_prefix,
        paper_prefix=paper_prefix,
        device=device,
        late=late,
        abstracts_only=abstracts_only,
        language=language,
        full=full,
        words_only=words_only,
        most_texts=most_texts,
        dry_run=dry_run,
        progress=progress,
        reading=reading,
        announce=announce,
    )


def build_part(
    corpus: str | Path | Sequence[str | Path],
    index_path: str | Path,
    number: int,
    n_parts: int,
    *,
    model: str | None = None,
    query_prefix: str | None = None,
    paper_prefix: str | None = None,
    device: str | None = None,
    late: bool | None = None,
    abstracts_only: bool = False,
    language: str = "en",
    full: bool = False,
    progress: Progress = lambda step, done, total: None,
    reading: DumpProgress = lambda dump, done, total: None,
    announce: Callable[[str], None] = lambda message: None,
) -> PartReport:
    """Build part `number` of `n_parts` of the index at `index_path`, on any machine that has both folders.

    Parts are numbered from 1; each takes a run of the dumps. All parts need the same arguments, which
    are otherwise those of `build`. A part that is up to date is left as it is; one that was
    interrupted goes on. When all parts are built, `join_parts` makes an index of them.

    Raises CorpusError, ModelError or StoredIndexError, and ValueError for a part that cannot be.
    """
    refuse_address(index_path, "build a part")
    from papersearch.index.parts import PartRequest, Watch
    from papersearch.index.parts import build_part as build_one

    request = PartRequest.of(
        corpus,
        index_path=str(index_path),
        number=number,
        n_parts=n_parts,
        model=model,
        query_prefix=query_prefix,
        paper_prefix=paper_prefix,
        device=device,
        late=late,
        abstracts_only=abstracts_only,
        language=language,
        full=full,
    )
    return build_one(request, Watch(progress, reading, announce))


def join_parts(
    index_path: str | Path,
    *,
    corpus: str | Path | Sequence[str | Path] | None = None,
    device: str | None = None,
    full: bool = False,
    progress: Progress = lambda step, done, total: None,
    announce: Callable[[str], None] = lambda message: None,
) -> JoinReport:
    """Join the parts of the index at `index_path`, and publish it: as many shards as there are parts.

    The shards together are the index that `build` would make of the whole corpus. The index before
    answers until the last moment, and after every error.

    corpus: where it is now, if the parts found it elsewhere
    device: as for `build`; few texts are encoded, of papers whose appearances several parts have
    full: join again even if nothing has changed

    Raises PartUnusable, CorpusError, ModelError or StoredIndexError.
    """
    refuse_address(index_path, "join parts")
    from papersearch.index.build_request import places_of
    from papersearch.index.joining import join
    from papersearch.index.parts import Watch

    places = None if corpus is None else places_of(corpus)[0]
    watch = Watch(progress=progress, announce=announce)
    return join(index_path, places=places, full=full, device=device, watch=watch)


def rollback(path: str | Path, *, announce: Callable[[str], None] = lambda message: None) -> Manifest:
    """Make the previous build current again, and return its manifest.

    Waits while a build of the same index runs, after telling `announce`. Raises StoredIndexError.
    """
    from papersearch.index import generations
    from papersearch.index.locking import writing

    refuse_address(path, "roll back")
    path = Path(path)
    if not path.is_dir():
        raise IndexMissing(path=path)
    with writing(path, announce):
        if generations.has_shards(path):
            from papersearch.index.shards import roll_back_shards

            roll_back_shards(path)
            return open_collection(path).manifest
        return generations.rollback(path)
