"""The server for agents as a process: its transports, its ends, and bytes that no client sends."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import anyio
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from papersearch.remote.calls import MAX_BODY_BYTES
from papersearch.serving.server import MAX_HEADER_BYTES
from tests.cli.agents.asking import Call, answers, converse, text_of
from tests.conftest import PATIENCE_S, Run, command_environment
from tests.served import Served, impostor, listening, read_request, told

pytestmark = pytest.mark.slow

SERVE = ["-m", "papersearch", "mcp"]
SEARCH = Call("search", {"query": "pipeline bubbles", "k": 2})

NOTICE = """\
papersearch: serving other programs on standard input; Ctrl-C ends it
hint: papersearch search mcp
"""

T = TypeVar("T")


def over_stdio(env: dict[str, str], talk: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    """Return the result of `talk` with a process of its own, whose stderr must be empty."""
    parameters = StdioServerParameters(command=sys.executable, args=SERVE, env=command_environment(env))
    with tempfile.TemporaryFile("w+") as stderr:
        said = converse(stdio_client(parameters, stderr), talk, mode)
        stderr.seek(0)
        assert stderr.read() == ""
    return said


class Agents(NamedTuple):
    """A server over HTTP: its process and its address."""

    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        return int(self.address.removesuffix("/mcp").rpartition(":")[2])


@contextmanager
def serving_http(env: dict[str, str], *options: str) -> Iterator[Agents]:
    """Serve over HTTP on a free port, and end it afterwards; its stderr must be empty."""
    with listening([*SERVE, "--http", "--port", "0", *options], env) as (process, line):
        assert line.startswith("serving 302 papers of ")
        yield Agents(process, line.split()[-1])
        process.terminate()
        assert process.communicate(timeout=PATIENCE_S) == ("", "")


@pytest.fixture(scope="module")
def agents(real_index_path: Path) -> Iterator[Agents]:
    with serving_http({"PAPERSEARCH_INDEX": str(real_index_path)}) as found:
        yield found


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_both_transports_answer_alike(env: dict[str, str], agents: Agents, mode: str) -> None:
    """Over stdio and HTTP, for clients of every protocol version, answers and errors are the same."""
    calls = [
        SEARCH,
        Call("search", {"query": "moe", "limit": 2}),
        Call("cite", {"papers": ["gpipe"]}),
        Call("stats", {}),
    ]

    async def talk(client: Client) -> list[tuple[str, bool]]:
        found = [await client.call_tool(*call) for call in calls]
        return [(text_of(answer), answer.is_error) for answer in found]

    here, there = over_stdio(env, talk, mode), converse(agents.address, talk, mode)
    assert here == there
    assert [is_error for _, is_error in here] == [False, True, False, False]


def test_an_index_on_a_server(server: Served) -> None:
    """The tools answer from an index on a server, over both transports."""

    async def talk(client: Client) -> list[str]:
        return [text_of(await client.call_tool(*SEARCH)), text_of(await client.call_tool("stats", {}))]

    here = over_stdio(server.env, talk)
    with serving_http(server.env) as found:
        assert converse(found.address, talk) == here
    assert json.loads(here[1])["papers"] == 302


def serving(env: dict[str, str]) -> subprocess.Popen[str]:
    """Start a server over stdio, and wait for its first answer."""
    process = subprocess.Popen(
        [sys.executable, *SERVE],
        env=command_environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 1
    return process


def test_closed_input_ends_it(env: dict[str, str]) -> None:
    """When its input is closed, the server exits with 0 and prints nothing more."""
    process = serving(env)
    assert process.communicate(timeout=PATIENCE_S) == ("", "")
    assert process.returncode == 0


def test_a_reader_that_goes_away(env: dict[str, str]) -> None:
    """The server ends quietly if the client closes both ends during an answer."""
    process = serving(env)
    process.stdout.close()
    process.stdin.write('{"jsonrpc": "2.0", "id": 2, "method": "ping"}\n')
    process.stdin.close()
    assert process.wait(timeout=PATIENCE_S) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_an_interrupt_ends_it(env: dict[str, str]) -> None:
    """SIGINT exits with 130 at once and without a traceback, even if the input is still open."""
    with serving(env) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE_S) == 130
        assert process.stdout.read() == process.stderr.read() == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_signals_end_it(env: dict[str, str], number: signal.Signals, code: int) -> None:
    """Over HTTP, SIGINT exits with 130 and SIGTERM with 0, quietly, even with a connection open."""
    with serving_http(env) as found, socket.create_connection(("127.0.0.1", found.port)) as waiting:
        waiting.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n")
        found.process.send_signal(number)
        assert found.process.wait(timeout=PATIENCE_S) == code


def test_an_interrupt_during_a_call() -> None:
    """SIGINT ends the server while a call waits for an index that does not answer."""
    asked = threading.Event()

    def answer(connection: socket.socket) -> None:
        if b"/v1/about" in read_request(connection):
            connection.sendall(told(None))
            return
        asked.set()
        connection.recv(1)  # until the client goes

    with impostor(answer) as address:
        env = {"PAPERSEARCH_INDEX": address, "PAPERSEARCH_TIMEOUT": str(PATIENCE_S)}
        process = subprocess.Popen(
            [sys.executable, *SERVE, "--http", "--port", "0"], env=command_environment(env), stdout=-1, text=True
        )
        assert process.stdout is not None
        agents = Agents(process, process.stdout.readline().split()[-1])
        waiting = threading.Thread(target=is_alive, args=(agents,), daemon=True)
        waiting.start()
        assert asked.wait(PATIENCE_S)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE_S / 2) == 130
        process.stdout.close()
        waiting.join()


def test_hostile_lines(env: dict[str, str]) -> None:
    """No line on standard input ends the server or makes it print on stderr: the next call is answered."""
    lines = [
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'"text"',
        b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": ' + b'{"a":' * 9_000 + b"1" + b"}" * 9_001,
        b'{"jsonrpc": "2.0", "id": 6, "method": "tools/call", "params": {"name": "search", "arguments": [1]}}',
        b'{"jsonrpc": "2.0", "id": 7, "method": "' + b"x" * 2_000_000 + b'"}',
        b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 98}}',
        b'{"jsonrpc": "2.0", "id": 8, "result": {}}',
    ]
    process = subprocess.Popen(
        [sys.executable, *SERVE], env=command_environment(env), stdin=-1, stdout=-1, stderr=-1
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n".join([*lines, b'{"jsonrpc":"2.0","id":99,"method":"ping"}', b""]))
    process.stdin.flush()
    replies = []
    while {"jsonrpc": "2.0", "id": 99, "result": {}} not in replies:
        replies.append(json.loads(process.stdout.readline()))
    rest, said = process.communicate(timeout=PATIENCE_S)
    replies += map(json.loads, rest.splitlines())
    assert (process.returncode, said) == (0, b"")
    assert all("error" in reply or reply["id"] == 99 for reply in replies)


LEGACY = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
MODERN = {**LEGACY, "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "search"}
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


def posted(agents: Agents, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", agents.port, timeout=PATIENCE_S)
    try:
        connection.request("POST", "/mcp", body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def is_alive(agents: Agents) -> bool:
    """Tell whether a search is answered."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    params = {"name": "search", "arguments": SEARCH.arguments, "_meta": META}
    status, body = posted(agents, json.dumps({**call, "params": params}).encode(), MODERN)
    return status == 200 and b"verdict" in body


