"""An index that answers in a thread of its own, for an application that must not wait."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from papersearch.api import Index
from papersearch.cli.tui.filter_words import parse_filters
from papersearch.errors import GenerationGone
from papersearch.types import Mode, Paper, Results


class LiveQuery(NamedTuple):
    """A query as typed, with mode and filters; or, with `like`, the paper that hits are similar to."""

    query: str
    mode: Mode
    filters: str
    like: Paper | None = None


class LiveIndex:
    """An index that only one thread uses, because an index is not thread-safe."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._thread = ThreadPoolExecutor(1, "papersearch-index")
        # The first search maps the files that later searches use.
        self._thread.submit(index.search, "warm", 1)

    def __len__(self) -> int:
        return len(self._index)

    async def answer(self, query: LiveQuery, k: int) -> Results:
        """Return the first `k` hits. Raises PapersearchError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._search, query, k)

    def _search(self, query: LiveQuery, k: int) -> Results:
        """Answer from the generation that was opened; from the current one, if a server does not keep it."""
        try:
            return self._answered(query, k)
        except GenerationGone:
            self._index = self._index.renewed()
            return self._answered(query, k)

    def _answered(self, query: LiveQuery, k: int) -> Results:
        filters = parse_filters(query.filters)
        if query.like is not None:
            return self._index.similar([query.like.paper_id], k=k, filters=filters)
        return self._index.search(query.query, k, query.mode, filters=filters, fold=True)

    def close(self) -> None:
        """Wait for the running query; after that the index may be used elsewhere."""
        self._thread.shutdown(cancel_futures=True)
