"""Answers from an index in this process, which notices what is published while it serves.

A generation is opened once, and shared: it maps files that never change. An `Index` over it is not
safe to share between threads, so each thread borrows one for a call.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from papersearch.api import Index
from papersearch.errors import PapersearchError
from papersearch.index.collection import checksum_of, open_collection
from papersearch.index.layout import MANIFEST, SHARDS, WEIGHTS
from papersearch.index.manifest import encode_manifest
from papersearch.remote.calls import WHOLE, About
from papersearch.serving.answering import Answer, GenerationUnknown
from papersearch.serving.verbs import perform
from papersearch.version import __version__

if TYPE_CHECKING:
    from papersearch.remote.calls import Call

_KEPT = 2
"""Generations kept open: the current one, and the one that a client may be in the middle of."""


class Publication:
    """One open generation, with an `Index` for each thread that uses it, which `open_index` makes."""

    def __init__(self, open_index: Callable[[], Index]) -> None:
        self._open_index = open_index
        first = open_index()
        first.search("warm", 1)  # maps the files that queries use, and finds what cannot be mapped
        self._idle = [first]
        self._whole: dict[type[Call], bytes] = {}
        self.about = _about(first)

    def result(self, call: Call) -> bytes:
        """Return the result of a call in JSON. Raises PapersearchError."""
        kind = type(call)
        if kind not in WHOLE:
            with self._lent() as index:
                return perform(index, call)
        if kind not in self._whole:
            with self._lent() as index:
                self._whole[kind] = perform(index, call)
        return self._whole[kind]

    @contextmanager
    def _lent(self) -> Iterator[Index]:
        """Lend an index that no other thread uses meanwhile."""
        try:
            index = self._idle.pop()  # one step, which no other thread interrupts
        except IndexError:
            index = self._open_index()
        try:
            yield index
        finally:
            self._idle.append(index)


class Publications(Protocol):
    """The publications that are open."""

    def current(self) -> Publication:
        """Return the newest publication."""
        ...

    def named(self, generation: str) -> Publication:
        """Return the open publication of this name. Raises GenerationUnknown."""
        ...


class Shelf:
    """The publications of an index folder that are open, the newest first."""

    def __init__(self, path: Path, report: Callable[[Exception], None]) -> None:
        self._path = path
        self._report = report
        self._lock = threading.Lock()
        self._seen = _signature(path)
        self._open = [_published(path)]

    def current(self) -> Publication:
        """Return the newest publication, opened if it is new. A fault of a new one is reported.

        While one thread opens it, the others go on with the one before.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._open[0]

    def named(self, generation: str) -> Publication:
        """Return the open publication of this name. Raises GenerationUnknown."""
        self.current()
        for publication in self._open:
            if publication.about.generation == generation:
                return publication
        raise GenerationUnknown(generation)

    def _look(self) -> None:
        """Open what was published since the last look."""
        signature = _signature(self._path)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            found = _published(self._path)
        except PapersearchError as error:
            self._report(error)  # the one before goes on answering
            return
        others = [one for one in self._open if one.about.generation != found.about.generation]
        self._open = [found, *others][:_KEPT]


class PublicationsAnswering:
    """Publications that answer in threads of their own."""

    def __init__(self, shelf: Publications, n_threads: int) -> None:
        self._shelf = shelf
        self._threads = ThreadPoolExecutor(n_threads, "papersearch-answer")

    @property
    def current(self) -> About:
        """The current generation."""
        return self._shelf.current().about

    async def about(self) -> About:
        """Describe the current generation."""
        return (await asyncio.to_thread(self._shelf.current)).about  # also while every thread of calls is busy

    async def answer(self, call: Call, generation: str | None) -> Answer:
        """Answer a call from one publication. Raises PapersearchError and GenerationUnknown."""
        answering = partial(copy_context().run, self._answer, call, generation)
        return await asyncio.get_running_loop().run_in_executor(self._threads, answering)

    def _answer(self, call: Call, generation: str | None) -> Answer:
        publication = self._shelf.current() if generation is None else self._shelf.named(generation)
        return Answer(publication.about, publication.result(call))


class LocalAnswering(PublicationsAnswering):
    """The index in a folder."""

    def __init__(self, path: Path, n_threads: int, report: Callable[[Exception], None]) -> None:
        super().__init__(Shelf(path, report), n_threads)


def _published(path: Path) -> Publication:
    """Open what is published in a folder. Raises StoredIndexError."""
    collection = open_collection(path)
    return Publication(lambda: Index(collection))


def _about(index: Index) -> About:
    manifest = index.manifest
    part = f".{manifest.part}" if manifest.part else ""
    checksum = checksum_of(encode_manifest(manifest), index.weights)
    return About(
        release=__version__,
        format=manifest.format_version,
        generation=f"{manifest.generation}{part}-{checksum[:16]}",
        build=manifest.generation,
        n_papers=manifest.n_papers,
        n_encoded=manifest.n_encoded,
    )


def _signature(path: Path) -> list[tuple[int, int, int] | None]:
    """Return what changes when shards, a manifest or tuned weights are replaced."""
    found: list[tuple[int, int, int] | None] = []
    for name in (SHARDS, MANIFEST, WEIGHTS):
        try:
            status = (path / name).stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return found
