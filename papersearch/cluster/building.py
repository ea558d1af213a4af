"""Building an index in parts on a cluster: the functions of parts and of their join, as Ray tasks.

Every cluster writes the files that a build in this process writes. A part that is up to
date is left as it is, so an interrupted build goes on. Every node must see the corpus and the
folder of the index under the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import ray

from papersearch.cluster.connection import lines_of
from papersearch.errors import ClusterUnusable, PapersearchError
from papersearch.index.joining import JoinReport, join
from papersearch.index.parts import build_part

if TYPE_CHECKING:
    from papersearch.index.parts import PartRequest, Watch

_RETRIES = 3
"""Times that a step is begun again after its node has died."""


def build_on_cluster(requests: Sequence[PartRequest], address: str, watch: Watch) -> None:
    """Build the parts, each on a graphics processor if the cluster has them. Raises what a part raises."""
    n_gpus = int(ray.cluster_resources().get("GPU", 0))
    watch.progress("building parts", 0, len(requests))
    for n_built, _ in enumerate(_apply(build_part, requests, address, 1 if n_gpus else 0), 1):
        watch.progress("building parts", n_built, len(requests))


def join_on_cluster(index_path: str, address: str, watch: Watch, *, full: bool) -> JoinReport:
    """Join the parts; what is done to each shard is done on the cluster. Raises what `join` raises."""

    def run(step: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
        return _apply(step, tasks, address, 0)

    return join(index_path, full=full, run=run, watch=watch)


def _apply(step: Callable[[Any], Any], tasks: Sequence[Any], address: str, n_gpus: int) -> Iterator[Any]:
    """Apply a step to each of several values on the cluster, and yield the results in order."""
    carried = ray.remote(_carry).options(
        num_cpus=_processors(n_gpus), num_gpus=n_gpus, max_retries=_RETRIES, scheduling_strategy="SPREAD"
    )
    begun = [carried.remote(step, task) for task in tasks]
    for number, result in enumerate(begun, 1):
        try:
            found = ray.get(result)
        except ray.exceptions.RayError as error:
            cause = f"step {number} of {len(begun)} failed there ({lines_of(error)[-1]})"
            raise ClusterUnusable(address=address, cause=cause) from error
        if isinstance(found, PapersearchError):
            raise found  # what still runs ends with the connection
        yield found


def _carry(step: Callable[[Any], Any], task: Any) -> Any:
    """Apply a step; return an error that it raises on purpose, since Ray would wrap it."""
    try:
        return step(task)
    except PapersearchError as error:
        return error


def _processors(n_gpus: int) -> int:
    """Return how many processors a step asks for: most of a node's, since a build uses them all."""
    nodes = [
        node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("GPU", 0) >= n_gpus
    ]
    n_cpus = int(min(node.get("CPU", 1) for node in nodes))
    if n_gpus:
        n_cpus //= int(max(node["GPU"] for node in nodes))
        return max(1, n_cpus)
    return max(1, min(n_cpus // 2 + 1, n_cpus - 1))
