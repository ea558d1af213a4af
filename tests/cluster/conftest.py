"""A cluster of two nodes, and a server on it. Everything listens on loopback."""

from __future__ import annotations

import importlib.util
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.conftest import PROJECT, command_environment
from tests.served import Served, served

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")


class Nodes:
    """Two nodes of a cluster."""

    def __init__(self, process: subprocess.Popen[str], environment: dict[str, str]) -> None:
        assert process.stdout is not None
        self._process = process
        self.environment = environment
        self.address = process.stdout.readline().strip()
        if not self.address:
            pytest.skip("Ray does not start two nodes on this machine")

    def tell(self, order: str) -> None:
        """Kill what the order says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"


@contextmanager
def two_nodes(folder: Path) -> Iterator[Nodes]:
    """Start a cluster, and end it with all of its processes."""
    environment = command_environment(
        {
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # loopback stays loopback
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),  # in a variable: nothing is written to the home folder
            "RAY_TMPDIR": str(folder),
            "COVERAGE_PROCESS_CONFIG": "",
        }
    )
    command = [sys.executable, "-m", "tests.cluster.nodes"]
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield Nodes(process, environment)
        finally:
            process.communicate(timeout=60)


def served_by(nodes: Nodes, index: Path) -> AbstractContextManager[Served]:
    """Serve an index from the cluster meanwhile."""
    return served(index, "--ray", nodes.address, env=nodes.environment)


def command_on(nodes: Nodes, arguments: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a process that can reach the cluster."""
    return subprocess.run(
        [sys.executable, "-m", "papersearch", *arguments], cwd=cwd, env=nodes.environment, text=True,
        capture_output=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def ray_folder() -> Iterator[Path]:
    """Return a folder with a short name: Ray's sockets have paths of at most 107 bytes."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
