"""The application: what it refuses, what it bounds, and what it counts."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from papersearch.errors import EmptyQuery, IndexDamaged
from papersearch.remote import calls
from papersearch.remote.calls import VERBS, Call
from papersearch.serving import app as application
from papersearch.serving.answering import DEADLINE, Answer, GenerationUnknown
from papersearch.serving.app import Bounds, make_app
from papersearch.serving.local import LocalAnswering
from papersearch.version import __version__
from tests.conftest import PATIENCE_S
from tests.served import ABOUT, OURS, Played, Reply, asked

FINE = {"query": "protein", "k": 2, "mode": "hybrid"}


@pytest.fixture(scope="module")
def app(small_project: Path) -> Iterator[Any]:
    reported: list[Exception] = []
    yield make_app(LocalAnswering(small_project / "index", 1, reported.append), report=reported.append)
    assert reported == []


def ask(app: Any, path: str, fields: Any = None, **more: Any) -> Reply:
    body = fields if isinstance(fields, bytes) else orjson.dumps({} if fields is None else fields)
    return asyncio.run(asked(app, path, body, **more))


def test_health(app: Any) -> None:
    """Health says release, format, generation and papers, whichever release asks."""
    told = ask(app, "/health", method="GET", headers={"Host": "127.0.0.1:8765"})
    assert told.status == 200
    assert told.json.keys() == {"status", *ABOUT}
    assert (told.json["status"], told.json["release"], told.json["n_papers"]) == ("ok", __version__, 4)


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({calls.RELEASE_HEADER: "0.0.1"}, 409, "wrong release"),
        ({calls.FORMAT_HEADER: "5"}, 409, "wrong format"),
        ({calls.GENERATION_HEADER: "9-abc"}, 410, "generation gone"),
        ({calls.GENERATION_HEADER: "a b"}, 400, "malformed"),
        ({calls.GENERATION_HEADER: "é" * 5000}, 400, "malformed"),
        ({calls.PATIENCE_HEADER: "soon"}, 400, "malformed"),
        ({calls.PATIENCE_HEADER: "0"}, 400, "malformed"),
        ({calls.PATIENCE_HEADER: "-1"}, 400, "malformed"),
        ({calls.PATIENCE_HEADER: "nan"}, 400, "malformed"),
        ({"Host": "evil.example"}, 403, "host not served"),
        ({"Host": "127.0.0.1.evil.example:80"}, 403, "host not served"),
        ({"Host": ""}, 403, "host not served"),
        ({"Content-Length": str(1 << 21)}, 413, "too large"),
        ({"Content-Length": "9" * 5000}, 413, "too large"),
        ({"Content-Length": "-1"}, 400, "malformed"),
        ({"Content-Length": "x"}, 400, "malformed"),
    ],
)
def test_headers_are_checked(changes: dict[str, str], status: int, reason: str, app: Any) -> None:
    """A request of another release, format, generation, host or length is refused by name."""
    told = ask(app, "/v1/search", FINE, headers={**OURS, **changes})
    assert (told.status, told.reason) == (status, reason)
    without = ask(app, "/v1/search", FINE, headers={"Host": "localhost"})
    assert (without.status, without.reason) == (409, "wrong release")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 404),
        ("POST", "/v1/", 404),
        ("POST", "/v1/index", 404),
        ("POST", "/v1/search/", 404),
        ("POST", "/v1/../../etc/passwd", 404),
        ("POST", "/v1/%2e%2e", 404),
        ("GET", "/v1/search", 405),
        ("DELETE", "/v1/search", 405),
        ("POST", "/health", 405),
        ("GET", "/health/", 404),
        ("GET", "/docs", 404),
    ],
)
def test_other_paths(method: str, path: str, status: int, app: Any) -> None:
    """Any other path or method is refused as JSON."""
    told = ask(app, path, FINE, method=method)
    assert told.status == status
    assert told.headers["content-type"] == "application/json"
    assert told.reason in ("unknown path", "unknown method")


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({name for call in VERBS.values() for name in call._fields})


@pytest.mark.slow
@settings(max_examples=150)
@given(
    verb=st.sampled_from(sorted(VERBS)),
    fields=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), ANYTHING, max_size=6),
    given=st.booleans(),
)
def test_hostile_arguments(verb: str, fields: dict[str, Any], given: bool, app: Any) -> None:
    """Arguments of any names and types are answered, or refused as JSON with 400 or 422, and nothing fails."""
    told = ask(app, f"/v1/{verb}", {**(FINE if given else {}), **fields})
    assert told.headers["content-type"] == "application/json"
    if told.status == 200:
        assert told.json.keys() == {"about", "result"}
    else:
        assert (told.status, told.reason) in ((400, "malformed"), (422, "error"))


@settings(max_examples=100)
@given(body=st.binary(max_size=60) | st.text(max_size=40).map(str.encode), pieces=st.integers(1, 4))
def test_hostile_bodies(body: bytes, pieces: int, app: Any) -> None:
    """Bytes of any kind, in any pieces, are refused as JSON, unless they are an object of JSON."""
    told = ask(app, "/v1/search", body, pieces=pieces)
    assert (told.status, told.reason) == (400, "malformed")


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "x", "k": NaN, "mode": "hybrid"}',
        b'{"query": "x", "k": 1e999, "mode": "hybrid"}',
        b'{"query": "x", "k": true, "mode": "hybrid"}',
        b'{"query": "x", "k": 2.0, "mode": "hybrid"}',
        b'{"query": "x", "k": 0, "mode": "hybrid"}',
        b'{"query": "x", "k": -1, "mode": "hybrid"}',
        b'{"query": "x", "k": 1, "mode": "keyword", "instruction": "find"}',
        b'{"query": "x", "k": 1, "mode": "hybrid", "instruction": " "}',
        b'{"query": "x", "k": 123456789012345678901234567890, "mode": "hybrid"}',
        b'{"query": "x", "k": 2, "mode": "fuzzy"}',
        b'{"query": ["x"], "k": 2, "mode": "hybrid"}',
        b'{"query": "\\ud800", "k": 2, "mode": "hybrid"}',
        b'{"query": "\xff", "k": 2, "mode": "hybrid"}',
        b'{"query": "x", "k": 2, "mode": "hybrid", "index": "/etc"}',
        b'{"query": "x", "k": 2, "mode": "hybrid", "filters": {"dumps": "a"}}',
        b'{"query": "x", "k": 2, "mode": "hybrid", "filters": {"path": "a"}}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
)
def test_hostile_json(body: bytes, app: Any) -> None:
    """Numbers beyond JSON, wrong types, deep nesting and unknown fields are refused by name."""
    told = ask(app, "/v1/search", body)
    assert (told.status, told.reason) == (400, "malformed")
    assert len(told.body) < 1000


@pytest.mark.parametrize(
    ("verb", "fields", "what"),
    [
        ("search", {**FINE, "k": calls.MAX_K + 1}, "papers"),
        ("search", {**FINE, "k": 2**63}, "papers"),
        ("search", {**FINE, "query": "x" * (calls.MAX_TEXT + 1)}, "characters of text"),
        ("search", {**FINE, "filters": {"dumps": ["x"] * (calls.MAX_NAMES + 1)}}, "names"),
        ("search", {**FINE, "filters": {"since": "2" * (calls.MAX_NAME + 1)}}, "characters of a name"),
        ("look-up", {"names": ["x"] * (calls.MAX_IDS + 1)}, "papers to search among or to look up"),
        ("search", {**FINE, "filters": {"within": ["x" * (calls.MAX_NAME + 1)]}}, "characters of a name"),
        ("search-many", {"queries": ["x"] * 65, "k": 1, "mode": "hybrid"}, "queries in one call"),
        ("search-many", {"queries": ["x"] * 60, "k": 100, "mode": "hybrid"}, "papers in one call"),
        ("rank-many", {"queries": ["x"], "k": calls.MAX_RANKED + 1, "mode": "keyword"}, "papers"),
        ("similar", {"like": ["x"], "unlike": ["x"] * calls.MAX_NAMES, "k": 1}, "names"),
        ("similar", {"like": [], "unlike": [], "k": 1, "text": "x" * (calls.MAX_TEXT + 1)}, "characters of text"),
        ("paper", {"name": "x" * (calls.MAX_NAME + 1)}, "characters of a name"),
        ("papers", {"first": 0, "n": calls.MAX_K + 1}, "papers"),
        ("ids", {"prefix": "", "limit": calls.MAX_K + 1}, "papers"),
    ],
)
def test_limits_are_named(verb: str, fields: dict[str, Any], what: str, app: Any) -> None:
    """A call above a limit is refused with the limit's name, and what was found."""
    told = ask(app, f"/v1/{verb}", fields)
    assert (told.status, told.reason) == (422, "error")
    error = told.json["error"]["error"]
    assert (error["kind"], error["fields"]["what"]) == ("LimitExceeded", what)
    assert error["fields"]["n_found"] > error["fields"]["limit"]


