"""Doors of the network: requests to a server, its answers to a client, and agents' calls of tools."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from papersearch.cli.agents.server import AgentServer
from papersearch.cli.agents.told import MAX_MESSAGE, told
from papersearch.cli.agents.tools import TOOLS
from papersearch.errors import PapersearchError
from papersearch.remote.addresses import parse_address
from papersearch.remote.asking import Asker
from papersearch.remote.calls import RESULTS, VERBS, About
from papersearch.remote.connection import Reply
from papersearch.remote.index import RemoteIndex
from papersearch.serving.app import make_app
from papersearch.serving.guard import make_guarded_app
from papersearch.serving.local import LocalAnswering
from papersearch.serving.refusals import STATUS
from papersearch.serving.verbs import perform
from papersearch.text.cleaning import printable_text
from papersearch.values import fields_of
from tests.fuzz.door import Door, Enter, headed
from tests.fuzz.queries import SEARCHES
from tests.fuzz.tiny import tiny_index
from tests.served import ABOUT, OURS, asked

_MCP = "/mcp"
_FAILED = -32603
"""The code of JSON-RPC for an error of the server itself."""


def _open_server(folder: Path) -> Enter:
    tiny_index(folder)
    errors: list[Exception] = []
    app = make_app(LocalAnswering(folder / "index", 1, errors.append), report=errors.append)

    def enter(content: bytes) -> None:
        """Send a request: a line of its verb and headers, and its body. No error is the server's own."""
        head, body = headed(content)
        verb, *headers = head.split("|")
        told_headers = dict(one.partition("=")[::2] for one in headers if one.isascii() and one.isprintable())
        errors.clear()
        reply = asyncio.run(asked(app, f"/v1/{verb}", body, OURS | told_headers))
        assert not errors, errors
        assert reply.status == 200 or reply.status == STATUS[reply.reason]
        assert reply.status != STATUS["failed"]
        assert reply.json.keys() == ({"about", "result"} if reply.status == 200 else {"error"})

    return enter


class _Replying:
    """A connection that has one reply to every request."""

    def __init__(self) -> None:
        self.reply = Reply(200, "application/json", None, b"")

    def post(self, path: str, body: bytes, headers: dict[str, str], patience: object) -> Reply:
        return self.reply


def _open_client(folder: Path) -> Enter:
    connection = _Replying()
    asker = Asker(parse_address("http://localhost:1"), None)
    asker._connection = connection  # type: ignore[assignment]
    index = RemoteIndex(asker, About(**ABOUT))

    def enter(content: bytes) -> None:
        """Take an answer: a line of verb, status and media type, and its body. It is values or an error."""
        head, body = headed(content)
        verb, _, rest = head.partition(" ")
        if verb not in _ASKED:
            return
        if rest:
            status, _, media_type = rest.partition(" ")
            connection.reply = Reply(int(status) if status in _STATUSES else 500, media_type, head, body)
        else:
            answer = b'{"about":' + orjson.dumps(ABOUT) + b',"result":' + body + b"}"
            connection.reply = Reply(200, "application/json", None, answer)
        try:
            found = _ASKED[verb](index)
        except PapersearchError as error:
            assert error.message
            return
        kind = RESULTS.get(VERBS[verb])
        if kind is not None:
            again = asker.read(kind, orjson.loads(orjson.dumps(found, default=fields_of)))
            assert again == (
                found if isinstance(found, tuple) or not isinstance(found, list) else type(again)(found)
            )
        repr(found)

    return enter


_STATUSES = {str(status): status for status in (*STATUS.values(), 200, 204, 301, 429)}
_ASKED: dict[str, Callable[[RemoteIndex], Any]] = {
    "search": lambda index: index.search("moths"),
    "search-many": lambda index: tuple(index.search_many(["moths", "owls"])),
    "similar": lambda index: index.similar(["moths"]),
    "paper": lambda index: index.paper("moths"),
    "look-up": lambda index: index.look_up(["moths"]),
    "papers": lambda index: index.page(0, 2),
    "ids": lambda index: index.ids_beginning_with("m", 3),
    "names": lambda index: index.names_beginning_with("authors", "m", 3),
    "organisations": lambda index: tuple(index.organisations()),
    "findings": lambda index: index.findings(),
    "counts": lambda index: index.counts(),
    "near-duplicates": lambda index: index.near_duplicates(),
    "weights": lambda index: RemoteIndex(index._asker, index._about).weights,
    "manifest": lambda index: RemoteIndex(index._asker, index._about).manifest,
    "about": lambda index: index.is_current(),
}
"""A call of each verb, whose result is not kept."""


def _open_tools(folder: Path) -> Enter:
    index = tiny_index(folder)
    tools = {tool.name: tool for tool in TOOLS}

    def enter(content: bytes) -> None:
        """Call the tool of the first line with arguments in JSON: an answer, or an error that tells what to do."""
        name, body = headed(content)
        tool = tools.get(name)
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            return
        if tool is None or not isinstance(given, dict):
            return
        try:
            values = tool.arguments.read(given)
            answer = tool.call(index, **values)
        except PapersearchError as error:
            message = told(error)
            assert 0 < len(message) <= 2 * MAX_MESSAGE
            message.encode()
            return
        if name != "cite":
            orjson.loads(answer)
        answer.decode()

    return enter


