"""The verb `serve`: an index for other machines and programs, over HTTP.

The server's packages are optional, and only this verb imports them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple, Optional

import typer

from papersearch.cli.errors import CommandError, complain, remark, typed
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_INTERRUPTED
from papersearch.cli.options import GROUP, DebugOption, IndexGroup, JsonOption, RecordFormat, RecordFormatOption
from papersearch.cli.output.printer import Printer, open_printer
from papersearch.cli.signatures import takes
from papersearch.errors import PapersearchError
from papersearch.text.amounts import amount

PORT = 8765

TOKEN_FILE = typer.Option(
    "--token-file",
    help="File with the token that requests must show; or set PAPERSEARCH_TOKEN.",
    metavar="FILE",
    show_default=False,
)
"""The option that names the token, of every verb that listens."""

_MOST_THREADS = 8
"""Greatest number of threads that answer. A query costs the same processor time in 1, 2 and 4 threads.

Python's lock lets one thread at a time do all but the arithmetic on arrays, so that many threads would wait for it.
"""


class ServeOptions(NamedTuple):
    """Options of `serve`."""

    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; other than loopback, a token is needed.")
    ] = "127.0.0.1"
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = PORT
    token_file: Annotated[Optional[Path], TOKEN_FILE] = None
    ray: Annotated[
        Optional[str],
        typer.Option(
            "--ray",
            help="Serve the shards from the Ray cluster with its head at HOST:PORT.",
            metavar="HOST:PORT",
            show_default=False,
        ),
    ] = None
    copies: Annotated[
        int, typer.Option("--copies", min=1, max=9, help="With --ray: copies of each shard, on other nodes each.")
    ] = 2
    patience: Annotated[
        float,
        typer.Option(
            "--patience", min=0.01, help="With --ray: seconds until another copy of a silent shard is asked too."
        ),
    ] = 2.0
    log: Annotated[
        bool, typer.Option("--log", help="Print a line for each request on stderr, without its words.")
    ] = False
    format_: RecordFormatOption = RecordFormat.auto
    json: JsonOption = False
    places: IndexGroup = GROUP
    debug: DebugOption = False


@takes(ServeOptions)
def serve(options: ServeOptions) -> int:
    """Serve the index over HTTP, for --index http://HOST:PORT.

    Prints its address when it listens, and answers until Ctrl-C or SIGTERM. It notices what a
    build publishes meanwhile.
    """
    from papersearch.cli.locations import find_locations
    from papersearch.remote.addresses import refuse_address

    printer = open_printer(options.format_, json=options.json)
    path = find_locations(options.places).index_path
    refuse_address(path, "serve it again")
    try:
        from papersearch.serving.app import Bounds, make_app
        from papersearch.serving.local import LocalAnswering
        from papersearch.serving.server import listen, run
    except ImportError as error:
        raise CommandError(
            f"cannot serve without the packages starlette, uvicorn and prometheus-client: {error}",
            "pip install '.[serve]' in a clone of the repository",
        ) from error
    token = checked_token(options.token_file, options.host, "papersearch serve --host")
    report = _reporter(options.debug)
    if options.ray is not None:
        from papersearch.cli.serve_on_ray import serve_on_ray

        return serve_on_ray(options, path, token, report, printer)
    n_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    answering = LocalAnswering(path, n_threads, report)
    listening, place = listen(options.host, options.port)
    app = make_app(
        answering,
        token=token,
        bounds=Bounds(n_at_once=n_threads),
        log=remark if options.log else None,
        report=report,
    )

    def ready() -> None:
        about = answering.current
        announce(printer, str(place), path, about.build, about.n_papers)

    ended_by = run(app, listening, ready)
    return EXIT_INTERRUPTED if ended_by == signal.SIGINT else EXIT_HITS


def checked_token(file: Path | None, host: str, command: str) -> str | None:
    """Return the token, or None without one. Raises CommandError where other machines reach the host.

    command: what to type with the host next, once there is a token
    """
    from papersearch.remote.addresses import find_token, is_loopback

    token = find_token(file)
    if token is None and not is_loopback(host):
        raise CommandError(
            f"cannot listen at {host} without a token: other machines reach it",
            typed(f"export PAPERSEARCH_TOKEN=TOKEN, then: {command}", host),
        )
    return token


def announce(printer: Printer, address: str, path: Path, generation: int, n_papers: int) -> None:
    """Print the address, on one line."""
    if printer.is_json:
        from papersearch.cli.output.json_documents import SCHEMA_VERSION, dump

        told = {"address": address, "generation": generation, "papers": n_papers}
        printer.write(dump({"schema_version": SCHEMA_VERSION, **told}, indent=False))
    else:
        printer.lines([[f"serving {amount(n_papers, 'paper')} of {path} at {address}"]])


def _reporter(is_debugging: bool) -> Callable[[Exception], None]:
    """Return a function that says an error of the server on stderr; a traceback may hold words of queries."""

    def report(error: Exception) -> None:
        if is_debugging:
            import traceback

            traceback.print_exception(error)
        elif isinstance(error, PapersearchError):
            from papersearch.cli.hints import explained

            complain(*explained(error))
        else:
            complain(f"unexpected {type(error).__name__}", "serve with --debug, and report what it prints")

    return report
