"""The connection to a Ray cluster, which is always named.

Ray joins the cluster that was started last on the machine if it is not told which. It also sends
statistics of its use, and listens on the machine's own address, unless it is told otherwise.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from papersearch.errors import ClusterUnusable
from papersearch.remote.addresses import is_loopback

NAMESPACE = "papersearch"

_ADDRESS = re.compile(r"(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})", re.ASCII)
_REACHED_WITHIN_S = 3.0


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Connect this process to the cluster at `address` meanwhile: HOST:PORT of its head.

    Raises ClusterUnusable, and ImportError without Ray.
    """
    _prepare(address)
    import ray

    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    try:
        ray.init(
            address=address,
            namespace=NAMESPACE,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": {"OPENBLAS_NUM_THREADS": "1"}},  # threads of many shards fight
        )
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise ClusterUnusable(address=address, cause=lines_of(error)[0]) from error
    try:
        yield
    finally:
        ray.shutdown()


def lines_of(error: BaseException) -> list[str]:
    """Return the lines of an error's message, or else the name of its class: an error of Ray may have none."""
    return str(error).strip().splitlines() or [type(error).__name__]


def _prepare(address: str) -> None:
    """Set the variables that Ray reads when it is imported, and try the address: Ray itself waits long for one."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        raise ClusterUnusable(address=address, cause="expected HOST:PORT of its head")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # of 40 s each, at a port that is not Ray's
    host = parts["host"].strip("[]")
    if is_loopback(host):
        # The one switch that keeps Ray on loopback: it turns 127.0.0.1 into the machine's own address.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        socket.create_connection((host, int(parts["port"])), _REACHED_WITHIN_S).close()
    except (OSError, OverflowError, UnicodeError) as error:  # the last of a host whose name cannot be one
        raise ClusterUnusable(address=address, cause=getattr(error, "strerror", None) or str(error)) from error
