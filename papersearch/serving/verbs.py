"""The calls of the application, each carried out on an open index."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from papersearch.errors import LimitExceeded
from papersearch.index.manifest import encode_manifest
from papersearch.remote.calls import (
    MAX_COMPARED,
    AboutCall,
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
from papersearch.values import fields_of

if TYPE_CHECKING:
    from papersearch.api import Index
    from papersearch.types import NearDuplicates, Paper


def perform(index: Index, call: Call) -> bytes:
    """Carry out a call, and return its result in JSON. Raises PapersearchError."""
    if isinstance(call, ManifestCall):
        return encode_manifest(index.manifest)
    return orjson.dumps(_RESULTS[type(call)](index, call), default=fields_of)


def _near_duplicates(index: Index, call: NearDuplicatesCall) -> NearDuplicates:
    if len(index) > MAX_COMPARED:
        raise LimitExceeded(what="papers to compare with each other", n_found=len(index), limit=MAX_COMPARED)
    return index.near_duplicates()


def _papers(index: Index, call: PapersCall) -> list[Paper]:
    papers = index.papers()
    return [papers[place] for place in range(call.first, min(call.first + call.n, len(papers)))]


_RESULTS: dict[type[Call], Callable[[Index, Any], Any]] = {
    AboutCall: lambda index, call: None,
    SearchCall: lambda index, call: index.search(**fields_of(call)),
    SearchManyCall: lambda index, call: list(index.search_many(**fields_of(call))),
    RankManyCall: lambda index, call: list(index.rank_many(**fields_of(call))),
    SimilarCall: lambda index, call: index.similar(**fields_of(call)),
    RecommendCall: lambda index, call: index.recommend(**fields_of(call)),
    PaperCall: lambda index, call: index.paper(call.name),
    LookUpCall: lambda index, call: index.look_up(call.names, call.by),
    PapersCall: _papers,
    IdsCall: lambda index, call: index.ids_beginning_with(call.prefix, call.limit),
    NamesCall: lambda index, call: index.names_beginning_with(call.kind, call.beginning, call.limit),
    OrganisationsCall: lambda index, call: index.organisations(),
    FindingsCall: lambda index, call: index.findings(),
    CountsCall: lambda index, call: index.counts(),
    NearDuplicatesCall: _near_duplicates,
    WeightsCall: lambda index, call: index.weights,
}
