"""uvicorn, run as the server of one application: bounded connections, JSON for every refusal, a clean end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import h11
import orjson
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from papersearch.errors import CannotListen
from papersearch.remote.addresses import Address

if TYPE_CHECKING:
    from starlette.applications import Starlette

MAX_CONNECTIONS = 1_000
MAX_HEADER_BYTES = 16_384
HEADER_SECONDS = 10.0
KEPT_SECONDS = 60
"""Time that an idle connection is kept open."""

END_SECONDS = 5
"""Time that running requests have to end after a signal."""

_BACKLOG = 512


def listen(host: str, port: int) -> tuple[socket.socket, Address]:
    """Open a socket that listens; return it with its address, with the real port for port 0.

    Raises CannotListen.
    """
    asked = Address(is_encrypted=False, host=host, port=port, folder="")
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        opened = socket.create_server(place[:2], family=family, backlog=_BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        raise CannotListen(address=str(asked), cause=getattr(error, "strerror", None) or str(error)) from error
    opened.set_inheritable(False)
    # Connections inherit it: asyncio sets it for sockets that name their protocol, which this one does not.
    # Without it, the second half of an answer waits 40 ms for the acknowledgement of the first.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened, asked._replace(port=opened.getsockname()[1])


def run(
    app: Starlette, listening: socket.socket, ready: Callable[[], None], lifespan: Literal["on", "off"] = "off"
) -> int:
    """Answer requests until SIGINT or SIGTERM; return the number of the signal.

    ready: called when requests are answered
    lifespan: whether the application is told when the server starts and ends
    """
    server = _Server(
        uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan=lifespan,
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            timeout_keep_alive=KEPT_SECONDS,
            timeout_graceful_shutdown=END_SECONDS,
        ),
        ready,
    )
    server.run([listening])
    return server.ended_by


class _Server(uvicorn.Server):
    """A server that tells when it is ready, and by which signal it ended."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self.ended_by = signal.SIGTERM

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End by a signal, without raising it again: the caller has exit codes of its own."""

        def end(number: int, frame: Any) -> None:
            self.ended_by = signal.Signals(number)
            self.handle_exit(number, frame)

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Protocol(H11Protocol):
    """HTTP/1.1 whose headers come within a bound, and whose refusals are JSON."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._watch_header()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_header()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._stop_watching()  # an idle connection is uvicorn's matter

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, or has too long a header."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        expected = f"expected HTTP/1.1 with a header below {MAX_HEADER_BYTES:,} bytes"
        body = orjson.dumps({"error": {"reason": "malformed", "message": expected}})
        headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        for event in (
            h11.Response(status_code=400, headers=list(headers.items()), reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch_header(self) -> None:
        """Close the connection unless a whole header comes in time."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _stop_watching(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
