"""Calls to shards of which each has copies: bounded patience, then the other copy, then an error.

A copy is a function that begins a call and returns its future. Ray makes such futures, and so do the
tests: nothing here depends on Ray.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, NamedTuple

from papersearch.errors import PapersearchError, ShardRefused, ShardUnanswered
from papersearch.serving.answering import DEADLINE

Copy = Callable[[str, Any], "Future[Any]"]
"""(method, request) -> the answer to come, which is a PapersearchError if the shard raised one."""

PATIENCE_S = 2.0
"""Time that a copy has to answer before the next one is asked too."""

_DISTRUST_S = 30.0
"""Time for which a copy that failed or was late is asked last: a lost copy costs one wait, not one a query."""


class _Asked(NamedTuple):
    """A call on its way: its place among the answers, and the copy that is asked."""

    place: int
    copy: int


class Copies:
    """The copies of every shard, as one transport. Safe to share between threads."""

    def __init__(self, shards: Sequence[Sequence[Copy]], patience_s: float = PATIENCE_S) -> None:
        self._shards = shards
        self._distrusted: dict[tuple[int, int], float] = {}
        self._threads = itertools.count()
        self._mine = threading.local()
        self.patience_s = patience_s
        self.asked: Counter[str] = Counter()
        """Calls begun: "first", and "again" for those to a further copy."""

    def call(self, method: str, calls: Sequence[tuple[int, Any]]) -> list[Any]:
        """Return the answer to each (shard, request), in their order.

        Every copy of a shard is asked once at most, so that a round ends after the patience times the
        number of copies. If the query's time ends before that, the copies of a shard share what is left
        of it. Raises ShardUnanswered if a shard has no answer, since an answer of the others
        would be a wrong one; ShardRefused if every copy that answers refuses; and any other error of a shard.
        """
        return _Round(self, method, calls).answers()

    def begin(self, shard: int, copy: int, method: str, request: Any) -> Future[Any]:
        """Begin a call to one copy; what cannot be begun fails as a future does."""
        try:
            return self._shards[shard][copy](method, request)
        except Exception as error:
            failed: Future[Any] = Future()
            failed.set_exception(error)
            return failed

    def order(self, shard: int) -> list[int]:
        """Return the copies of a shard, those that failed lately last.

        A thread keeps to one copy, which may remember the earlier rounds of its query. Threads take turns.
        """
        n = len(self._shards[shard])
        if not hasattr(self._mine, "turn"):
            self._mine.turn = next(self._threads)
        now = time.monotonic()
        in_turn = [(self._mine.turn + shard + step) % n for step in range(n)]
        return sorted(in_turn, key=lambda copy: self._distrusted.get((shard, copy), 0.0) > now)

    def distrust(self, shard: int, copy: int) -> None:
        """Ask this copy last for a while."""
        self._distrusted[shard, copy] = time.monotonic() + _DISTRUST_S

    def trust(self, shard: int, copy: int) -> None:
        """Ask this copy in its turn again."""
        self._distrusted.pop((shard, copy), None)


class _Place:
    """One answer of a round that is still to come."""

    def __init__(self, shard: int, request: Any, order: list[int]) -> None:
        self.shard = shard
        self.request = request
        self.left = order
        """Copies that are not asked yet."""
        self.running: list[int] = []
        """Copies that are asked and have not answered."""
        self.patience = 0.0
        """Seconds for which the copy asked last is waited for, until `deadline`."""
        self.deadline = 0.0
        self.cause = ""
        self.refusal: ShardRefused | None = None


class _Round:
    """One call to several shards."""

    def __init__(self, copies: Copies, method: str, calls: Sequence[tuple[int, Any]]) -> None:
        self._copies = copies
        self._method = method
        self._until = DEADLINE.get()
        self._places = dict(enumerate(_Place(shard, request, copies.order(shard)) for shard, request in calls))
        self._running: dict[Future[Any], _Asked] = {}
        self._answers: dict[int, Any] = {}

    def answers(self) -> list[Any]:
        """Ask, wait and ask others until every place has an answer, or one cannot have any."""
        n = len(self._places)
        for place in range(n):
            self._ask(place, "first")
        while self._places:
            soonest = min(place.deadline for place in self._places.values())
            done, _ = wait(self._running, max(0.0, soonest - time.monotonic()), FIRST_COMPLETED)
            now = time.monotonic()  # before others are asked: nobody is late who was not waited for
            for future in done:
                self._take(future)
            for place in [place for place, open_ in self._places.items() if open_.deadline < now]:
                self._lose_patience(place)
        return [self._answers[place] for place in range(n)]

    def _ask(self, place: int, which: str) -> None:
        """Ask the next copy of a place."""
        open_ = self._places[place]
        copy = open_.left.pop(0)
        self._copies.asked[which] += 1
        self._running[self._copies.begin(open_.shard, copy, self._method, open_.request)] = _Asked(place, copy)
        open_.running.append(copy)
        now = time.monotonic()
        share = (self._until - now) / (1 + len(open_.left))
        open_.patience = max(0.0, min(self._copies.patience_s, share))
        open_.deadline = now + open_.patience

    def _take(self, future: Future[Any]) -> None:
        """Take an answer; after a failure ask the next copy at once."""
        place, copy = self._running.pop(future)
        open_ = self._places.get(place)
        if open_ is None:  # another copy was faster
            return
        open_.running.remove(copy)
        failure = future.exception()
        answer = future.result() if failure is None else None
        if isinstance(answer, ShardRefused):
            failure = open_.refusal = answer
        elif isinstance(answer, PapersearchError):
            raise answer
        if failure is None:
            self._copies.trust(open_.shard, copy)
            self._answers[place] = answer
            del self._places[place]
            return
        self._copies.distrust(open_.shard, copy)
        open_.cause = type(failure).__name__  # clients see it: Ray's messages have addresses and folders
        if open_.left:
            self._ask(place, "again")
        elif not open_.running:
            raise open_.refusal or self._unanswered(open_)

    def _lose_patience(self, place: int) -> None:
        """Ask the next copy of a place too, or give up."""
        open_ = self._places[place]
        for copy in open_.running:
            self._copies.distrust(open_.shard, copy)
        has_waited = f"no answer in {open_.patience:.2g} s"
        open_.cause = has_waited if open_.patience else "the query's time is over"
        if not open_.left:
            raise open_.refusal or self._unanswered(open_)
        self._ask(place, "again")

    def _unanswered(self, open_: _Place) -> ShardUnanswered:
        n_copies = len(self._copies.order(open_.shard))
        return ShardUnanswered(shard=open_.shard, n_copies=n_copies, cause=open_.cause)