def test_a_body_longer_than_it_says(app: Any) -> None:
    """A body is read up to the limit only, whatever its header says."""
    body = b'{"query": "' + b"x" * (1 << 20) + b'"}'
    told = ask(app, "/v1/search", body, pieces=9)
    assert (told.status, told.reason) == (413, "too large")


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic s3cret", "s3cret", "Bearer é"]
)
def test_a_token_is_needed(given: str | None) -> None:
    """With a token, calls and metrics need it; health does not, and any host is served."""
    app = make_app(Played(), token="s3cret")
    headers = {**OURS, "Host": "papers.example", **({} if given is None else {"Authorization": given})}
    for path, method in (("/v1/search", "POST"), ("/v1/nothing", "POST"), ("/metrics", "GET")):
        told = ask(app, path, FINE, headers=headers, method=method)
        assert (told.status, told.reason, told.headers["www-authenticate"]) == (401, "wrong token", "Bearer")
        assert "s3cret" not in str(told)
    assert ask(app, "/health", headers=headers, method="GET").status == 200
    right = {**headers, "Authorization": "bearer s3cret"}
    assert ask(app, "/v1/search", FINE, headers=right).json["result"] == "done"
    assert ask(app, "/metrics", headers=right, method="GET").status == 200


def test_errors_of_the_answer() -> None:
    """An error of the query is told with its fields; another one only by its class, and is reported."""
    reported: list[Exception] = []
    damaged = IndexDamaged(path=Path("/secret/place"), file=None, fault="a query's word")
    for error, status, reason, said in (
        (EmptyQuery(), 422, "error", "the query is empty"),
        (GenerationUnknown("x"), 410, "generation gone", "the generation is not open"),
        (damaged, 500, "failed", "the index cannot be used (IndexDamaged)"),
        (RuntimeError("/secret"), 500, "failed", "the server met an unexpected error"),
    ):
        told = ask(make_app(Played(error), report=reported.append), "/v1/search", FINE)
        assert (told.status, told.reason, told.json["error"]["message"]) == (status, reason, said)
        assert b"secret" not in told.body
    assert [type(error) for error in reported] == [IndexDamaged, RuntimeError]