def _open_protocol(folder: Path) -> Enter:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    index = tiny_index(folder)
    server = AgentServer(index).protocol_server()

    async def answered(body: bytes) -> Any:
        manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        app = make_guarded_app(manager.handle_request, manager.run, _MCP)
        async with manager.run():
            return await asked(app, _MCP, body, _MCP_HEADERS)

    def enter(content: bytes) -> None:
        """Send a body to the server of tools: an answer in JSON, whose texts hide nothing."""
        reply = asyncio.run(answered(content))
        assert reply.status < 500, reply
        if not reply.body:
            return
        answer = reply.json
        assert "error" not in answer or answer["error"]["code"] != _FAILED, answer
        with suppress(KeyError, TypeError):
            for piece in answer["result"]["content"]:
                assert printable_text(piece["text"]) == piece["text"]

    return enter


_MCP_HEADERS = {
    "Host": "localhost", "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-06-18",
}  # fmt: skip


def _requests(folder: Path) -> Iterator[bytes]:
    for verb, call in SEARCHES:
        yield f"{verb}\n".encode() + orjson.dumps(call)
    yield b"search-many|Papersearch-Patience=5\n" + orjson.dumps({"queries": ["a", "b"], "k": 2, "mode": "keyword"})
    weights = {"keyword": 1.0, "late_interaction": 1.0, "feedback": 1.0, "neighbours": 0.5}
    ranked = {"queries": ["a"], "k": 2, "mode": "hybrid", "weights": weights}
    yield b"rank-many|Papersearch-Generation=1-a\n" + orjson.dumps(ranked)
    yield b"papers|Content-Length=9\n" + orjson.dumps({"first": 1, "n": 2})
    yield from (f"{verb}\n{{}}".encode() for verb in ("about", "organisations", "findings", "counts", "manifest"))
    yield from (f"{verb}\n{{}}".encode() for verb in ("near-duplicates", "weights", "unknown"))


def _answers(folder: Path) -> Iterator[bytes]:
    index = tiny_index(folder / "index")
    given = dict(SEARCHES) | {
        "search": {"query": "moths AND lamp", "k": 3, "mode": "hybrid", "facets": True, "related": True},
        "search-many": {"queries": ("moths", "owls"), "k": 2, "mode": "hybrid"}, "papers": {"first": 0, "n": 2},
        "near-duplicates": {}, "organisations": {}, "findings": {}, "counts": {}, "weights": {}, "manifest": {},
    }  # fmt: skip
    from papersearch.serving.requests import read_call

    for verb in _ASKED:
        if verb != "about":
            yield f"{verb}\n".encode() + perform(index, read_call(verb, orjson.dumps(given[verb])))
    refusals = [{"reason": reason, "message": "m", "found": "7"} for reason in STATUS]
    refusals.append(
        {"reason": "error", "message": "m", "error": {"kind": "QueryTooLong", "fields": {"length": 9, "limit": 1}}}
    )
    refusals.append({"reason": "error", "error": {"kind": "ModelGone", "fields": {"name": "m"}}})
    for refusal in refusals:
        yield b"search 422 application/json\n" + orjson.dumps({"error": refusal})
    yield b"about 200 application/json\n" + orjson.dumps({"about": ABOUT, "result": None})
    yield b"about 301 text/html\nmoved"


_CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "search",
        {"query": "moths -survey", "k": 3, "mode": "keyword", "detail": "full", "facets": True, "suggest": True},
    ),
    ("search", {"query": "lamps", "against": "graphs", "since": "2024", "authors": ["grove"], "sort": "date"}),
    ("similar", {"papers": ["Graph colouring"], "unlike": ["10.5555/moth_1"], "text": "moths", "k": 2}),
    ("show", {"papers": ["10.5555/moth_1", "arXiv:2504.01234"], "detail": "full"}),
    ("cite", {"papers": ["A survey of moths"], "format": "bibtex", "key": "{family}{year}{word}"}),
    ("cite", {"papers": ["A survey of moths"], "format": "csv"}),
    ("stats", {"duplicates": True, "detail": "full"}),
    ("search", {"q": "moths", "limit": "3", "year": 2024}),
)


def _protocol(folder: Path) -> Iterator[bytes]:
    for name, arguments in _CALLS:
        params = {"name": name, "arguments": arguments}
        yield orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    others: dict[str, dict[str, Any]] = {
        "tools/list": {}, "resources/list": {}, "resources/templates/list": {}, "ping": {},
        "resources/read": {"uri": "papersearch://paper/moths"},
        "initialize": {"protocolVersion": "2025-06-18", "capabilities": {},
                       "clientInfo": {"name": "a", "version": "1"}},
        "completion/complete": {"ref": {"type": "ref/resource", "uri": "papersearch://paper/{id}"},
                                "argument": {"name": "id", "value": "m"}},
    }  # fmt: skip
    for method, params in others.items():
        yield orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    yield b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'


_JSON = (
    *'{ } [ ] : , " \\" \\u0000 \\u001b \\u202e null true false -1 0 1.5 1e999 18446744073709551616'.split(),
    "\n",
)
_NAMES = (*VERBS, *"query k mode filters since until authors within like names by text k".split())

DOORS = {
    "requests": Door(_open_server, _requests, (*_JSON, *_NAMES, "|Papersearch-Patience=", "|Host="), 4_000),
    "answers": Door(
        _open_client, _answers, (*_JSON, "about", "result", "error", "reason", "kind", "fields"), 20_000
    ),
    "tools": Door(
        _open_tools,
        lambda folder: (f"{name}\n".encode() + orjson.dumps(given) for name, given in _CALLS),
        (*_JSON, *_NAMES),
        4_000,
    ),
    "protocol": Door(
        _open_protocol, _protocol, (*_JSON, "jsonrpc", "method", "params", "tools/call", "%00"), 4_000
    ),
}
"""The doors of the network."""