HOSTILE = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 500_000,
    b'{"a":' * 100_000,
    b"[]",
    b"null",
    b"[" + b'{"jsonrpc":"2.0","id":1,"method":"ping"},' * 1_000 + b"1]",
    b'{"jsonrpc":"2.0","id":' + b"9" * 6_000 + b',"method":"ping"}',
    b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}',
    b'{"jsonrpc":"2.0","id":"\\ud800","method":"tools/call","params":{"name":"\\ud800","arguments":{}}}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":[1]}}',
    b'{"jsonrpc":"2.0","id":1,"method":"nonsense"}',
    b'{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}',
    b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"9999-99-99"}}',
    b"x" * MAX_BODY_BYTES,
]


@pytest.mark.parametrize("headers", [LEGACY, MODERN], ids=["legacy", "modern"])
def test_hostile_bodies(agents: Agents, headers: dict[str, str]) -> None:
    """Every hostile body is answered with an error, and none with a failure of the server."""
    for body in HOSTILE:
        status, reply = posted(agents, body, headers)
        assert 200 <= status < 500, body[:60]
        assert status == 202 or b"error" in reply, body[:60]
    assert is_alive(agents)


def test_a_body_that_is_too_long(agents: Agents) -> None:
    """A body above the limit is refused by its header, before any of it is read."""
    head = f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", agents.port), timeout=PATIENCE_S) as connection:
        connection.sendall(head.encode())
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 413")


@settings(max_examples=60)
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    st.sampled_from(["application/json", "text/plain", "", "application/json; charset=utf-16", "a" * 500]),
    st.sampled_from(["application/json, text/event-stream", "*/*", "text/html", ""]),
    st.sampled_from(["2025-11-25", "2026-07-28", "1", "x" * 100]),
)
def test_any_request_is_answered(agents: Agents, body: bytes, kind: str, accept: str, version: str) -> None:
    """Any body, types and version are answered without a failure, and the server goes on."""
    headers = {"Content-Type": kind, "Accept": accept, "MCP-Protocol-Version": version}
    status, _ = posted(agents, body, headers)
    assert 200 <= status < 500
    assert agents.process.poll() is None


def test_bytes_that_are_not_http(agents: Agents) -> None:
    """What is not HTTP, or has too long a header, is refused and closed."""
    for sent in (
        b"\x16\x03\x01 tls?\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nX: " + b"x" * (2 * MAX_HEADER_BYTES) + b"\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", agents.port), timeout=PATIENCE_S) as connection:
            connection.sendall(sent)
            assert connection.makefile("rb").read().startswith(b"HTTP/1.1 400")
    assert is_alive(agents)