def test_the_queue_is_bounded() -> None:
    """One call is answered and two wait; one more is refused at once, and all others are answered."""

    async def crowd() -> None:
        played = Played()
        played.gate.clear()
        app = make_app(played, bounds=Bounds(n_at_once=1, n_waiting=2))
        running = [asyncio.create_task(asked(app, "/v1/search", orjson.dumps(FINE))) for _ in range(3)]
        await played.is_asked.wait()
        refused = await asked(app, "/v1/search", orjson.dumps(FINE))
        assert (refused.status, refused.reason, refused.headers["retry-after"]) == (503, "busy", "1")
        assert (await asked(app, "/health", method="GET")).status == 200
        counted = samples((await asked(app, "/metrics", method="GET")).body)
        assert (counted["papersearch_requests_running"], counted["papersearch_requests_waiting"]) == (1, 2)
        assert len(played.calls) == 1
        played.gate.set()
        assert [reply.status for reply in await asyncio.gather(*running)] == [200] * 3
        assert len(played.calls) == 3

    asyncio.run(crowd())


def test_time_is_bounded() -> None:
    """A call that takes too long is refused by name, and its turn is free again."""

    async def slow() -> None:
        played = Played()
        played.gate.clear()
        app = make_app(played, bounds=Bounds(n_at_once=1, seconds=0.01, long_seconds=PATIENCE_S))
        for _ in range(3):
            told = await asked(app, "/v1/search", orjson.dumps(FINE))
            assert (told.status, told.reason) == (504, "too slow")
        played.gate.set()
        assert (await asked(app, "/v1/counts")).status == 200

    asyncio.run(slow())


