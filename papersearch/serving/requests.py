"""The checks of a request, before anything is computed: host, token, release, body, call."""

from __future__ import annotations

import asyncio
import hmac
import math
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson
from starlette.requests import ClientDisconnect

from papersearch.errors import LimitExceeded
from papersearch.index.layout import FORMAT_VERSION
from papersearch.index.typed_json import read_value
from papersearch.index.weights import checked_weights
from papersearch.remote.addresses import is_loopback
from papersearch.remote.calls import (
    FORMAT_HEADER,
    GENERATION,
    GENERATION_HEADER,
    MAX_BODY_BYTES,
    PATIENCE_HEADER,
    RELEASE_HEADER,
    VERBS,
    Call,
    check_limits,
)
from papersearch.search.request import check_arguments
from papersearch.serving.refusals import Refusal
from papersearch.types import Filters
from papersearch.values import Value, fields_of
from papersearch.version import __version__

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.requests import Request


def check_host(headers: Headers, token: str | None) -> None:
    """Refuse a request without need of a token that is addressed to another name than loopback's.

    A page in a browser may lead its own name to this machine, and ask from there.
    """
    if token is not None:
        return
    host = headers.get("host", "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if not is_loopback(name):
        raise Refusal("host not served", "a server without a token answers to localhost alone")


def check_origin(headers: Headers) -> None:
    """Refuse a request that a page in a browser sends, unless the page is of this machine."""
    origin = headers.get("origin")
    if origin is None:
        return
    try:
        name = urlsplit(origin).hostname or ""
    except ValueError:
        name = ""
    if not is_loopback(name):
        raise Refusal("origin not served", "pages of other machines are not answered")


def check_token(headers: Headers, token: str | None) -> None:
    """Refuse a request without the token, comparing in constant time."""
    if token is None:
        return
    scheme, _, given = headers.get("authorization", "").partition(" ")
    is_right = hmac.compare_digest(given.strip().encode("latin-1", "replace"), token.encode("latin-1", "replace"))
    if scheme.lower() != "bearer" or not is_right:
        raise Refusal("wrong token", "expected the header Authorization: Bearer TOKEN")


def check_release(headers: Headers) -> None:
    """Refuse a request of another release, or one that reads another format."""
    if (found := headers.get(RELEASE_HEADER)) != __version__:
        given = "without release" if found is None else "of another release"
        raise Refusal("wrong release", f"the request is {given}: this is release {__version__}", __version__)
    if headers.get(FORMAT_HEADER) != str(FORMAT_VERSION):
        raise Refusal("wrong format", f"expected index format {FORMAT_VERSION}", str(FORMAT_VERSION))


def asked_generation(headers: Headers) -> str | None:
    """Return the generation that the client has opened; None before its first answer."""
    found = headers.get(GENERATION_HEADER)
    if found is not None and not GENERATION.fullmatch(found):
        raise Refusal("malformed", f"expected a generation in {GENERATION_HEADER}")
    return found


def patience(headers: Headers) -> float:
    """Return the seconds for which the client waits; infinity if it does not say."""
    found = headers.get(PATIENCE_HEADER)
    if found is None:
        return math.inf
    try:
        seconds = float(found)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise Refusal("malformed", f"expected seconds in {PATIENCE_HEADER}")
    return seconds


async def read_body(request: Request, seconds: float) -> bytes:
    """Read a body that is not longer than the limit, and comes within `seconds`."""
    too_large = Refusal("too large", f"the limit of a request is {MAX_BODY_BYTES:,} bytes")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal():
        raise Refusal("malformed", "expected a number in Content-Length")
    if len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BODY_BYTES:
                    raise too_large
    except ClientDisconnect:
        raise Refusal("malformed", "the request was cut") from None
    except TimeoutError:
        raise Refusal("too slow", f"the request has not arrived within {seconds:g} s") from None
    return bytes(body)


def read_call(verb: str, body: bytes) -> Call:
    """Read the arguments of a call; fields that are left out have their defaults. Raises LimitExceeded."""
    kind = VERBS[verb]
    try:
        fields = orjson.loads(body or b"{}")
        if not isinstance(fields, dict):
            raise ValueError("expected an object")
        filters = fields.get("filters")
        if isinstance(filters, dict):
            fields["filters"] = {**_defaults(Filters), **filters}
        call: Call = read_value(kind, {**_defaults(kind), **fields})
        check_limits(call)
        _check_together(call)
    except LimitExceeded:
        raise
    except orjson.JSONDecodeError:
        raise Refusal("malformed", "expected JSON in UTF-8") from None
    except (ValueError, OverflowError) as error:
        raise Refusal("malformed", f"cannot read the arguments of {verb}: {error}") from None
    return call


def _check_together(call: Call) -> None:
    """Raise ValueError for arguments that exclude each other, and for weights that no index has."""
    given = fields_of(call)
    if "mode" in given:
        check_arguments(given["k"], given["mode"], instruction=given.get("instruction"))
    if (weights := given.get("weights")) is not None:
        checked_weights(fields_of(weights))


def _defaults(kind: type[Value]) -> dict[str, object]:
    """Return the defaults of a class of values as JSON."""
    plain: dict[str, object] = orjson.loads(orjson.dumps(kind._defaults, default=fields_of))
    return plain
