"""The calls of a served index, the kinds of their answers, and their limits. docs/serve.md lists them.

A call is a POST of a JSON object to `/v1/VERB`. Headers carry the client's release and index format,
the generation that it has opened, and the seconds for which it waits. The answer is an object with
`about`, which describes the generation that answered, and `result`.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from papersearch.errors import LimitExceeded
from papersearch.types import (
    NAME_KINDS,
    NO_FILTERS,
    Count,
    Counted,
    Filters,
    Finding,
    LibraryPaper,
    LookUpBy,
    Mode,
    NameKind,
    NearDuplicates,
    Organisation,
    Paper,
    PaperName,
    RankedPaper,
    Results,
    Sort,
    Weights,
)
from papersearch.values import Value, fields_of

PREFIX = "/v1/"

RELEASE_HEADER = "Papersearch-Release"
FORMAT_HEADER = "Papersearch-Format"
GENERATION_HEADER = "Papersearch-Generation"
PATIENCE_HEADER = "Papersearch-Patience"

GENERATION = re.compile(r"[0-9A-Za-z._-]{1,100}")
"""The form of a generation's name, which headers carry."""

MAX_BODY_BYTES = 1 << 20
MAX_K = 1_000
MAX_RANKED = 10_000
"""Greatest k of `rank_many`, whose answers have ids and scores alone."""

MAX_QUERIES = 64
MAX_HITS = 2_000
"""Greatest product of k and queries in a call with whole papers."""

MAX_TEXT = 100_000
MAX_NAME = 10_000
MAX_NAMES = 1_000
MAX_LIBRARY = 2_000
MAX_IDS = 10_000
"""Greatest number of papers that a call searches within or without, and of names that it looks up."""
MAX_COMPARED = 100_000
"""Greatest number of papers that are compared with each other: the time grows with its square."""
MAX_SEARCHED = 100
"""Greatest number of names for each of which the names of an index are searched."""


class AboutCall(Value):
    """A question for the current generation."""


class SearchCall(Value):
    """The arguments of `Index.search`."""

    query: str
    k: int
    mode: Mode
    explain: bool = False
    strict: bool = False
    late: bool = True
    literal: bool = False
    sort: Sort = "relevance"
    fold: bool = False
    facets: bool = False
    related: bool = False
    instruction: str | None = None
    filters: Filters = NO_FILTERS


class SearchManyCall(Value):
    """The arguments of `Index.search_many`."""

    queries: tuple[str, ...]
    k: int
    mode: Mode
    late: bool = True
    literal: bool = True
    filters: Filters = NO_FILTERS


class RankManyCall(Value):
    """The arguments of `Index.rank_many`."""

    queries: tuple[str, ...]
    k: int
    mode: Mode
    late: bool = True
    literal: bool = True
    weights: Weights | None = None
    filters: Filters = NO_FILTERS


class SimilarCall(Value):
    """The arguments of `Index.similar`."""

    like: tuple[str, ...]
    unlike: tuple[str, ...]
    k: int
    text: str | None = None
    filters: Filters = NO_FILTERS


class RecommendCall(Value):
    """The arguments of `Index.recommend`."""

    library: tuple[LibraryPaper, ...]
    k: int
    filters: Filters = NO_FILTERS


class PaperCall(Value):
    """The argument of `Index.paper`."""

    name: str


class LookUpCall(Value):
    """The arguments of `Index.look_up`."""

    names: tuple[str, ...]
    by: LookUpBy = "id"


class PapersCall(Value):
    """A question for `n` papers in paper order, from number `first` on."""

    first: Count
    n: Count


class IdsCall(Value):
    """The arguments of `Index.ids_beginning_with`."""

    prefix: str
    limit: Count


class NamesCall(Value):
    """The arguments of `Index.names_beginning_with`."""

    kind: NameKind
    beginning: str
    limit: Count


class OrganisationsCall(Value):
    """A question for all organisations."""


class FindingsCall(Value):
    """A question for the findings of the build."""


class CountsCall(Value):
    """A question for the counts of papers."""


class NearDuplicatesCall(Value):
    """A question for the near-duplicates among all papers."""


class ManifestCall(Value):
    """A question for the manifest."""


class WeightsCall(Value):
    """A question for the tuned weights."""


Call: TypeAlias = (
    AboutCall
    | SearchCall
    | SearchManyCall
    | RankManyCall
    | SimilarCall
    | RecommendCall
    | PaperCall
    | LookUpCall
    | PapersCall
    | IdsCall
    | NamesCall
    | OrganisationsCall
    | FindingsCall
    | CountsCall
    | NearDuplicatesCall
    | ManifestCall
    | WeightsCall
)

