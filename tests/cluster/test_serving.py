"""How a server of shards follows what is published, with a cluster that fails as the test says."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from papersearch.errors import ClusterUnusable, PapersearchError
from papersearch.index.layout import MANIFEST
from tests.cluster.conftest import needs_ray

pytestmark = needs_ray

if importlib.util.find_spec("ray") is not None:  # the modules import it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own, of its use of pydantic
        from ray.exceptions import GetTimeoutError, RayError

        from papersearch.cluster import serving
        from papersearch.cluster.actors import Served
        from papersearch.cluster.door import DoorOptions
        from papersearch.cluster.opening import Opened

NOT_OPENED = ClusterUnusable(address="HEAD:1", cause="shard 1 does not open there: no memory")


class Cluster:
    """Stand-ins for Ray: what was listed last, and the fault of each opening or listing to come."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.faults: list[Exception] = []
        self.listed: list[Served] = []
        self.now = 0.0
        self.n_opened = 0
        directory = SimpleNamespace(put=SimpleNamespace(remote=self.put))
        options = SimpleNamespace(remote=lambda: directory)
        ray = SimpleNamespace(
            get=lambda answer: answer,
            remote=lambda kind: SimpleNamespace(options=lambda **_: options),
            get_runtime_context=lambda: SimpleNamespace(get_node_id=lambda: "node"),
            exceptions=SimpleNamespace(RayError=RayError),
        )
        patch.setattr(serving, "ray", ray)
        patch.setattr(serving, "NodeAffinitySchedulingStrategy", lambda *_, **__: None)
        patch.setattr(serving, "open_copies", self.open)
        patch.setattr(serving.Server, "_start_doors", lambda self, n: 1)
        patch.setattr(serving, "alive_nodes", lambda: ["node"])
        patch.setattr(serving, "time", SimpleNamespace(monotonic=lambda: self.now))

    def open(self, published: Any, n_copies: int, address: str) -> Opened:
        if self.faults:
            raise self.faults.pop(0)
        self.n_opened += 1
        return Opened(Served(published, []), ())

    def put(self, listed: list[Served]) -> None:
        self.listed = listed

    @property
    def names(self) -> list[str]:
        """The checksums of the publications that doors are told of."""
        return [one.published.checksum for one in self.listed]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Return a cluster in place of Ray's."""
    return Cluster(monkeypatch)


def started(index: Path, reported: list[Exception]) -> serving.Server:
    """Start a server of an index on the stand-in."""
    request = serving.ServingRequest(index, "HEAD:1", 2, "127.0.0.1", 0, DoorOptions(None, 2.0))
    server = serving.Server(request, reported.append)
    server.start()
    return server


def looking(*before: Callable[[], Any]) -> Any:
    """Return the end of a watch that looks once after each of these functions."""
    left = list(before)

    def wait(_: float) -> bool:
        if not left:
            return True
        left.pop(0)()
        return False

    return SimpleNamespace(wait=wait)


def nothing() -> None:
    """Change nothing before a look."""


def test_what_could_not_be_opened_is_tried_again(build: Any, small_index: Path, cluster: Cluster) -> None:
    """What does not open is reported once, and taken when it opens; the one before answers till then."""
    reported: list[Exception] = []
    server = started(small_index, reported)
    [first] = cluster.names

    def publish() -> None:
        build(full=True)
        cluster.faults = [NOT_OPENED, NOT_OPENED, GetTimeoutError("a node is gone")]

    def still_first() -> None:
        assert cluster.names == [first]

    server.watch(looking(nothing, publish, still_first, still_first, still_first))
    assert [type(error) for error in reported] == [ClusterUnusable, GetTimeoutError]
    assert cluster.names[1:] == [first]
    assert cluster.names[0] != first
    assert cluster.n_opened == 2
    server.watch(looking(nothing, nothing))
    assert cluster.n_opened == 2


def test_a_damaged_publication_is_reported_and_the_next_one_taken(
    build: Any, small_index: Path, cluster: Cluster
) -> None:
    """What is published and cannot be read is an error of the index; a later build is taken."""
    reported: list[Exception] = []
    server = started(small_index, reported)
    before = cluster.names
    server.watch(looking(lambda: (small_index / MANIFEST).write_text("{"), nothing))
    assert cluster.names == before
    assert [isinstance(error, PapersearchError) for error in reported] == [True]
    (small_index / MANIFEST).unlink()
    server.watch(looking(lambda: build(full=True)))
    assert cluster.names[1:] == before
    assert len(reported) == 1


def test_a_fault_that_comes_back_is_reported_again(build: Any, small_index: Path, cluster: Cluster) -> None:
    """A fault is reported again if all was well between."""
    reported: list[Exception] = []
    server = started(small_index, reported)

    def publish() -> None:
        build(full=True)
        cluster.faults = [NOT_OPENED]

    server.watch(looking(publish, nothing, publish, nothing))
    assert reported == [NOT_OPENED, NOT_OPENED]
    assert cluster.n_opened == 3


def test_the_one_before_ends_after_its_time(build: Any, small_index: Path, cluster: Cluster) -> None:
    """The publication before the newest is listed for a minute, and no third one is."""
    server = started(small_index, [])
    [first] = cluster.names
    server.watch(looking(lambda: build(full=True)))
    second = cluster.names[0]
    assert cluster.names == [second, first]
    cluster.now = serving._KEPT_S - 1
    server.watch(looking(nothing))
    assert cluster.names == [second, first]
    server.watch(looking(lambda: build(full=True)))
    assert cluster.names[1:] == [second]
    cluster.now += serving._KEPT_S
    server.watch(looking(nothing))
    assert len(cluster.names) == 1
