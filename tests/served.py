"""Servers of an index for tests: the real one as a process, its application without a network, and impostors."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from papersearch.index.layout import FORMAT_VERSION
from papersearch.remote.calls import FORMAT_HEADER, RELEASE_HEADER, About, Call
from papersearch.serving.answering import Answer
from papersearch.version import __version__
from tests.conftest import PATIENCE_S, command_environment

OURS = {RELEASE_HEADER: __version__, FORMAT_HEADER: str(FORMAT_VERSION), "Host": "localhost"}
"""The headers of a client of this release."""


class Served(NamedTuple):
    """A running server: its process and its address."""

    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def env(self) -> dict[str, str]:
        """The environment of a client that waits as long as a busy machine may need."""
        return {"PAPERSEARCH_INDEX": self.address, "PAPERSEARCH_TIMEOUT": str(PATIENCE_S)}


@contextmanager
def served(index: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[Served]:
    """Serve an index on a free port of loopback by a process, and end it afterwards."""
    command = ["-m", "papersearch", "serve", "--port", "0", "--json", "--index", str(index), *options]
    with listening(command, env) as (process, line):
        try:
            yield Served(process, orjson.loads(line)["address"])
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)


@contextmanager
def listening(command: Sequence[str], env: dict[str, str] | None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a server by arguments of Python; yield it, and the line that it prints when it listens."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env=command_environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, line
    finally:
        process.kill()  # where a signal has not ended it


class Reply(NamedTuple):
    """An answer of the application."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def reason(self) -> str:
        """The reason of a refusal."""
        return str(self.json["error"]["reason"])


async def asked(
    app: Any,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    method: str = "POST",
    pieces: int = 1,
) -> Reply:
    """Send a request to an ASGI application, its body in several `pieces`, without a network."""
    length = -(-len(body) // pieces) or 1
    parts = [body[start : start + length] for start in range(0, len(body), length)] or [b""]
    incoming = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, 1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if incoming:
            return incoming.pop(0)
        await asyncio.Event().wait()  # a client that waits for the answer
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or OURS).items()
        ],
    }
    await app(scope, receive, send)
    start = sent[0]
    held = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    return Reply(start["status"], held, b"".join(message.get("body", b"") for message in sent[1:]))


@contextmanager
def impostor(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen on loopback, and let `answer` treat each connection in a thread; yield the address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def treat(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            answer(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=treat, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def read_request(connection: socket.socket) -> bytes:
    """Read a whole request, and return it."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += _piece(connection)
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += _piece(connection)
    return head + b"\r\n\r\n" + body


def _piece(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionError
    return piece


def http(status: int, body: bytes, **headers: str) -> bytes:
    """Return an answer of HTTP, which is JSON unless `headers` say otherwise."""
    told = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Told\r\n{head}\r\n".encode() + body


ABOUT = {
    "release": __version__,
    "format": FORMAT_VERSION,
    "generation": "1-abc",
    "build": 1,
    "n_papers": 4,
    "n_encoded": 4,
}
"""A generation that an impostor tells of."""


def told(result: Any, **changes: Any) -> bytes:
    """Return an answer with a result of an impostor, in HTTP."""
    return http(200, orjson.dumps({"about": ABOUT | changes, "result": result}))


class Played:
    """An object that answers as a test says: it counts what is asked, and may wait."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[Call] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_asked = asyncio.Event()

    async def about(self) -> About:
        return About(**ABOUT)

    async def answer(self, call: Call, generation: str | None) -> Answer:
        self.calls.append(call)
        self.is_asked.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return Answer(About(**ABOUT), b'"done"')
