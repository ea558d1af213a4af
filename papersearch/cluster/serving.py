"""Serving a collection from a cluster: copies of its shards as actors, and doors by Ray Serve.

The process that serves owns the actors: they end with it. It opens each new publication beside the
one before, tells the doors, and lets the one before go when clients had time to leave it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ray
from ray import serve
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from papersearch.cluster.actors import Directory, Served
from papersearch.cluster.connection import lines_of
from papersearch.cluster.door import N_THREADS, DoorOptions, application
from papersearch.cluster.opening import HARDLY_ANY, Opened, alive_nodes, open_copies
from papersearch.cluster.published import current_publication
from papersearch.errors import ClusterUnusable, PapersearchError
from papersearch.remote.addresses import is_loopback
from papersearch.serving.server import listen

if TYPE_CHECKING:
    from papersearch.cluster.published import Published
    from papersearch.index.collection import Collection

APPLICATION = "papersearch"

_KEPT_S = 60.0
"""Time for which the publication before the newest stays open, for clients in the middle of something."""

_LOOK_EVERY_S = 1.0
_REACHED_WITHIN_S = 5.0


class ServingRequest(NamedTuple):
    """The arguments of `serving`.

    address: of the cluster's head; the process must run on one of its nodes
    host, port: where HTTP is spoken: on the head's node for a host of loopback, else on every node
    """

    index_path: Path
    address: str
    n_copies: int
    host: str
    port: int
    door: DoorOptions


class Started(NamedTuple):
    """What answers now. `port` is a free one where 0 was asked for."""

    port: int
    collection: Collection
    are_apart: bool
    have_token: bool


class Server:
    """The actors and doors of a collection, while this process is connected to the cluster."""

    def __init__(self, request: ServingRequest, report: Callable[[Exception], None]) -> None:
        self._request = request
        self._report = report
        self._published, self._collection = current_publication(request.index_path)
        self._listed: list[tuple[float, Served]] = []
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        make = ray.remote(Directory).options(
            name=APPLICATION, num_cpus=HARDLY_ANY, max_restarts=-1, scheduling_strategy=here
        )
        try:
            self._directory = make.remote()
        except ValueError as error:  # its name is taken, while the other server lives
            raise ClusterUnusable(address=request.address, cause="another server has it already") from error
        self._has_started_serve = False

    def start(self) -> Started:
        """Open the copies, then the doors. Raises ClusterUnusable, and CannotListen for a port that is taken."""
        opened = self._open(self._published)
        self._tell()
        port = self._start_doors(min(self._request.n_copies, len(alive_nodes())))
        return Started(port, self._collection, opened.are_apart, opened.have_token)

    def watch(self, ended: threading.Event) -> None:
        """Open what is published, until `ended`. A fault is reported once, and the one before goes on."""
        said = ""
        while not ended.wait(_LOOK_EVERY_S):
            try:
                self._renew()
                said = ""
            except (PapersearchError, ray.exceptions.RayError) as error:
                if str(error) != said:
                    said = str(error)
                    self._report(error)

    def end(self) -> None:
        """End the doors; the actors end with the connection."""
        applications = serve.status().applications
        if APPLICATION in applications:
            serve.delete(APPLICATION)
        if self._has_started_serve and not applications.keys() - {APPLICATION}:
            serve.shutdown()

    def _renew(self) -> None:
        if not self._collection.is_current():
            published, collection = current_publication(self._request.index_path)
            self._open(published)
            self._collection = collection  # only now: what could not be opened is tried again
        now = time.monotonic()
        self._listed = [one for place, one in enumerate(self._listed) if place == 0 or now < one[0]]
        self._tell()  # again and again: a directory that was started again knows nothing

    def _open(self, published: Published) -> Opened:
        opened = open_copies(published, self._request.n_copies, self._request.address)
        until = time.monotonic() + _KEPT_S
        self._listed = [(0.0, opened.served), *((until, served) for _, served in self._listed[:1])]
        return opened

    def _tell(self) -> None:
        ray.get(self._directory.put.remote([served for _, served in self._listed]))

    def _start_doors(self, n_replicas: int) -> int:
        request, port = self._request, self._request.port
        if not serve.status().proxies:
            listening, address = listen(request.host, port)  # Ray Serve would try a port that is taken for minutes
            listening.close()
            port, self._has_started_serve = address.port, True
        location = "HeadOnly" if is_loopback(request.host) else "EveryNode"
        serve.start(proxy_location=location, http_options={"host": request.host, "port": port})
        directory, options = self._directory, request.door

        def make() -> Any:  # Ray Serve calls a function, and takes anything else for an application
            return application(directory, options)

        door = serve.deployment(
            serve.ingress(make)(_Door),
            name="door",
            num_replicas=n_replicas,
            max_ongoing_requests=N_THREADS * 64,
            max_replicas_per_node=1,
            ray_actor_options={"num_cpus": HARDLY_ANY},
        )
        try:
            serve.run(door.bind(), name=APPLICATION, route_prefix="/")
            socket.create_connection((request.host, port), _REACHED_WITHIN_S).close()
            return port
        except (RuntimeError, OSError) as error:  # the second where Ray Serve runs at another address already
            cause = f"Ray Serve does not answer at {request.host}:{port} ({lines_of(error)[0]})"
            raise ClusterUnusable(address=request.address, cause=cause) from error


class _Door:
    """A replica; the application is all of it."""
