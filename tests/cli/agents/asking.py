"""The protocol's own client, in this process or at any transport."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import anyio
from mcp import Client
from mcp_types import CallToolResult

T = TypeVar("T")


class Call(NamedTuple):
    """A tool and its arguments."""

    tool: str
    arguments: dict[str, Any]


def converse(place: Any, talk: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    """Return the result of `talk` with a server: one in this process, a transport or an address."""

    async def session() -> T:
        async with Client(place, mode=mode) as client:
            return await talk(client)

    return anyio.run(session)


def answers(place: Any, *calls: Call, mode: str = "auto") -> list[CallToolResult]:
    """Return the answers to these calls, made one after the other in one session."""

    async def talk(client: Client) -> list[CallToolResult]:
        return [await client.call_tool(*call) for call in calls]

    return converse(place, talk, mode)


def text_of(answer: CallToolResult) -> str:
    """Return the text of an answer's only piece of content, which comes once."""
    (piece,) = answer.content
    assert piece.type == "text"
    assert answer.structured_content is None
    return piece.text
