"""One request to a server: what it carries, how long it is waited for, and what an answer may be."""

from __future__ import annotations

import os
import threading
import time
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
    PATIENCE_HEADER,
    PREFIX,
    RELEASE_HEADER,
    VERB_OF,
    About,
    AboutCall,
    Call,
    check_limits,
)
from papersearch.remote.connection import Connection, Patience, Reply
from papersearch.remote.failures import read_error
from papersearch.values import fields_of
from papersearch.version import __version__

Made = TypeVar("Made")

TIMEOUT_VARIABLE = "PAPERSEARCH_TIMEOUT"
PATIENCE_S = 4.5
"""Bound of one request: a command that gives up then has ended within five seconds."""

LONG_PATIENCE_S = 120.0
"""Bound of a request for many queries or papers at once."""

_LEAST_SHARE = 0.1
"""Share of its patience that a request has however long the steps before it took."""

_MAX_CAUSE = 300
"""Greatest length of a text of the server in an error."""


class Asker:
    """A server, asked one call at a time.

    Opening an index and its first call share the patience of that call, less `waited`: the seconds
    for which the user has waited before.
    """

    def __init__(self, address: Address, token: str | None, waited: float = 0.0) -> None:
        self.place = str(address)
        self._waited = waited
        self._token = token
        self._connection = Connection(address)

    def current(self) -> About:
        """Return the generation that is current on the server."""
        began = time.monotonic()
        about, _ = self._asked(AboutCall(), None)
        self._waited += time.monotonic() - began
        return about

    def ask(self, call: Call, opened: About) -> Any:
        """Return the result of a call in JSON, from the generation `opened`.

        Raises ServerError, or what the index on the server raised.
        """
        try:
            about, result = self._asked(call, opened.generation)
        finally:
            self._waited = 0.0
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
        whole = patience_for(call)
        patience = Patience(max(whole - self._waited, whole * _LEAST_SHARE), whole)
        reply = self._connection.post(path, body, self._headers(generation, patience), patience)
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

    def _headers(self, generation: str | None, patience: Patience) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            RELEASE_HEADER: __version__,
            FORMAT_HEADER: str(FORMAT_VERSION),
            PATIENCE_HEADER: f"{patience.left:.6g}",
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
