"""A guard for a third-party ASGI application: it checks and bounds requests before it passes them on.

It answers POST at one path, with the host, origin and token that it expects, and a whole body that is
not too long and comes in time. Refusals are errors of JSON-RPC, which the guarded application speaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from papersearch.serving.refusals import STATUS, Refusal, headers_of
from papersearch.serving.requests import check_host, check_origin, check_token, read_body

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_INVALID_REQUEST = -32600


class GuardBounds(NamedTuple):
    """The bounds of a guarded application.

    body_seconds: for a request's body to arrive
    seconds: for the answer to be found and taken
    n_at_once: requests that the application has at once
    """

    body_seconds: float = 10.0
    seconds: float = 120.0
    n_at_once: int = 200


def make_guarded_app(
    app: ASGIApp,
    running: Callable[[], AbstractAsyncContextManager[None]],
    path: str,
    *,
    token: str | None = None,
    bounds: GuardBounds | None = None,
) -> Starlette:
    """Make an application that passes good requests at `path` on to `app`.

    running: makes the context in which `app` is used
    token: what requests must show; without one, only requests to names of loopback are answered
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with running():
            yield

    guarded = Starlette(
        routes=[Route(path, _Guard(app, token, bounds or GuardBounds()), methods=["POST"])],
        exception_handlers={404: _no_path(path), 405: _no_method},
        lifespan=lifespan,
    )
    guarded.router.redirect_slashes = False
    return guarded


class _Guard:
    """The door of the guarded application."""

    def __init__(self, app: ASGIApp, token: str | None, bounds: GuardBounds) -> None:
        self._app = app
        self._token = token
        self._bounds = bounds
        self._n_running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            check_host(request.headers, self._token)
            check_origin(request.headers)
            check_token(request.headers, self._token)
            body = await read_body(request, self._bounds.body_seconds)
            if self._n_running >= self._bounds.n_at_once:
                raise Refusal("busy", f"{self._n_running} requests are being answered")
        except Refusal as refusal:
            await _refused(refusal)(scope, receive, send)
            return
        self._n_running += 1
        try:
            async with asyncio.timeout(self._bounds.seconds):
                await self._app(scope, _replayed(body, receive), send)
        except TimeoutError:
            pass  # the server closes the connection of an answer that is not complete
        finally:
            self._n_running -= 1


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that replays the body that was read, and then passes on what follows."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


def _refused(refusal: Refusal) -> Response:
    return _error(STATUS[refusal.reason], f"{refusal.reason}: {refusal.message}", headers_of(refusal.reason))


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": _INVALID_REQUEST, "message": message}}
    return Response(orjson.dumps(error), status, headers, media_type="application/json")


def _no_path(path: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def told(request: Request, error: Exception) -> Response:
        return _error(404, f"unknown path: expected POST to {path}")

    return told


async def _no_method(request: Request, error: Exception) -> Response:
    return _error(405, "unknown method: expected POST", {"Allow": "POST"})
