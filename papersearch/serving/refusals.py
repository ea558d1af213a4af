"""Refusals: the answers to requests that are not carried out, each with a status and a reason."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "malformed",
    "unknown path",
    "unknown method",
    "host not served",
    "origin not served",
    "wrong token",
    "wrong release",
    "wrong format",
    "generation gone",
    "too large",
    "too slow",
    "client gone",
    "busy",
    "error",
    "failed",
]
"""The name of a refusal, which clients and metrics tell apart: `error` is one that the index raises."""

STATUS: dict[Reason, int] = {
    "malformed": 400,
    "unknown path": 404,
    "unknown method": 405,
    "host not served": 403,
    "origin not served": 403,
    "wrong token": 401,
    "wrong release": 409,
    "wrong format": 409,
    "generation gone": 410,
    "too large": 413,
    "too slow": 504,
    "client gone": 499,
    "busy": 503,
    "error": 422,
    "failed": 500,
}


AFTER_BODY: frozenset[Reason] = frozenset({"error", "failed", "generation gone", "busy"})
"""Refusals that come only after the whole request was read."""


def headers_of(reason: Reason) -> dict[str, str]:
    """Return the headers of an answer that refuses a request."""
    headers = {}
    if reason == "busy":
        headers["Retry-After"] = "1"
    if reason == "wrong token":
        headers["WWW-Authenticate"] = "Bearer"
    if reason not in AFTER_BODY:  # what is left of the request would be read as the next one
        headers["Connection"] = "close"
    return headers


class Refusal(Exception):
    """A request that is not carried out: `reason` for programs, `message` for people.

    found: the server's release or format, where the request has another
    """

    def __init__(self, reason: Reason, message: str, found: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.found = found
