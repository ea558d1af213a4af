"""A Ray cluster of two nodes on loopback, in a process of its own: it prints its address, and obeys.

    python -m tests.cluster.nodes

A line "kill" on standard input kills the second node by SIGKILL, "behead" the head's control
process. The end of standard input ends the cluster. Ray's own warnings stay out of the tests.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import Any

NODE: dict[str, Any] = {"num_cpus": 4, "object_store_memory": 80_000_000}


def main() -> None:
    """Start the nodes, and carry out what is asked."""
    from ray.cluster_utils import Cluster

    head = {**NODE, "node_ip_address": "127.0.0.1", "include_dashboard": False}
    with contextlib.redirect_stdout(sys.stderr):
        cluster = Cluster(initialize_head=True, head_node_args=head)
        second = cluster.add_node(**NODE, node_ip_address="127.0.0.2")
    print(cluster.address, flush=True)
    for line in sys.stdin:
        if line.strip() == "kill":
            processes = [one.process.pid for every in second.all_processes.values() for one in every]
        else:
            processes = [one.process.pid for one in cluster.head_node.all_processes["gcs_server"]]
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
        print("done", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
