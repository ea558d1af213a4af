"""The ASGI application of a served index: it checks, bounds, counts and answers requests.

`make_app` takes the object that answers. The application may run in uvicorn, or behind any other
server of ASGI. Requests and answers are described in `remote.calls`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from papersearch.errors import PapersearchError
from papersearch.remote.calls import LONG, PREFIX, VERBS, About, AboutCall, Call
from papersearch.remote.failures import error_fields, is_carried
from papersearch.serving.answering import DEADLINE, Answering, GenerationUnknown
from papersearch.serving.metrics import CONTENT_TYPE, Metrics
from papersearch.serving.refusals import STATUS, Reason, Refusal, headers_of
from papersearch.serving.requests import (
    asked_generation,
    check_host,
    check_release,
    check_token,
    patience,
    read_body,
    read_call,
)
from papersearch.serving.turns import Turns

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

ANSWERING_SHARE = 0.8
"""Share of a call's time for finding the answer. In the rest, the answer or an error reaches the client."""

OTHER = "other"
"""The verb of a request that names none, in measurements."""


class Bounds(NamedTuple):
    """The bounds of an application.

    n_at_once: calls that are answered at once
    n_waiting: calls that wait for them
    seconds: for a call from its header to its answer, or less if the client waits less; long_seconds:
        for a call of many queries or papers
    body_seconds: for a request's body to arrive
    send_seconds: for an answer to be taken
    """

    n_at_once: int = 4
    n_waiting: int = 256
    seconds: float = 60.0
    long_seconds: float = 600.0
    body_seconds: float = 10.0
    send_seconds: float = 60.0


def make_app(
    answering: Answering,
    *,
    token: str | None = None,
    bounds: Bounds | None = None,
    log: Callable[[str], None] | None = None,
    report: Callable[[Exception], None] = lambda error: None,
) -> Starlette:
    """Make the application over the object that answers.

    token: what requests must show; without one, only requests to names of loopback are answered
    log: called with a line for each request, which holds no word of it
    report: called with each error of the server itself
    """
    door = Door(answering, token, bounds or Bounds(), log, report)
    app = Starlette(
        routes=[
            Route("/health", door.health),
            Route("/metrics", door.metrics),
            Route(PREFIX + "{verb}", door.call, methods=["POST"]),
        ],
        middleware=[Middleware(_Ending, seconds=door.longest)],
        exception_handlers={404: _no_path, 405: _no_method},
    )
    app.router.redirect_slashes = False
    return app


class Door:
    """The handlers of requests."""

    def __init__(
        self,
        answering: Answering,
        token: str | None,
        bounds: Bounds,
        log: Callable[[str], None] | None,
        report: Callable[[Exception], None],
    ) -> None:
        self._answering = answering
        self._token = token
        self._bounds = bounds
        self._log = log
        self._report = report
        self._turns = Turns(bounds.n_at_once, bounds.n_waiting)
        self._metrics = Metrics(self._turns)

    @property
    def longest(self) -> float:
        """The longest time that a request may take in all, in seconds."""
        return self._bounds.body_seconds + self._bounds.long_seconds + self._bounds.send_seconds

    async def call(self, request: Request) -> Response:
        """Answer a call."""
        verb = request.path_params["verb"]
        return await self._measured(verb if verb in VERBS else OTHER, self._called(request, verb))

    async def health(self, request: Request) -> Response:
        """Say which generation answers. Needs no token, so that a balancer can ask."""

        async def said() -> Response:
            check_host(request.headers, self._token)
            about = await self._about()
            return _json(200, {"status": "ok", **about.asdict()})

        return await self._measured("health", said())

    async def metrics(self, request: Request) -> Response:
        """Return the measurements."""

        async def said() -> Response:
            check_host(request.headers, self._token)
            check_token(request.headers, self._token)
            try:
                about = await self._about()
            except PapersearchError:
                about = None
            return Response(self._metrics.exposition(about), media_type=CONTENT_TYPE)

        return await self._measured("metrics", said())

    async def _about(self) -> About:
        async with asyncio.timeout(self._bounds.seconds):
            return await self._answering.about()

    async def _called(self, request: Request, verb: str) -> Response:
        check_host(request.headers, self._token)
        check_token(request.headers, self._token)
        if verb not in VERBS:
            raise Refusal("unknown path", f"expected one of {', '.join(VERBS)} after {PREFIX}")
        check_release(request.headers)
        generation = asked_generation(request.headers)
        began, waited_for = time.monotonic(), patience(request.headers)
        call = read_call(verb, await read_body(request, self._bounds.body_seconds))
        seconds = min(waited_for, self._bounds.long_seconds if type(call) in LONG else self._bounds.seconds)
        DEADLINE.set(began + ANSWERING_SHARE * seconds)  # for this request alone: it has a context of its own
        try:
            async with asyncio.timeout(seconds):
                return await self._answered(request, call, generation)
        except TimeoutError:
            raise Refusal("too slow", f"no answer was found within {seconds:g} s") from None

    async def _answered(self, request: Request, call: Call, generation: str | None) -> Response:
        """Answer when there is a turn, unless the client has gone."""
        if isinstance(call, AboutCall) and generation is None:
            return _answer(await self._answering.about(), b"null")
        async with self._turns.turn():
            if await request.is_disconnected():
                raise Refusal("client gone", "nobody waits for the answer")
            answer = await self._answering.answer(call, generation)
        return _answer(answer.about, answer.result)

    async def _measured(self, verb: str, answering: Awaitable[Response]) -> Response:
        """Await a response; count it, and make one of an error."""
        started = time.perf_counter()
        try:
            response = await answering
            outcome = "answered"
        except Refusal as refusal:
            response, outcome = _refused(refusal.reason, refusal.message, found=refusal.found), refusal.reason
        except GenerationUnknown:
            response, outcome = _refused("generation gone", "the generation is not open"), "generation gone"
        except PapersearchError as error:
            response, outcome = self._failed(error)
        except Exception as error:
            self._report(error)
            response, outcome = _refused("failed", "the server met an unexpected error"), "failed"
        seconds = time.perf_counter() - started
        self._metrics.count(verb, outcome, seconds)
        if self._log is not None:
            self._log(f"{verb} {outcome} {seconds:.3f} s")
        return response

    def _failed(self, error: PapersearchError) -> tuple[Response, Reason]:
        if is_carried(error):
            return _refused("error", error.message, error=error_fields(error)), "error"
        self._report(error)
        return _refused("failed", f"the index cannot be used ({type(error).__name__})"), "failed"


class _Ending:
    """A bound for the whole of a request: a client that takes no answer does not hold it for ever."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with asyncio.timeout(self._seconds):
            await self._app(scope, receive, send)


def _answer(about: About, result: bytes) -> Response:
    content = b'{"about":' + orjson.dumps(about.asdict()) + b',"result":' + result + b"}"
    return Response(content, media_type="application/json")


def _refused(reason: Reason, message: str, **more: object) -> Response:
    return _json(STATUS[reason], {"error": {"reason": reason, "message": message, **more}}, headers_of(reason))


def _json(status: int, fields: dict[str, object], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(fields), status, headers, media_type="application/json")


async def _no_path(request: Request, error: Exception) -> Response:
    return _refused("unknown path", f"expected {PREFIX}VERB, /health or /metrics")


async def _no_method(request: Request, error: Exception) -> Response:
    return _refused("unknown method", f"expected POST to {PREFIX}VERB, or GET of /health or /metrics")
