"""An index that answers in a thread of its own, for an application that must not wait.

While the index answers a query, only the latest of the queries typed meanwhile is kept: the index
sets the pace, and no timer delays the first letter.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, Protocol, TypeVar

from papersearch.api import Index
from papersearch.cli.tui.filter_words import parse_filters, parse_mark_filters
from papersearch.cli.tui.half_typed import HalfTyped, loosened
from papersearch.cli.tui.offers import Offers, filter_offers, tag_offers
from papersearch.cli.tui.shelf import Shelf
from papersearch.errors import (
    EmptyQuery,
    GenerationGone,
    MarksError,
    PapersearchError,
    QueryError,
    StoredIndexError,
)
from papersearch.marks.mark import Change, Mark, narrowed
from papersearch.remote.addresses import address_in
from papersearch.types import Mode, Paper, Results

Found = TypeVar("Found")

NOT_YET = "no paper meets this yet"
"""Note on a query whose last word is being typed."""

FIRST_HITS = 12
"""Number of hits found and drawn at first. Each takes nearly a millisecond, which delays the next letter."""

_PAUSE_S = 0.05
"""Pause between drawing the first hits and asking for the rest, which would delay the next letter."""


class LiveQuery(NamedTuple):
    """A query as typed, with mode and filters; or, with `like`, the paper that hits are similar to."""

    typed: HalfTyped
    mode: Mode
    filters: str
    like: Paper | None = None

    @property
    def note(self) -> str:
        """What was closed or left out of the query, where it is asked."""
        return "" if self.like is not None else self.typed.note

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to ask, not even for the newest papers that filters leave."""
        return self.like is None and not self.typed.query and (self.typed.note != "" or not self.filters.strip())

    def hides_hits(self, results: Results | None) -> bool:
        """Tell whether this answer has no hits because the query is half typed."""
        if self.like is not None:
            return False
        if results is None:
            return self.typed.note != ""
        return not results.hits and results.emptied_by == "operators" and self.typed.is_growing

    def loosened(self, note: str) -> LiveQuery:
        """Return the query without the part that is half typed; the note says why."""
        return self._replace(typed=HalfTyped(loosened(self.typed.query), note, is_growing=False))


class Answer(NamedTuple):
    """Results, and the reader's marks of their papers, by paper id.

    is_renewed: the index was rebuilt since the last answer
    trouble: why the marks are not known; empty if they are
    """

    results: Results
    marks: Mapping[str, Mark]
    is_renewed: bool = False
    trouble: str = ""


class LiveIndex:
    """An index and a reader's marks that only one thread uses, because neither is thread-safe."""

    def __init__(self, index: Index, marks_path: Path | None = None) -> None:
        self._index = index
        self._shelf = Shelf(marks_path) if marks_path is not None else None
        self._is_remote = address_in(index.place) is not None
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # A daemon: nobody who leaves waits for a server that does not answer.
        self._thread = threading.Thread(target=self._work, name="papersearch-index", daemon=True)
        self._thread.start()
        self._tasks.put(self._warm_up)

    def __len__(self) -> int:
        return len(self._index)

    @property
    def keeps_marks(self) -> bool:
        """Tell whether there is a file for the reader's marks."""
        return self._shelf is not None

    async def search(self, query: LiveQuery, k: int) -> Answer:
        """Return the first `k` hits. Raises PapersearchError."""
        return await self._ask(lambda: self._search(query, k))

    async def marks_of(self, papers: Sequence[Paper]) -> dict[str, Mark]:
        """Return the marks of those papers that have one. Raises MarksUnreadable."""
        return await self._ask(lambda: self._shelf.of(papers, self._index) if self._shelf else {})

    async def change_marks(self, papers: Sequence[Paper], change: Change) -> None:
        """Change the marks of papers, where they are kept. Raises MarksError."""

        def write() -> None:
            if self._shelf is not None:
                self._shelf.change(papers, change, self._index)

        await self._ask(write)

    async def offers(self, name: str, line: str) -> Offers:
        """Return ways to complete the second line, that of filters or of tags."""

        def look() -> Offers:
            return (
                filter_offers(line, self._index, self._shelf)
                if name == "filters"
                else tag_offers(line, self._shelf)
            )

        try:
            return await self._ask(look)
        except PapersearchError:  # the search tells it
            return Offers()

    async def _ask(self, question: Callable[[], Found]) -> Found:
        """Return what `question` finds in the index's thread."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found] = loop.create_future()

        def give(found: Found | None, error: Exception | None) -> None:
            if answer.done():  # nobody waits any more
                return
            if error is None:
                answer.set_result(found)  # type: ignore[arg-type]  # of `question`
            else:
                answer.set_exception(error)

        def task() -> None:
            found, failed = None, None
            try:
                found = question()
            except Exception as error:
                failed = error
            with suppress(RuntimeError):  # the application has ended
                loop.call_soon_threadsafe(give, found, failed)

        self._tasks.put(task)
        return await answer

    def close(self) -> None:
        """Wait until the index may be used elsewhere; a server's answer is not waited for."""
        self._tasks.put(None)
        if not self._is_remote:
            self._thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _warm_up(self) -> None:
        """Search once: the first search maps the files that later searches use."""
        with suppress(Exception):
            self._index.search("warm", 1)

    def _search(self, query: LiveQuery, k: int) -> Answer:
        """Answer from the current generation, where it can be opened."""
        before = self._index
        if not self._is_remote:
            with suppress(StoredIndexError):  # the opened one still answers
                self._index = before.renewed()
        try:
            results = self._results(query, k)
        except GenerationGone:
            self._index = before.renewed()
            results = self._results(query, k)
        marks, trouble = self._marks([hit.paper for hit in results])
        return Answer(results, marks, self._index is not before, trouble)

    def _results(self, query: LiveQuery, k: int) -> Results:
        filters = parse_filters(query.filters)
        wanted = parse_mark_filters(query.filters)
        if self._shelf is not None and any(wanted):
            filters, _ = narrowed(filters, wanted, self._shelf.marks(), self._index)
        if query.like is not None:
            results = self._index.similar([query.like.paper_id], k=k, filters=filters)
        else:
            results = self._index.search(query.typed.query, k, query.mode, filters=filters, fold=True)
        # The line of filters has no lists of papers: those are of the marks.
        return results.replace(filters=results.filters.replace(within=None, without=None))

    def _marks(self, papers: Sequence[Paper]) -> tuple[dict[str, Mark], str]:
        """Return the marks of papers, or why they are not known: no answer is lost for that."""
        if self._shelf is None:
            return {}, ""
        try:
            return self._shelf.of(papers, self._index), ""
        except MarksError as error:
            return {}, error.message


