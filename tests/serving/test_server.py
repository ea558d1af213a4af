"""The server as a process, asked with bytes that no client sends, and by many clients at once."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import orjson
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

import papersearch
from papersearch.serving import server as server_module
from papersearch.serving.app import make_app
from papersearch.serving.server import MAX_HEADER_BYTES
from tests.conftest import PATIENCE_S
from tests.served import OURS, Played, Served, served

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture(scope="module")
def server(small_project: Path) -> Iterator[Served]:
    with served(small_project / "index") as found:
        yield found


def answered(server: Served, *pieces: bytes, is_ended: bool = False) -> bytes:
    """Send bytes on a connection of their own, and return all that comes back until the server closes it.

    is_ended: send nothing more after them, which the server takes for a client that leaves
    """
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            if is_ended:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was refused before the end
        read = b""
        try:
            while piece := connection.recv(65536):
                read += piece
        except ConnectionResetError:
            pass
        return read


def is_alive(server: Served) -> bool:
    told = answered(server, b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return told.startswith(b"HTTP/1.1 200") and b'"status":"ok"' in told


HEAD = b"POST /v1/search HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in OURS.items()).encode()
BODY = b'{"query":"protein","k":1,"mode":"hybrid"}'


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA B: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * MAX_HEADER_BYTES + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * MAX_HEADER_BYTES + b"\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n" + BODY,
        HEAD + b"Content-Length: 41\r\nContent-Length: 42\r\n\r\n" + BODY,
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\n" + BODY,
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n" + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY,
        HEAD + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n[]",
        HEAD + b"Connection: close\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
    ],
)
def test_hostile_bytes(sent: bytes, server: Served) -> None:
    """What is not a request, or has absurd headers, is refused with 4xx as JSON, and the server lives."""
    told = answered(server, sent)
    response = HTTPResponse(cast(socket.socket, SimpleNamespace(makefile=lambda mode: BytesIO(told))))
    response.begin()
    assert 400 <= response.status < 500
    assert response.headers["Content-Type"] == "application/json"
    assert orjson.loads(response.read())["error"]["reason"]
    assert is_alive(server)


@settings(max_examples=25)
@given(sent=st.lists(st.binary(max_size=30) | st.sampled_from([HEAD, BODY, b"\r\n\r\n", b"\r\n"]), max_size=5))
def test_any_bytes(sent: list[bytes], server: Served) -> None:
    """No bytes end the server, or bring anything but HTTP out of it."""
    told = answered(server, *sent, is_ended=True)
    assert not told or told.startswith(b"HTTP/1.1 ")
    assert is_alive(server)


def test_a_client_that_leaves(server: Served) -> None:
    """Clients that leave before the answer cost the others nothing."""
    request = HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY
    for end in (1, len(request) // 2, len(request)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
            connection.sendall(request[:end])
    assert is_alive(server)


def test_nothing_is_said_of_clients(small_project: Path) -> None:
    """Standard error stays empty, whatever clients send, and whenever they leave."""
    with served(small_project / "index") as found:
        for sent in (
            HEAD,
            HEAD + b"Content-Length: 41\r\n\r\n{",
            b"\x00\r\n\r\n",
            HEAD + b"Content-Length: 41\r\n\r\n" + BODY,
        ):
            answered(found, sent, is_ended=True)
        assert is_alive(found)
        found.process.terminate()
        assert found.process.communicate(timeout=PATIENCE_S) == ("", "")


@pytest.mark.slow
def test_fifty_clients(server: Served, small_project: Path) -> None:
    """Fifty clients at once are all answered, each as by the index itself."""
    queries = ["protein folding", "graph colouring", "speech", "pipeline bubbles"]
    index = papersearch.open(small_project / "index")
    expected = [index.search(query, 3) for query in queries]
    found: list[bool] = []

    def ask(number: int) -> None:
        remote = papersearch.open(server.address)
        place = number % len(queries)
        found.extend(remote.search(queries[place], 3) == expected[place] for _ in range(2))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert found == [True] * 100


def test_a_header_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection is closed unless a whole header comes within the bound, the first one and each later one."""
    monkeypatch.setattr(server_module, "HEADER_SECONDS", 0.05)

    async def told(*sent: bytes) -> bytes:
        config = uvicorn.Config(make_app(Played()), ws="none", lifespan="off", log_config=None)
        state, loop = ServerState(), asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: server_module._Protocol(config, state, {}, loop), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        try:
            for piece in sent:
                writer.write(piece)
                if piece.endswith(b"\r\n\r\n"):
                    await reader.readuntil(b"}")
            return await reader.read()
        except (ConnectionResetError, asyncio.IncompleteReadError):  # closed before the request came
            return b""
        finally:
            writer.close()
            listening.close()

    health = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for sent in ((), (b"GET /health HT",), (health, b"GET /health HT"), (health, health, HEAD)):
        assert asyncio.run(told(*sent)) == b""


def test_answers_are_sent_at_once() -> None:
    """No connection holds the second half of an answer back until the first is acknowledged."""
    listening, place = server_module.listen("127.0.0.1", 0)
    with listening, socket.create_connection(("127.0.0.1", place.port)):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
