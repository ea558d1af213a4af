"""The verb `serve` with `--ray`: the same door, over shards on a cluster. Only such a command imports Ray."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from papersearch.cli.errors import CommandError, complain
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_INTERRUPTED
from papersearch.cluster.connection import connected
from papersearch.remote.addresses import Address

if TYPE_CHECKING:
    from papersearch.cli.output.printer import Printer
    from papersearch.cli.serve import ServeOptions
    from papersearch.cluster.serving import Started


_END_WITHIN_S = 20.0


def check_ray() -> None:
    """Raise CommandError unless the package ray is installed."""
    if find_spec("ray") is None:
        raise CommandError(
            "cannot use a cluster without the package ray, 2.60 or newer",
            "pip install '.[ray]' in a clone of the repository",
        )


def serve_on_ray(
    options: ServeOptions,
    path: Path,
    token: str | None,
    report: Callable[[Exception], None],
    printer: Printer,
) -> int:
    """Open the shards and doors on the cluster, and keep them until a signal."""
    from papersearch.cli.serve import announce

    check_ray()
    ended, numbers = threading.Event(), list[int]()

    def end(number: int, frame: object) -> None:
        numbers.append(number)
        ended.set()
        signal.signal(number, signal.default_int_handler)  # a second signal does not wait
        # Ray waits for minutes for a head that is gone.
        code = EXIT_INTERRUPTED if number == signal.SIGINT else EXIT_HITS
        at_last = threading.Timer(_END_WITHIN_S, os._exit, [code])
        at_last.daemon = True
        at_last.start()

    with connected(str(options.ray)):
        from papersearch.cluster.door import DoorOptions
        from papersearch.cluster.serving import Server, ServingRequest

        request = ServingRequest(
            path.resolve(), str(options.ray), options.copies, options.host, options.port,
            DoorOptions(token, options.patience),
        )  # fmt: skip
        server = Server(request, report)
        try:
            started = server.start()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, end)
            _warn(started)
            address = Address(is_encrypted=False, host=options.host, port=started.port, folder="")
            manifest = started.collection.manifest
            announce(printer, str(address), path, manifest.generation, manifest.n_papers)
            server.watch(ended)
        finally:
            server.end()
    return EXIT_INTERRUPTED if signal.SIGINT in numbers else EXIT_HITS


def _warn(started: Started) -> None:
    """Say what makes the cluster weaker than it could be."""
    if not started.are_apart:
        complain("copies of a shard share a node, and are lost together", "")
    if not started.have_token:
        complain(
            "Ray takes code from everyone who reaches its ports", "export RAY_AUTH_MODE=token on every node of it"
        )