VERBS: dict[str, type[Call]] = {
    "about": AboutCall,
    "search": SearchCall,
    "search-many": SearchManyCall,
    "rank-many": RankManyCall,
    "similar": SimilarCall,
    "recommend": RecommendCall,
    "paper": PaperCall,
    "look-up": LookUpCall,
    "papers": PapersCall,
    "ids": IdsCall,
    "names": NamesCall,
    "organisations": OrganisationsCall,
    "findings": FindingsCall,
    "counts": CountsCall,
    "near-duplicates": NearDuplicatesCall,
    "manifest": ManifestCall,
    "weights": WeightsCall,
}
VERB_OF: dict[type[Call], str] = {call: verb for verb, call in VERBS.items()}

RESULTS: dict[type[Call], Any] = {
    SearchCall: Results,
    SearchManyCall: tuple[Results, ...],
    RankManyCall: tuple[tuple[RankedPaper, ...], ...],
    SimilarCall: Results,
    RecommendCall: Results,
    PaperCall: Paper,
    LookUpCall: tuple[str | None, ...],
    PapersCall: tuple[Paper, ...],
    IdsCall: tuple[PaperName, ...],
    NamesCall: tuple[Counted, ...],
    OrganisationsCall: tuple[Organisation, ...],
    FindingsCall: tuple[Finding, ...],
    NearDuplicatesCall: NearDuplicates,
    WeightsCall: Weights | None,
}
"""The kind of each answer. `about` has no result, and the client reads manifest and counts by their
own modules, which a query does not import."""

WHOLE = frozenset({OrganisationsCall, FindingsCall, CountsCall, NearDuplicatesCall, ManifestCall, WeightsCall})
"""The calls without arguments, whose answers depend on the generation alone."""

LONG = frozenset(
    {
        SearchManyCall,
        RankManyCall,
        RecommendCall,
        FindingsCall,
        CountsCall,
        NearDuplicatesCall,
        PapersCall,
        ManifestCall,
    }
)
"""The calls of many queries, texts or papers, which are waited for longer."""


class About(Value):
    """One generation of a served index.

    release: of papersearch on the server
    format: of the index
    generation: a name of this publication, which no other one has
    build: the number of its build
    """

    release: str
    format: Count
    generation: str
    build: Count
    n_papers: Count
    n_encoded: Count


def check_limits(call: Call) -> None:
    """Raise LimitExceeded for a call that asks for too much, and ValueError for one that asks for nothing."""
    fields = fields_of(call)
    queries = fields.get("queries", ("",))
    k = fields.get("k", fields.get("n", fields.get("limit", 1)))
    _at_most("queries in one call", len(queries), MAX_QUERIES)
    _at_most("papers", k, MAX_RANKED if isinstance(call, RankManyCall) else MAX_K)
    if isinstance(call, SearchManyCall):
        _at_most("papers in one call", k * len(queries), max(MAX_HITS, k))
    library: tuple[LibraryPaper, ...] = fields.get("library", ())
    _at_most("papers of a library", len(library), MAX_LIBRARY)
    of_library = (one.title + one.abstract for one in library)
    for text in (fields.get("query"), fields.get("text"), fields.get("instruction"), *queries, *of_library):
        _at_most("characters of text", len(text or ""), MAX_TEXT)
    names = [*fields.get("like", ()), *fields.get("unlike", ())]
    names += [fields.get(one, "") for one in ("name", "prefix", "beginning")]
    ids = list(fields.get("names", ()))
    if (filters := fields.get("filters")) is not None:
        searched = [name for kind in NAME_KINDS for name in getattr(filters, kind)]
        _at_most("authors, categories and venues", len(searched), MAX_SEARCHED)
        names += searched
        dates = (filters.since, filters.until, filters.added_since)
        names += [*filters.organisations, *filters.dumps, *(one or "" for one in dates)]
        ids += [*(filters.within or ()), *(filters.without or ())]
    _at_most("names", len(names), MAX_NAMES)
    _at_most("papers to search among or to look up", len(ids), MAX_IDS)
    _at_most("characters of a name", max(map(len, (*names, *ids))), MAX_NAME)
    if k < 1:
        raise ValueError(f"expected k of at least 1, found {k}")


def _at_most(what: str, n_found: int, limit: int) -> None:
    if n_found > limit:
        raise LimitExceeded(what=what, n_found=n_found, limit=limit)
