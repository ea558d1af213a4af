"""Faults of a server and of the way to it: each is one error, by name, within the bound."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import papersearch
from papersearch.errors import (
    GenerationGone,
    InvalidTimeout,
    PapersearchError,
    ReleaseRefused,
    ServerBusy,
    ServerFailed,
    ServerForeign,
    ServerSilent,
    ServerUnreachable,
    TokenRefused,
)
from papersearch.remote import connection
from papersearch.types import Results
from tests.conftest import PATIENCE_S, Run
from tests.served import ABOUT, http, impostor, read_request, told

SHORT_S = "0.3"
"""Bound of a request that is never answered, which the test waits for."""


@pytest.fixture(autouse=True)
def without_token(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients be patient, and show no token that the developer has set."""
    for name in ("PAPERSEARCH_TOKEN", "PAPERSEARCH_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def replying(*replies: bytes) -> Callable[[socket.socket], None]:
    """Answer the requests of a connection with these bytes, in order, and close it."""

    def answer(connection: socket.socket) -> None:
        for reply in replies:
            read_request(connection)
            connection.sendall(reply)

    return answer


def refused(reason: str, status: int, **more: Any) -> bytes:
    return http(status, orjson.dumps({"error": {"reason": reason, "message": "m" * 400, **more}}))


DEEP = b"[" * 100_000 + b"]" * 100_000
ANSWERS: list[tuple[bytes, type[PapersearchError], str]] = [
    (b"", ServerUnreachable, "cut|closed|reset"),
    (b"HTTP/1.1 200", ServerForeign, "not one of papersearch"),
    (b"\x16\x03\x01\x00\xee", ServerForeign, "not HTTP"),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nContent-Type: application/json\r\n\r\n{}",
        ServerUnreachable,
        "cut",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nff\r\n{}",
        ServerForeign,
        "not HTTP",
    ),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", ServerForeign, "longer"),
    (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n", ServerForeign, "not HTTP"),
    (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n", ServerForeign, "not HTTP"),
    (http(200, b"<html>", Content_Type="text/html"), ServerForeign, "not one of papersearch"),
    (http(200, b"{"), ServerForeign, "not one of papersearch"),
    (http(200, DEEP), ServerForeign, "not one of papersearch"),
    (http(200, b'{"about": NaN, "result": null}'), ServerForeign, "not one of papersearch"),
    (http(200, b"\xff\xfe"), ServerForeign, "not one of papersearch"),
    (http(200, b"[]"), ServerForeign, "not one of papersearch"),
    (http(200, b'{"about": {}, "result": null}'), ServerForeign, "missing field"),
    (http(200, b'{"about": {}, "result": null, "more": 1}'), ServerForeign, "not one of papersearch"),
    (told(None, n_papers=-1), ServerForeign, "n_papers"),
    (told(None, n_papers=True), ServerForeign, "n_papers"),
    (told(None, generation="1\r\nEvil: 1"), ServerForeign, "no generation"),
    (told(None, release="9.9.9"), ReleaseRefused, "release 9.9.9"),
    (told(None, format=99), ReleaseRefused, "format 99"),
    (http(302, b"", Location="http://evil.example/\x1b[31m"), ServerForeign, "leads to http://evil.example/"),
    (http(301, b""), ServerForeign, "leads to another address"),
    (http(404, b"{}"), ServerForeign, "HTTP 404"),
    (http(404, b"<html>", Content_Type="text/html"), ServerForeign, "HTTP 404"),
    (http(502, b"<html>", Content_Type="text/html"), ServerForeign, "HTTP 502"),
    (http(503, b"wait", Content_Type="text/plain"), ServerBusy, "too many"),
    (http(401, b"no", Content_Type="text/plain"), TokenRefused, "asks for a token"),
    (http(500, b'{"error": 7}'), ServerForeign, "HTTP 500"),
    (http(500, b'{"error": {}}'), ServerFailed, "None"),
    (refused("wrong token", 401), TokenRefused, "asks for a token"),
    (refused("wrong release", 409, found="7.7"), ReleaseRefused, "release 7.7"),
    (refused("wrong format", 409, found="x" * 9999), ReleaseRefused, "format x+"),
    (refused("generation gone", 410), GenerationGone, "replaced"),
    (refused("busy", 503), ServerBusy, "too many"),
    (refused("failed", 500), ServerFailed, "m{300}$"),
    (refused("error", 422), ServerForeign, "describes no error"),
    (refused("error", 422, error={"kind": "EmptyQuery", "fields": {"a": 1}}), ServerForeign, "describes no error"),
    (refused("error", 422, error={"kind": "Exception", "fields": {}}), ServerForeign, "describes no error"),
    (refused("error", 422, error={"kind": "get_type_hints", "fields": {}}), ServerForeign, "describes no error"),
    (refused("error", 422, error={"kind": "QueryError", "fields": {}}), ServerForeign, "describes no error"),
    (
        refused("error", 422, error={"kind": "QueryTooLong", "fields": {"length": "9", "limit": 1}}),
        ServerForeign,
        "describes no error",
    ),
]


@pytest.mark.parametrize(("reply", "kind", "cause"), ANSWERS, ids=range(len(ANSWERS)))
def test_a_wrong_answer_is_one_error(reply: bytes, kind: type[PapersearchError], cause: str) -> None:
    """An answer that is cut, foreign, too long or of wrong types is an error that names the address and cause."""
    with impostor(replying(reply)) as address, pytest.raises(kind, match=cause) as caught:
        papersearch.open(address)
    assert address in caught.value.message
    assert len(caught.value.message) < 500


def test_nothing_listens() -> None:
    """A port without a server is unreachable."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with pytest.raises(ServerUnreachable, match="nothing listens there"):
        papersearch.open(address)


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("too long")])
def test_a_name_without_a_host(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that no host has, or can have, is unreachable."""

    def look_up(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(ServerUnreachable, match=r"cannot reach http://nowhere\.invalid:1: the name of the host is"):
        papersearch.open("http://nowhere.invalid:1")


def test_a_name_that_nobody_looks_up_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of looking a name up counts as well."""
    monkeypatch.setenv("PAPERSEARCH_TIMEOUT", SHORT_S)
    is_over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: is_over.wait(PATIENCE_S))
    with pytest.raises(ServerSilent):
        papersearch.open("http://nowhere.invalid:1")
    is_over.set()


@pytest.mark.parametrize("value", ["5s", "-1", "0", "nan", "inf", "1e99"])
def test_a_wrong_bound_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that is not a number of seconds is an error, and no other one is taken."""
    monkeypatch.setenv("PAPERSEARCH_TIMEOUT", value)
    with pytest.raises(InvalidTimeout, match=f"PAPERSEARCH_TIMEOUT={value}: expected seconds"):
        papersearch.open("http://127.0.0.1:1")


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
def test_a_silent_server_is_left(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers, or not to the end, is left after the bound, and the connection is cut."""
    monkeypatch.setenv("PAPERSEARCH_TIMEOUT", SHORT_S)
    is_cut = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.sendall(sent)
        while connection.recv(65536):
            pass
        is_cut.set()

    with impostor(answer) as address:
        with pytest.raises(ServerSilent, match=r"within 0\.3 s"):
            papersearch.open(address)
        assert is_cut.wait(PATIENCE_S)


def test_a_dripping_server_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that always sends one more byte is left after the bound for the whole request."""
    monkeypatch.setenv("PAPERSEARCH_TIMEOUT", SHORT_S)

    def answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" ")

    with impostor(answer) as address, pytest.raises((ServerSilent, ServerForeign)):
        papersearch.open(address)


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without announced length is read up to the limit only."""
    monkeypatch.setattr(connection, "MAX_ANSWER_BYTES", 1000)

    def answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 1000)

    with impostor(answer) as address, pytest.raises(ServerForeign, match="longer"):
        papersearch.open(address)


def test_a_server_gone_between_calls() -> None:
    """A server that ends after the first answer is unreachable at the next call."""
    with impostor(replying(told(None))) as address:
        opened = papersearch.open(address)
    with pytest.raises(ServerUnreachable):
        opened.search("anything")


def test_a_connection_closed_while_idle_is_opened_again() -> None:
    """A server may close an idle connection: the next call opens another."""
    answered = threading.Event()

    def answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(told([]) if answered.is_set() else told(None))
        answered.set()

    with impostor(answer) as address:
        assert papersearch.open(address).organisations() == []


def test_another_generation_is_refused() -> None:
    """An answer of another generation than the one opened is refused, whatever it holds."""
    with (
        impostor(replying(told(None), told([], generation="2-def"))) as address,
        pytest.raises(ServerForeign, match="another generation"),
    ):
        papersearch.open(address).organisations()


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that name a proxy change nothing: the server is asked directly."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with impostor(replying(told(None))) as address:
        assert len(papersearch.open(address)) == ABOUT["n_papers"]


def test_a_certificate_is_verified(tmp_path: Path) -> None:
    """A server whose certificate nobody vouches for is not asked."""
    ssl = pytest.importorskip("ssl")
    made = subprocess.run(
        (
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
            "-addext subjectAltName=DNS:localhost -keyout key -out cert"
        ).split(),
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("openssl makes no certificate here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            read_request(wrapped)
            wrapped.sendall(told(None))

    with impostor(answer) as address:
        secure = address.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(ServerUnreachable, match="its certificate is not valid"):
            papersearch.open(secure)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
            assert len(papersearch.open(secure)) == ABOUT["n_papers"]


@pytest.mark.slow
def test_the_command_ends_with_2(run: Run) -> None:
    """The command prints one error with a hint, and ends with 2."""
    with impostor(replying(http(302, b"", Location="http://evil.example/\x1b[31m"))) as address:
        done = run("anything", "--index", address)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"papersearch: cannot use the answer of {address}: it leads to http://evil.example/, "
        "and no redirect is followed\n"
        f"hint: correct the address, or look what answers there: curl {address}/health\n"
    )


EVIL = "evil\x1b[31m\x1b]0;owned\x07\x9b2J\u202e\r\x1b]8;;file:x\x1b\\"
LOST = {"kind": "PaperNotFound", "fields": {"name": EVIL, "identifier": EVIL}}


@pytest.mark.parametrize(
    "answer",
    [
        http(302, b"", Location="http://evil.example/\x1b[31m\x1b]0;owned"),
        told(None, release=EVIL),
        told(None, generation=EVIL),
        http(500, orjson.dumps({"error": {"reason": EVIL, "message": EVIL}})),
        http(500, orjson.dumps({"error": {"reason": "failed", "message": EVIL}})),
        http(409, orjson.dumps({"error": {"reason": "wrong release", "message": EVIL, "found": EVIL}})),
        http(422, orjson.dumps({"error": {"reason": "error", "message": EVIL, "error": LOST}})),
        http(
            422,
            orjson.dumps({"error": {"reason": "error", "message": EVIL, "error": {"kind": EVIL, "fields": {}}}}),
        ),
    ],
)
def test_a_server_sends_no_escapes(run: Run, answer: bytes) -> None:
    """Nothing that a server says in an answer or an error makes the client's terminal do anything."""
    with impostor(replying(answer)) as address:
        done = run("show", "anything", "--index", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.stderr)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """Replace one part of a JSON value, however deep, by any other, or leave a field out or add one."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: draw(changed(value[key]))}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], draw(changed(value[place])), *value[place + 1 :]]
    if isinstance(value, dict) and value and draw(st.booleans()):
        return {key: one for key, one in value.items() if key != draw(st.sampled_from(sorted(value)))}
    return draw(ANY_JSON)


@pytest.mark.slow
@settings(max_examples=30)
@given(data=st.data())
def test_a_changed_answer_is_an_error_or_an_answer(data: st.DataObject, small_project: Path) -> None:
    """An answer with any part changed is an error of the server, or gives results of the right types."""
    index = papersearch.open(small_project / "index")
    found = index.search("pipeline bubbles", 2, explain=True, facets=True, related=True, fold=True)
    true = orjson.loads(orjson.dumps(found.asdict()))
    lie = data.draw(changed(true))
    with impostor(replying(told(None), told(lie))) as address:
        opened = papersearch.open(address)
        try:
            read = opened.search("pipeline bubbles", 2)
        except ServerForeign:
            assert orjson.dumps(lie) != orjson.dumps(true)  # 0 is not false
        else:
            assert isinstance(read, Results)
            assert orjson.loads(orjson.dumps(read.asdict())) == lie
