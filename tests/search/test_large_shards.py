"""What a large shard costs: memory in proportion to its papers, and answers that do not grow with it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from papersearch.api import Index
from papersearch.index.collection import Collection
from papersearch.index.generations import open_current
from papersearch.index.opened import OpenedIndex
from papersearch.search.candidates import open_query
from papersearch.search.facets import facets_of
from papersearch.search.protocol import BestOf, CountOf, NearestOf
from papersearch.search.request import Request
from papersearch.search.shard import Shard
from papersearch.text.analysis import Analyzer
from papersearch.text.query import parse_query
from papersearch.types import MODES, Filters
from tests.memory import peak_of, with_peak
from tests.search.cutting import Grown

pytestmark = pytest.mark.slow

BYTES_A_PAPER = 150
BYTES_A_NAME = 12
QUERIES = [
    "model training",
    "moe LLM GAN RAG routing",
    "train* mod*",
    '"language model" OR "fine-tuning" data -survey',
]
FILTERS = [Filters(), Filters(since="2025-02", has_code=True)]


@pytest.fixture(scope="module")
def generation(any_index: Index) -> Any:
    """Return 120,800 papers in one shard."""
    return Grown(open_current(any_index.path), 400)


def requests(generation: Any, query: str, mode: Any, filters: Filters) -> Iterator[tuple[str, Any]]:
    """Yield the requests of a query with facets to this shard, each with its method."""
    index = Index(Collection(generation.index_path, generation.manifest, (generation,), (0,)))
    how = Request(10, mode, mode, None, late=False, filters=filters)
    parsed = parse_query(query, Analyzer())
    encoded = None if mode == "keyword" else index._shards.encoder.encode_many([parsed.plain])[0]
    asked, _, bounds = open_query(parsed, encoded, how, index._shards)
    yield "bounds", asked
    yield "best", BestOf(asked, bounds, 100, undecided=False, judged=True, dated=True)
    yield "best", BestOf(asked, bounds, 100, undecided=True, judged=True, dated=True)
    judged = np.arange(100)
    yield "count", CountOf(asked, bounds, generation.manifest.background, judged, judged % 2 == 0)
    if encoded is not None:
        yield "nearest", NearestOf(encoded.vector, np.arange(3), filters, 10, 10)


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", QUERIES)
def test_memory_in_flight_is_bounded(generation: Any, query: str, mode: Any, filters: Filters) -> None:
    """A query holds under 150 bytes for each paper of a shard, though three authors of each differ from all others.

    Its answers do not grow with the shard, but for a number of each name that facets count, and no text.
    """
    asked = list(requests(generation, query, mode, filters))
    shard = Shard(OpenedIndex(generation, Analyzer()))
    shard.best(asked[1][1]._replace(k=1))  # modules are imported, and arrays mapped
    shard = Shard(OpenedIndex(generation, Analyzer()))

    def answer_all() -> None:
        for method, request in asked:
            answer = getattr(shard, method)(request)
            n_names = sum(len(tally.keyed) for tally in answer.names.values()) if method == "count" else 0
            assert len(pickle.dumps(answer)) < 50_000 + BYTES_A_NAME * n_names

    assert peak_of(answer_all) < BYTES_A_PAPER * generation.manifest.n_papers


@pytest.mark.parametrize("mode", MODES)
def test_memory_of_facets_is_bounded(generation: Any, mode: Any) -> None:
    """One index holds under 150 bytes for each paper, where most papers answer and every author has one of them."""
    request = dict(requests(generation, "train* mod*", mode, Filters()))["count"]
    shards = Index(Collection(generation.index_path, generation.manifest, (generation,), (0,)))._shards
    shards.every("best", BestOf(request.asked, request.bounds, 1, undecided=False, judged=False, dated=False))
    facets, peak = with_peak(lambda: facets_of(shards.every("count", request), shards))
    assert facets.n_papers > generation.manifest.n_papers / 2
    assert [one.n_papers for one in facets.authors] == [1] * 20
    names = [one.value for one in facets.authors]
    assert names == sorted(names)
    assert peak < BYTES_A_PAPER * generation.manifest.n_papers