def test_thousands_of_sessions(agents: Agents) -> None:
    """Initialising again and again leaves nothing behind: no session is kept, and each is answered."""
    body = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "x", "version": "1"},
            },
        }
    ).encode()
    connection = HTTPConnection("127.0.0.1", agents.port, timeout=PATIENCE_S)
    sizes = []
    for number in range(3_000):
        connection.request("POST", "/mcp", body, LEGACY)
        reply = connection.getresponse()
        assert reply.read()
        assert (reply.status, reply.getheader("mcp-session-id")) == (200, None)
        if number in (1_000, 2_999):
            sizes.append(resident(agents.process.pid))
    connection.close()
    assert sizes[1] - sizes[0] < 20_000_000


def resident(pid: int) -> int:
    """Return the bytes that a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) if Path("/proc").is_dir() else 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_slow_clients_hold_nobody_up(agents: Agents) -> None:
    """While hundreds of connections send their header or body a byte at a time, a call is answered."""
    slow = [socket.create_connection(("127.0.0.1", agents.port), timeout=PATIENCE_S) for _ in range(300)]
    try:
        for number, connection in enumerate(slow):
            head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n"
            connection.sendall(head if number % 2 else head + b"Content-Length: 1000\r\n\r\n{")
        assert is_alive(agents)
    finally:
        for connection in slow:
            connection.close()
    assert is_alive(agents)


def test_a_token_is_needed_elsewhere(env: dict[str, str], run: Run, tmp_path: Path) -> None:
    """At an address that other machines reach, the server starts with a token alone, and answers to it alone."""
    refused = run("mcp", "--http", "--host", "0.0.0.0", env=env)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "cannot listen at 0.0.0.0 without a token" in refused.stderr
    assert "then: papersearch mcp --http --host 0.0.0.0" in refused.stderr
    token = tmp_path / "token"
    token.write_text("secret\n")
    with serving_http(env, "--host", "0.0.0.0", "--token-file", str(token)) as found:
        address = found.address.replace("0.0.0.0", "127.0.0.1")
        assert posted(found, b"{}", LEGACY)[0] == 401

        async def session() -> str:
            headers = {"Authorization": "Bearer secret"}
            async with (
                httpx2.AsyncClient(headers=headers) as http,
                Client(streamable_http_client(address, http_client=http)) as client,
            ):
                return text_of(await client.call_tool(*SEARCH))

        assert "verdict" in anyio.run(session)


@pytest.mark.parametrize("option", [["--host", "::1"], ["--port", "0"], ["--token-file", "x"]])
def test_options_of_http_need_it(run: Run, env: dict[str, str], option: list[str]) -> None:
    """An option of HTTP without --http is an error, not dropped."""
    done = run("mcp", *option, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected --http beside it" in done.stderr


def test_a_port_in_use(run: Run, env: dict[str, str]) -> None:
    """A port that is taken is an error with the command that takes a free one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("mcp", "--http", "--port", str(taken.getsockname()[1]), env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot listen" in done.stderr
    assert done.stderr.endswith("hint: papersearch mcp --http --port 0\n")


def test_on_a_terminal(env: dict[str, str]) -> None:
    """At a terminal, the command says what it waits for, and how to search for the word "mcp"."""
    leader, follower = pty.openpty()
    command = [sys.executable, *SERVE]
    with subprocess.Popen(
        command, env=command_environment(env), stdin=follower, stdout=-1, stderr=-1, text=True
    ) as process:
        os.close(follower)
        os.write(leader, b"\x04")
        assert process.communicate(timeout=PATIENCE_S) == ("", NOTICE)
    os.close(leader)
    assert process.returncode == 0


def test_no_index(run: Run, tmp_path: Path) -> None:
    """Without an index, the command exits with 2 and a hint before it serves."""
    for transport in ([], ["--http", "--port", "0"]):
        done = run("mcp", "--index", str(tmp_path / "none"), *transport, stdin="")
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot find an index in" in done.stderr
        assert "hint: papersearch index" in done.stderr


def test_without_the_package(env: dict[str, str]) -> None:
    """Without the package mcp, the verb exits with 2 and says how to install it; its help works."""
    script = "import sys; sys.modules['mcp'] = None\nfrom papersearch.cli import main\nmain()"
    for arguments, code in ((["mcp"], 2), (["mcp", "--http"], 2), (["mcp", "--help"], 0), (["--help"], 0)):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env=command_environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        if code:
            assert done.stdout == ""
            assert done.stderr.startswith("papersearch: cannot serve without the package mcp")
            assert done.stderr.endswith("hint: pip install '.[mcp]' in a clone of the repository\n")


def test_queries_are_not_logged(env: dict[str, str], agents: Agents) -> None:
    """Neither transport prints anything of a query, right or wrong, on stderr."""
    calls: list[Any] = [Call("search", {"query": "x", "unheard": 1}), Call("show", {"papers": ["nonsense"]})]
    answers(agents.address, *calls)

    async def talk(client: Client) -> None:
        for call in calls:
            await client.call_tool(*call)

    over_stdio(env, talk)  # which sees stderr; that of `agents` is read at its end
