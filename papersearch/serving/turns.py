"""Turns: a bounded number of requests at once, and a bounded queue before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from papersearch.serving.refusals import Refusal


class Turns:
    """Turns of `n_at_once` requests, for which at most `n_waiting` others wait in order."""

    def __init__(self, n_at_once: int, n_waiting: int) -> None:
        self._free = asyncio.Semaphore(n_at_once)
        self._most = n_waiting
        self.n_waiting = 0
        self.n_running = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it. Raises Refusal where the queue is full."""
        if self._free.locked() and self.n_waiting >= self._most:
            raise Refusal("busy", f"{self.n_running} requests are answered and {self.n_waiting} wait")
        self.n_waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.n_waiting -= 1
        self.n_running += 1
        try:
            yield
        finally:
            self.n_running -= 1
            self._free.release()