@pytest.mark.parametrize(
    ("said", "bound", "seconds"),
    [("2.5", 60.0, 2.5), ("90", 60.0, 60.0), ("inf", 60.0, 60.0), ("1e400", 60.0, 60.0), (None, 60.0, 60.0)],
)
def test_a_call_has_the_time_of_its_client(
    said: str | None, bound: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What answers is told an instant at which there is still time for the way back to the client."""
    clock = SimpleNamespace(monotonic=lambda: 1000.0, perf_counter=time.perf_counter)
    monkeypatch.setattr(application, "time", clock)
    told: list[float] = []

    class Noting(Played):
        async def answer(self, call: Call, generation: str | None) -> Answer:
            told.append(DEADLINE.get())
            return await super().answer(call, generation)

    headers = OURS if said is None else {**OURS, calls.PATIENCE_HEADER: said}
    app = make_app(Noting(), bounds=Bounds(seconds=bound))
    for _ in range(2):  # one request tells nothing of the next
        assert ask(app, "/v1/search", FINE, headers=headers).status == 200
        assert told.pop() == 1000.0 + application.ANSWERING_SHARE * seconds
    assert DEADLINE.get() == math.inf
    assert application.ANSWERING_SHARE < 1


def test_a_call_ends_with_the_patience_of_its_client() -> None:
    """A call of which nobody awaits the answer any more is ended, and its turn is free again."""

    async def impatient() -> None:
        played = Played()
        played.gate.clear()
        app = make_app(played, bounds=Bounds(n_at_once=1))
        headers = {**OURS, calls.PATIENCE_HEADER: "0.01"}
        told = await asked(app, "/v1/search", orjson.dumps(FINE), headers)
        assert (told.status, told.reason) == (504, "too slow")
        played.gate.set()
        assert (await asked(app, "/v1/search", orjson.dumps(FINE))).status == 200

    asyncio.run(impatient())


def test_a_body_that_never_comes() -> None:
    """A request whose body does not arrive in time is refused."""
    app = make_app(Played(), bounds=Bounds(body_seconds=0.01))

    async def halted() -> int:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not sent:
                await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(name.lower().encode(), value.encode()) for name, value in OURS.items()]
        scope = {"type": "http", "method": "POST", "path": "/v1/search", "headers": headers, "query_string": b""}
        await app(scope, receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(halted()) == 504


def samples(exposition: bytes) -> dict[str, float]:
    """Return the samples of an exposition, by Prometheus's own parser, with labels in the order written."""
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def test_metrics_count_requests() -> None:
    """Metrics have requests by verb and outcome, their times, and the index; no word of a query."""
    logged: list[str] = []
    app = make_app(Played(), log=logged.append)
    for path, fields in (
        ("/v1/search", FINE),
        ("/v1/search", {**FINE, "query": "unutterable"}),
        ("/v1/search", {"query": "unutterable"}),
        ("/v1/unutterable", {}),
    ):
        ask(app, path, fields)
    told = ask(app, "/metrics", method="GET")
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    counted = samples(told.body)
    assert counted["papersearch_requests_total answered search"] == 2
    assert counted["papersearch_requests_total malformed search"] == 1
    assert counted["papersearch_requests_total unknown path other"] == 1
    assert counted["papersearch_request_seconds_count search"] == 3
    assert counted["papersearch_request_seconds_bucket +Inf search"] == 3
    assert counted["papersearch_generation"] == ABOUT["build"]
    assert (counted["papersearch_papers"], counted["papersearch_papers_encoded"]) == (4, 4)
    assert [line.rsplit(" ", 2)[0] for line in logged[:4]] == [
        "search answered",
        "search answered",
        "search malformed",
        "other unknown path",
    ]
    assert "unutterable" not in told.body.decode() + "".join(logged)
