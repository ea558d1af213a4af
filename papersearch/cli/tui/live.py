"""An index asked from a thread of its own, as an application that must not wait asks it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from papersearch.api import Index
from papersearch.cli.tui.filter_words import parse_filters
from papersearch.types import Mode, Paper, Results


class Asked(NamedTuple):
    """What the hits answer: what was typed, how and among which papers; or, with `like`, the
    paper they are to be similar to."""

    query: str
    mode: Mode
    filters: str
    like: Paper | None = None


class LiveIndex:
    """An index is for one thread at a time: here it is always the same one."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._thread = ThreadPoolExecutor(1, "papersearch-index")
        # The first search reads and maps what every later one uses.
        self._thread.submit(index.search, "warm", 1)

    def __len__(self) -> int:
        return len(self._index)

    async def answer(self, asked: Asked, k: int) -> Results:
        """The first `k` hits. Raises PapersearchError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._search, asked, k)

    def _search(self, asked: Asked, k: int) -> Results:
        filters = parse_filters(asked.filters)
        if asked.like is not None:
            return self._index.similar([asked.like.paper_id], k=k, filters=filters)
        return self._index.search(asked.query, k, asked.mode, filters=filters, fold=True)

    def close(self) -> None:
        """Wait for what is being answered; the index is free for others then."""
        self._thread.shutdown(cancel_futures=True)
