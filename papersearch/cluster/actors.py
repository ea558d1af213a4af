"""The actors of a served collection: the copies of its shards, and the directory in which doors find them.

They are plain classes. Ray runs each in a process of its own, and starts it again, with the release
that its machine then has.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from papersearch.cluster.published import Published, Stamp, open_one
from papersearch.errors import PapersearchError, ShardRefused, StoredIndexError
from papersearch.index.opened import OpenedIndex, analyzer_of
from papersearch.search.protocol import METHODS
from papersearch.search.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Sequence

REMEMBERED = 8
"""Queries whose intermediate results a shard keeps: those that doors have in hand at once."""


class CopyState(NamedTuple):
    """The state of a copy: its node, whether Ray asks for a token there, and why the copy is not open."""

    node: str
    has_token: bool
    fault: str


class ShardCopy:
    """One copy of a shard of a publication."""

    def __init__(self, published: Published, number: int) -> None:
        self._published = published
        self._number = number
        self._opened: Shard | None = None

    def state(self) -> CopyState:
        """Open the shard, and tell how it is."""
        import ray

        fault = ""
        try:
            self._shard()
        except StoredIndexError as error:
            fault = error.message
        node = ray.get_runtime_context().get_node_id()
        return CopyState(node, os.environ.get("RAY_AUTH_MODE") == "token", fault)

    def answer(self, stamp: Stamp, method: str, request: Any) -> Any:
        """Answer a request of the same release, format and generation.

        An error that the shard raises on purpose is returned: it is an answer, and not a failure of this copy.
        """
        for what, asked, found in zip(Stamp._fields, stamp, self._published.stamp, strict=True):
            if asked != found:
                fields = {"what": what, "found": found[:16], "asked": asked[:16]}
                return ShardRefused(shard=self._number, **fields)  # type: ignore[arg-type]  # `what` is a field
        if method not in METHODS:
            raise ValueError(f"unknown method {method}")
        try:
            shard = self._shard()
        except StoredIndexError as error:
            raise RuntimeError(error.message) from None  # another copy may have the files
        try:
            return getattr(shard, method)(request)
        except PapersearchError as error:
            return error

    def _shard(self) -> Shard:
        if self._opened is None:
            generation, numbers = open_one(self._published, self._number)
            analyzer = analyzer_of(generation.manifest, generation.index_path)
            self._opened = Shard(OpenedIndex(generation, analyzer), numbers, remembered=REMEMBERED)
        return self._opened


class Served(NamedTuple):
    """A publication with the handles of the copies of each shard."""

    published: Published
    copies: Sequence[Sequence[Any]]


class Directory:
    """The publications that are open on the cluster, the newest first.

    It only passes handles on. A copy ends when the last handle is gone: when it is not listed here any
    more, and no query uses it.
    """

    def __init__(self) -> None:
        self._listed: list[Served] = []

    def put(self, listed: list[Served]) -> None:
        """Replace the list."""
        self._listed = listed

    def get(self) -> list[Served]:
        """Return the list."""
        return self._listed
