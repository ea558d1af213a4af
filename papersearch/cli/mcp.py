"""The verb `mcp`: a server for agents, by the Model Context Protocol over stdio or HTTP.

This module starts and ends the server; its tools are in `agents`. The package `mcp` is optional
and takes a second to import: only a server imports it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn, Optional

import typer

from papersearch.cli.errors import CommandError, complain
from papersearch.cli.exit_codes import EXIT_HITS, EXIT_INTERRUPTED
from papersearch.cli.index_access import open_index
from papersearch.cli.options import GROUP, DebugOption, PlacesGroup
from papersearch.cli.serve import TOKEN_FILE, checked_token
from papersearch.cli.signatures import takes
from papersearch.text.amounts import amount

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

    from papersearch.api import Index
    from papersearch.cli.agents.tools import Tool

HOST = "127.0.0.1"
PORT = 8766
PATH = "/mcp"


class McpOptions(NamedTuple):
    """Options of `mcp`."""

    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP in place of standard input and output.")] = (
        False
    )
    host: Annotated[
        Optional[str],
        typer.Option(
            "--host",
            help=f"With --http: address to listen at, {HOST} unless given; other than loopback, a token is needed.",
            show_default=False,
        ),
    ] = None
    port: Annotated[
        Optional[int],
        typer.Option(
            "--port",
            min=0,
            max=65535,
            help=f"With --http: port to listen at, {PORT} unless given; 0 takes a free one.",
            show_default=False,
        ),
    ] = None
    token_file: Annotated[Optional[Path], TOKEN_FILE] = None
    allow_marks: Annotated[
        bool,
        typer.Option("--allow-marks", help="Let agents tag papers, note something, and mark papers as read."),
    ] = False
    places: PlacesGroup = GROUP
    debug: DebugOption = False


@takes(McpOptions)
def serve(options: McpOptions) -> int:
    """Serve agents by the Model Context Protocol.

    The tools are search, similar, show, cite and stats; with --allow-marks, mark too. The server
    speaks on standard input and output until its input is closed, or with --http until Ctrl-C.
    """
    _check_transport(options)
    opened = open_index(options.places)
    try:
        from papersearch.cli.agents.server import AgentServer
    except ImportError as error:
        raise CommandError(
            f"cannot serve without the package mcp, 2.3 or newer: {error}",
            "pip install '.[mcp]' in a clone of the repository",
        ) from error
    _set_logging(debug=options.debug)
    agents = AgentServer(opened, _tools(allow_marks=options.allow_marks), debug=options.debug)
    server = agents.protocol_server()
    code = _over_http(server, opened, options) if options.http else _over_stdio(server)
    if agents.is_answering:  # nobody waits for it any more, and Python would
        sys.stdout.flush()
        os._exit(code)
    return code


def _tools(*, allow_marks: bool) -> tuple[Tool, ...]:
    """Return the tools: those that read, and the one that writes if that is allowed."""
    from papersearch.cli.agents.tools import TOOLS

    if not allow_marks:
        return TOOLS
    from papersearch.cli.agents.marking import MARK

    return (*TOOLS, MARK)


def _check_transport(options: McpOptions) -> None:
    """Refuse options of HTTP without HTTP, which would be dropped in silence."""
    for name, value in (("--host", options.host), ("--port", options.port), ("--token-file", options.token_file)):
        if value is not None and not options.http:
            raise typer.BadParameter("expected --http beside it", param_hint=name)


def _over_stdio(server: Server[Any]) -> int:
    """Serve one client on standard input and output, until it closes the input."""
    import asyncio

    from mcp.server.stdio import stdio_server

    async def talk() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    signal.signal(signal.SIGINT, _leave)
    if sys.stdin.isatty():
        complain("serving other programs on standard input; Ctrl-C ends it", "papersearch search mcp")
    try:
        asyncio.run(talk())
    except* BrokenPipeError:
        pass  # a client may go away
    return EXIT_HITS


def _over_http(server: Server[Any], opened: Index, options: McpOptions) -> int:
    """Serve clients over HTTP until a signal. No session is kept: each request is whole in itself."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from papersearch.cli.output.printer import Printer
    from papersearch.errors import CannotListen
    from papersearch.remote.calls import MAX_BODY_BYTES
    from papersearch.serving.guard import make_guarded_app
    from papersearch.serving.server import listen, run

    host = options.host or HOST
    token = checked_token(options.token_file, host, "papersearch mcp --http --host")
    manager = StreamableHTTPSessionManager(
        server, json_response=True, stateless=True, max_request_body_size=MAX_BODY_BYTES
    )
    try:
        listening, place = listen(host, PORT if options.port is None else options.port)
    except CannotListen as error:
        raise CommandError(error.message, "papersearch mcp --http --port 0") from error
    app = make_guarded_app(manager.handle_request, manager.run, PATH, token=token)

    def ready() -> None:
        Printer().lines([[f"serving {amount(len(opened), 'paper')} of {opened.place} to agents at {place}{PATH}"]])

    ended_by = run(app, listening, ready, lifespan="on")
    return EXIT_INTERRUPTED if ended_by == signal.SIGINT else EXIT_HITS


def _set_logging(*, debug: bool) -> None:
    """Show what the protocol's package logs with --debug alone: it may hold words of queries."""
    import logging

    if debug:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    else:
        logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)


def _leave(*_: object) -> NoReturn:
    """End at once: an exception would wait for the thread that reads standard input."""
    os._exit(EXIT_INTERRUPTED)
