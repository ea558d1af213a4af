"""The object that answers the calls of the application.

The application checks requests and bounds them. It knows nothing of indexes: an `Answering` may
answer from an index in this process, or from shards on other machines.
"""

from __future__ import annotations

import math
from contextvars import ContextVar
from typing import NamedTuple, Protocol

from papersearch.remote.calls import About, Call

DEADLINE: ContextVar[float] = ContextVar("DEADLINE", default=math.inf)
"""Instant, by the monotonic clock, until which an answer, or the reason why there is none, is of use."""


class Answer(NamedTuple):
    """An answer: the generation that gave it, wholly, and its result in JSON."""

    about: About
    result: bytes


class GenerationUnknown(Exception):
    """The generation that a call names is not open."""


class Answering(Protocol):
    """An index that answers calls, several at a time."""

    async def about(self) -> About:
        """Describe the current generation. Raises PapersearchError if there is none to read."""
        ...

    async def answer(self, call: Call, generation: str | None) -> Answer:
        """Answer from the generation of this name, or from the current one.

        Raises PapersearchError, and GenerationUnknown. May be cancelled; what it began then ends by
        itself.
        """
        ...
