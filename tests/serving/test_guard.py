"""The guard: what it refuses before the guarded application sees it, and what it passes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersearch.remote.calls import MAX_BODY_BYTES
from papersearch.serving.guard import GuardBounds, make_guarded_app
from tests.served import Reply, asked

HOST = {"Host": "localhost:8766"}
TOKEN = {"Host": "papers.example", "Authorization": "Bearer secret"}


class Echo:
    """An application that answers with the body it was given, when it is told to."""

    def __init__(self) -> None:
        self.n_asked = 0
        self.is_running = False
        self.arrived = asyncio.Semaphore(0)
        self.go_on = asyncio.Event()
        self.go_on.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.is_running = True
        yield
        self.is_running = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.n_asked += 1
        self.arrived.release()
        message = await receive()
        assert message["more_body"] is False
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": message["body"]})


def ask(body: bytes = b"{}", headers: dict[str, str] = HOST, token: str | None = None, **more: Any) -> Reply:
    echo = Echo()
    app = make_guarded_app(echo, echo.running, "/mcp", token=token)
    reply = asyncio.run(asked(app, more.pop("path", "/mcp"), body, headers, **more))
    assert echo.n_asked == (reply.status == 200)
    return reply


@given(st.binary(max_size=300), st.integers(1, 5))
def test_bodies_are_passed_on(body: bytes, pieces: int) -> None:
    """A body reaches the application whole, in however many pieces it came."""
    assert ask(body, pieces=pieces).body == body


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:80", "LOCALHOST", "127.0.0.1:8766", "127.8.9.1", "[::1]:8766", "[::1]"]
)
def test_names_of_loopback_are_served(host: str) -> None:
    """Without a token every name of loopback is answered."""
    assert ask(headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"Host": "evil.example"}, 403, "host not served"),
        ({"Host": "127.0.0.1.evil.example:80"}, 403, "host not served"),
        ({"Host": "localhost.evil.example"}, 403, "host not served"),
        ({"Host": ""}, 403, "host not served"),
        ({"Origin": "http://evil.example"}, 403, "origin not served"),
        ({"Origin": "https://localhost.evil.example"}, 403, "origin not served"),
        ({"Origin": "null"}, 403, "origin not served"),
        ({"Origin": ""}, 403, "origin not served"),
        ({"Origin": "http://[::1"}, 403, "origin not served"),
        ({"Content-Length": str(MAX_BODY_BYTES + 1)}, 413, "too large"),
        ({"Content-Length": "-5"}, 400, "malformed"),
    ],
)
def test_refusals(changes: dict[str, str], status: int, said: str) -> None:
    """What comes from elsewhere or is too long never reaches the application; the connection is closed."""
    reply = ask(headers={**HOST, **changes})
    assert (reply.status, reply.headers["connection"]) == (status, "close")
    assert reply.json["jsonrpc"] == "2.0"
    assert reply.json["error"]["message"].startswith(said)


def test_pages_of_this_machine_are_served() -> None:
    """A page of loopback may ask, as an inspector in a browser does."""
    for origin in ("http://localhost:6274", "http://127.0.0.1", "https://[::1]:1"):
        assert ask(headers={**HOST, "Origin": origin}).status == 200


def test_a_long_body_without_its_length() -> None:
    """A body that grows past the limit is refused while it comes."""
    assert ask(b"x" * (MAX_BODY_BYTES + 1), pieces=50).status == 413


def test_a_token_opens_it() -> None:
    """With a token any host is answered to who shows it, and nobody else; a page of elsewhere is not."""
    assert ask(headers=TOKEN, token="secret").status == 200
    for shown in ("", "Bearer", "Bearer wrong", "Bearer secret2", "Basic secret", "secret", "Bearer sécret"):
        reply = ask(headers={**TOKEN, "Authorization": shown}, token="secret")
        assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
        assert "secret" not in reply.body.decode()
    assert ask(headers={"Host": "papers.example"}, token="secret").status == 401
    assert ask(headers={**TOKEN, "Origin": "http://evil.example"}, token="secret").status == 403


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PUT"])
def test_only_post_is_answered(method: str) -> None:
    """No other method is answered: there is no stream to open and no session to end."""
    reply = ask(method=method)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "/mcp/", "/mcp/x", "/../mcp", "/health"])
def test_only_one_path_is_answered(path: str) -> None:
    """Every other path is unknown, and is not redirected."""
    assert ask(path=path).status == 404


def test_a_body_that_does_not_come() -> None:
    """A body that does not come in time is refused."""

    async def talk() -> int:
        echo = Echo()
        app = make_guarded_app(echo, echo.running, "/mcp", bounds=GuardBounds(body_seconds=0.01))
        sent: list[Any] = []

        async def receive() -> Any:
            if not sent:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/mcp", "headers": [(b"host", b"localhost")]}
        await app({**scope, "query_string": b"", "root_path": ""}, receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(talk()) == 504


def test_requests_at_once_are_bounded() -> None:
    """While as many requests as are allowed run, the next one is refused; afterwards it is answered."""

    async def talk() -> None:
        echo = Echo()
        echo.go_on.clear()
        app = make_guarded_app(echo, echo.running, "/mcp", bounds=GuardBounds(n_at_once=2))
        running = [asyncio.create_task(asked(app, "/mcp", b"", HOST)) for _ in range(2)]
        for _ in running:
            await echo.arrived.acquire()
        busy = await asked(app, "/mcp", b"", HOST)
        assert (busy.status, busy.headers["retry-after"]) == (503, "1")
        echo.go_on.set()
        assert [reply.status for reply in await asyncio.gather(*running)] == [200, 200]
        assert (await asked(app, "/mcp", b"", HOST)).status == 200

    asyncio.run(talk())


def test_the_application_runs_while_it_is_served() -> None:
    """The application's context is entered when the server starts, and left when it ends."""

    async def talk() -> None:
        echo = Echo()
        app = make_guarded_app(echo, echo.running, "/mcp")
        events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        states = []

        async def receive() -> Any:
            states.append(echo.is_running)
            return events.pop(0)

        async def send(message: Any) -> None:
            states.append((message["type"], echo.is_running))

        await app({"type": "lifespan"}, receive, send)
        assert states == [
            False,
            ("lifespan.startup.complete", True),
            True,
            ("lifespan.shutdown.complete", False),
        ]

    asyncio.run(talk())
