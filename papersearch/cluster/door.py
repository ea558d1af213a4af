"""The door of a served collection: a replica of Ray Serve that merges what the shards answer.

Each replica has the whole application, and asks the copies of shards itself. A request is answered
from one publication, even if another one is published meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

import ray

from papersearch.api import Index
from papersearch.cluster.copies import Copies, Copy
from papersearch.cluster.published import Stamp, open_published
from papersearch.errors import ClusterUnusable, PapersearchError
from papersearch.serving.answering import GenerationUnknown
from papersearch.serving.app import Bounds, make_app
from papersearch.serving.local import Publication, PublicationsAnswering

if TYPE_CHECKING:
    from papersearch.cluster.actors import Served

N_THREADS = 4
"""Queries that a replica has in hand at once: while one waits for shards, another is merged."""

_LOOK_EVERY_S = 1.0
_ASK_WITHIN_S = 10.0


class DoorOptions(NamedTuple):
    """The options of a door. `token` is None if requests need none."""

    token: str | None
    patience_s: float


class ClusterShelf:
    """The publications that are open on the cluster, as a directory lists them, the newest first."""

    def __init__(self, directory: Any, patience_s: float, report: Callable[[Exception], None]) -> None:
        self._directory = directory
        self._patience_s = patience_s
        self._report = report
        self._lock = threading.Lock()
        self._open: list[tuple[str, Publication]] = []
        self.renew()
        if not self._open:
            raise ClusterUnusable(address="the directory", cause="it lists no open publication")
        threading.Thread(target=self._follow, name="papersearch-publications", daemon=True).start()

    def current(self) -> Publication:
        """Return the newest publication."""
        return self._open[0][1]

    def named(self, generation: str) -> Publication:
        """Return the open publication of this name. Raises GenerationUnknown."""
        if (found := self._find(generation)) is None:
            self.renew()  # another replica may have seen it first
            found = self._find(generation)
        if found is None:
            raise GenerationUnknown(generation)
        return found

    def renew(self) -> None:
        """Take over what the directory lists. Report what cannot be opened, and go on with what is open."""
        with self._lock:
            try:
                listed = ray.get(self._directory.get.remote(), timeout=_ASK_WITHIN_S)
                known = dict(self._open)
                found = [(one.published.checksum, one) for one in listed]
                renewed = [(name, known.get(name) or self._opened_one(one)) for name, one in found]
                self._open = renewed or self._open
            except Exception as error:  # of any kind: the thread that follows the directory has to go on
                self._report(error)

    def _find(self, generation: str) -> Publication | None:
        return next((one for _, one in self._open if one.about.generation == generation), None)

    def _opened_one(self, served: Served) -> Publication:
        copies = Copies(
            [[_asks(copy, served.published.stamp) for copy in one] for one in served.copies], self._patience_s
        )
        collection = open_published(served.published)
        return Publication(lambda: Index(collection, copies.call))

    def _follow(self) -> None:
        wait = threading.Event().wait
        while True:
            wait(_LOOK_EVERY_S)
            self.renew()


def application(directory: Any, options: DoorOptions) -> Any:
    """Make the ASGI application of one replica."""
    shelf = ClusterShelf(directory, options.patience_s, _report)
    answering = PublicationsAnswering(shelf, N_THREADS)
    return make_app(answering, token=options.token, bounds=Bounds(n_at_once=N_THREADS), report=_report)


def _asks(copy: Any, stamp: Stamp) -> Copy:
    """Return the function that begins a call to an actor."""

    def begin(method: str, request: Any) -> Future[Any]:
        future: Future[Any] = copy.answer.remote(stamp, method, request).future()
        return future

    return begin


def _report(error: Exception) -> None:
    """Print an error of the server where Ray keeps what replicas print; a traceback may hold words of queries."""
    said = error.message if isinstance(error, PapersearchError) else f"unexpected {type(error).__name__}"
    print(f"papersearch: {said}", flush=True)
