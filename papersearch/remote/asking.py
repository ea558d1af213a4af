"""One request to a server: what it carries, how long it is waited for, and what an answer may be."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Literal, TypeVar

import orjson

from papersearch.errors import (
    GenerationGone,
    InvalidTimeout,
    LimitExceeded,
    ModelError,
    PapersearchError,
    ReleaseRefused,
    ServerBusy,
    ServerFailed,
    ServerForeign,
    TokenRefused,
)
from papersearch.index.layout import FORMAT_VERSION
from papersearch.index.typed_json import read_value
from papersearch.remote.addresses import Address
from papersearch.remote.calls import (
    FORMAT_HEADER,
    GENERATION,
    GENERATION_HEADER,
    LONG,
    MAX_BODY_BYTES,
    PREFIX,
    RELEASE_HEADER,
    VERB_OF,
    About,
    AboutCall,
    Call,
    check_limits,
)
from papersearch.remote.connection import Connection, Reply
from papersearch.remote.failures import read_error
from papersearch.values import fields_of
from papersearch.version import __version__

Made = TypeVar("Made")

TIMEOUT_VARIABLE = "PAPERSEARCH_TIMEOUT"
PATIENCE_S = 5.0
LONG_PATIENCE_S = 120.0
"""Bounds of one request; the longer one is for many queries or papers at once."""

_MAX_CAUSE = 300
"""Greatest length of a text of the server in an error."""


class Asker:
    """A server, asked one call at a time."""

    def __init__(self, address: Address, token: str | None) -> None:
        self.place = str(address)
        self._token = token
        self._connection = Connection(address)

    def current(self) -> About:
        """Return the generation that is current on the server."""
        return self._asked(AboutCall(), None)[0]

    def ask(self, call: Call, opened: About) -> Any:
        """Return the result of a call in JSON, from the generation `opened`.

        Raises ServerError, or what the index on the server raised.
        """
        about, result = self._asked(call, opened.generation)
        if about != opened:
            raise self._foreign("it is of another generation than the one asked for")
        return result

    def read(self, kind: type[Made], fields: Any) -> Made:
        """Make values of JSON. Raises ServerForeign."""
        try:
            made: Made = read_value(kind, fields)
        except (ValueError, OverflowError) as error:
            raise self._foreign(f"it is damaged ({error})"[:_MAX_CAUSE]) from error
        return made

    def _asked(self, call: Call, generation: str | None) -> tuple[About, Any]:
        check_limits(call)
        body = orjson.dumps(call, default=fields_of)
        if len(body) > MAX_BODY_BYTES:
            raise LimitExceeded(what="bytes of a request", n_found=len(body), limit=MAX_BODY_BYTES)
        path = PREFIX + VERB_OF[type(call)]
        reply = self._connection.post(path, body, self._headers(generation), patience_for(call))
        if reply.status != 200:
            raise self._refused(reply)
        answered = self._fields(reply, "about", "result")
        about = self.read(About, answered["about"])
        if not GENERATION.fullmatch(about.generation):
            raise self._foreign("it names no generation")
        if about.release != __version__:
            raise self._other_release("release", about.release)
        if about.format != FORMAT_VERSION:
            raise self._other_release("format", str(about.format))
        return about, answered["result"]

    def _headers(self, generation: str | None) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            RELEASE_HEADER: __version__,
            FORMAT_HEADER: str(FORMAT_VERSION),
        }
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if generation:
            headers[GENERATION_HEADER] = generation
        return headers

    def _fields(self, reply: Reply, *names: str) -> dict[str, Any]:
        """Return the fields of a JSON object, which are `names`. Raises ServerForeign."""
        try:
            fields = orjson.loads(reply.body) if reply.media_type == "application/json" else None
        except orjson.JSONDecodeError:
            fields = None
        if not isinstance(fields, dict) or fields.keys() != set(names):
            raise self._foreign(f"it is not one of papersearch (HTTP {reply.status})")
        return fields

    def _refused(self, reply: Reply) -> PapersearchError:
        """Return the error for an answer without result."""
        if 300 <= reply.status < 400:
            to = (reply.leads_to or "another address")[:_MAX_CAUSE]
            return self._foreign(f"it leads to {to}, and no redirect is followed")
        if reply.media_type != "application/json":
            return self._refused_by_proxy(reply.status)
        error = self._fields(reply, "error")["error"]
        if not isinstance(error, dict):
            return self._foreign(f"it is not one of papersearch (HTTP {reply.status})")
        reason, message, found = (str(error.get(name))[:_MAX_CAUSE] for name in ("reason", "message", "found"))
        match reason:
            case "error":
                return self._raised(error.get("error"))
            case "wrong token":
                return TokenRefused(address=self.place, is_given=bool(self._token))
            case "wrong release":
                return self._other_release("release", found)
            case "wrong format":
                return self._other_release("format", found)
            case "generation gone":
                return GenerationGone(address=self.place)
            case "busy":
                return ServerBusy(address=self.place)
        return ServerFailed(address=self.place, cause=message)

    def _refused_by_proxy(self, status: int) -> PapersearchError:
        if status in (401, 403):
            return TokenRefused(address=self.place, is_given=bool(self._token))
        if status in (429, 503):
            return ServerBusy(address=self.place)
        return self._foreign(f"it is not one of papersearch (HTTP {status})")

    def _raised(self, described: Any) -> PapersearchError:
        try:
            raised = read_error(described)
        except (ValueError, TypeError) as error:
            return self._foreign(f"it describes no error of papersearch ({error})"[:_MAX_CAUSE])
        if isinstance(raised, ModelError):
            raised.index_path = Path(self.place)
        return raised

    def _other_release(self, what: Literal["release", "format"], found: str) -> ReleaseRefused:
        own = __version__ if what == "release" else str(FORMAT_VERSION)
        return ReleaseRefused(address=self.place, what=what, found=found[:_MAX_CAUSE], own=own)

    def _foreign(self, cause: str) -> ServerForeign:
        return ServerForeign(address=self.place, cause=cause)


def patience_for(call: Call) -> float:
    """Return how many seconds a call is waited for: those of the environment, or the usual ones.

    Raises InvalidTimeout.
    """
    given = os.environ.get(TIMEOUT_VARIABLE)
    if not given:
        return LONG_PATIENCE_S if type(call) in LONG else PATIENCE_S
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise InvalidTimeout(variable=TIMEOUT_VARIABLE, value=given)
    return seconds
