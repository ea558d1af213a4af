"""Opening the copies of shards on a cluster, each copy of a shard on another node.

Ray starts a copy again when it has died, elsewhere if its node has died. It repeats no request: a
request to a dead copy fails, and another copy is asked.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from papersearch.cluster.actors import CopyState, Served, ShardCopy
from papersearch.cluster.connection import lines_of
from papersearch.cluster.published import Published
from papersearch.errors import ClusterUnusable

OPEN_WITHIN_S = 300.0
"""Time that all copies of a publication have to open."""

HARDLY_ANY = 0.001
"""Processors that an actor asks for: it sleeps between queries. Ray scatters those that ask for none."""

_LOOK_EVERY_S = 1.0


class Opened(NamedTuple):
    """The copies of a publication, and the states of those of each shard."""

    served: Served
    states: tuple[tuple[CopyState, ...], ...]

    @property
    def are_apart(self) -> bool:
        """Whether no node has two copies of a shard."""
        return all(len({state.node for state in copies}) == len(copies) for copies in self.states)

    @property
    def have_token(self) -> bool:
        """Whether Ray asks for its token everywhere."""
        return all(state.has_token for copies in self.states for state in copies)


def alive_nodes() -> list[str]:
    """Return the ids of the nodes that are alive, in a fixed order."""
    return sorted(node["NodeID"] for node in ray.nodes() if node["Alive"])


def placed(n_shards: int, n_copies: int, nodes: Sequence[str]) -> list[list[str]]:
    """Return a node for each copy of each shard: those of one shard apart, and all spread evenly."""
    return [[nodes[(shard + copy) % len(nodes)] for copy in range(n_copies)] for shard in range(n_shards)]


def open_copies(published: Published, n_copies: int, address: str) -> Opened:
    """Start the copies of every shard, and wait until all are open. Raises ClusterUnusable."""
    make = ray.remote(ShardCopy)
    copies = [
        [
            make.options(
                num_cpus=HARDLY_ANY,
                max_restarts=-1,
                max_task_retries=0,  # a retry would hide a dead node for a minute
                scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True),
            ).remote(published, shard)
            for node in nodes
        ]
        for shard, nodes in enumerate(placed(published.n_shards, n_copies, alive_nodes()))
    ]
    states = _wait(copies, address)
    return Opened(Served(published, copies), states)


def _wait(copies: Sequence[Sequence[Any]], address: str) -> tuple[tuple[CopyState, ...], ...]:
    """Wait until every copy is open; ask again those that could not be asked, which Ray may start elsewhere."""
    end = time.monotonic() + OPEN_WITHIN_S
    asked = {copy.state.remote(): (shard, copy) for shard, of_one in enumerate(copies) for copy in of_one}
    states: list[list[CopyState]] = [[] for _ in copies]
    while asked:
        ready, _ = ray.wait(list(asked), timeout=_LOOK_EVERY_S)
        late = time.monotonic() > end
        failed = []
        for answer in ready:
            shard, copy = asked.pop(answer)
            try:
                state = ray.get(answer)
            except ray.exceptions.RayError as error:
                if late:
                    raise _unopened(address, shard, lines_of(error)[0]) from error
                failed.append((shard, copy))
                continue
            if state.fault:
                raise _unopened(address, shard, state.fault)
            states[shard].append(state)
        if failed:
            time.sleep(_LOOK_EVERY_S)  # while Ray starts a copy again, a call to it fails at once
            asked.update({copy.state.remote(): (shard, copy) for shard, copy in failed})
        if late and asked:
            raise _unopened(address, min(shard for shard, _ in asked.values()), f"not within {OPEN_WITHIN_S:g} s")
    return tuple(map(tuple, states))


def _unopened(address: str, shard: int, cause: str) -> ClusterUnusable:
    return ClusterUnusable(address=address, cause=f"shard {shard + 1} does not open there: {cause}")