def in_short(error: PapersearchError) -> str:
    """Return the message of an error on one line, without the place in the query that may follow."""
    return error.message.split("\n", 1)[0].rstrip(":")


class View(Protocol):
    """What shows answers."""

    @property
    def first_hits(self) -> int:
        """Number of hits to ask for at first."""

    @property
    def has_hits(self) -> bool:
        """Tell whether there are hits that can stay."""

    def can_show(self, results: Results) -> bool:
        """Tell whether these first hits can be shown before the rest is known."""

    def show(self, query: LiveQuery, answer: Answer | None) -> bool:
        """Show an answer, None where there is nothing to ask; or return False, and keep the hits there are."""

    def fill(self, answer: Answer) -> None:
        """Show all hits of the query whose first hits are shown."""

    def refuse(self, query: LiveQuery, error: PapersearchError) -> None:
        """Show that a query cannot be answered."""


class Asking:
    """Questions of a view to an index: the latest is answered, one at a time.

    `is_answering`: True while what the view shows is stale or incomplete.
    """

    def __init__(self, index: LiveIndex, view: View, k: int) -> None:
        self.is_answering = False
        self._index = index
        self._view = view
        self._k = k
        self._wanted: LiveQuery | None = None
        self._incomplete: LiveQuery | None = None  # of which the first hits are shown
        self._is_wanting = asyncio.Event()

    def want(self, query: LiveQuery) -> bool:
        """Answer this query next; return True if `answer_latest` must be started."""
        self._wanted = query
        self._is_wanting.set()
        is_idle = not self.is_answering
        self.is_answering = True
        return is_idle

    async def answer_latest(self) -> None:
        """Answer the latest query, until there is none left and the hits shown are complete."""
        try:
            while self._wanted is not None or self._incomplete is not None:
                query, self._wanted = self._wanted, None
                self._is_wanting.clear()
                if query is not None:
                    await self._answer(query)
                elif not await self._is_wanted_soon():
                    await self._complete()
        finally:
            self.is_answering = False

    async def _answer(self, query: LiveQuery) -> None:
        """Show the first hits; or all, where the first do not tell which is the current one."""
        if query.is_empty:
            self._show(query, None)
            return
        few = min(self._view.first_hits, self._k)
        try:
            answer = await self._index.search(query, few)
            if query.hides_hits(answer.results) and not self._view.has_hits:
                await self._answer(query.loosened(query.note or NOT_YET))
                return
            is_all = not (len(answer.results) == few < self._k)
            if not is_all and self._wanted is None and not self._view.can_show(answer.results):
                answer, is_all = await self._index.search(query, self._k), True
            self._show(query, answer, is_all=is_all)
        except EmptyQuery:  # filters that leave every paper
            self._show(query, None)
        except QueryError as error:
            if query.like is None and query.typed.is_growing and not self._view.has_hits:
                await self._answer(query.loosened(in_short(error)))
            elif self._wanted is None:
                self._view.refuse(query, error)
        except PapersearchError as error:
            if self._wanted is None:
                self._view.refuse(query, error)

    def _show(self, query: LiveQuery, answer: Answer | None, *, is_all: bool = True) -> None:
        if self._wanted is None and self._view.show(query, answer):
            self._incomplete = None if is_all else query

    async def _complete(self) -> None:
        """Show all hits of the query of which only the first are shown."""
        if (query := self._incomplete) is None:
            return
        self._incomplete = None
        try:
            answer = await self._index.search(query, self._k)
        except PapersearchError:  # the next query will tell
            return
        if self._wanted is None:
            self._view.fill(answer)
        else:
            self._incomplete = query

    async def _is_wanted_soon(self) -> bool:
        """Wait a little, and tell whether another query has come within this time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_wanting.wait(), _PAUSE_S)
        return self._is_wanting.is_set()
