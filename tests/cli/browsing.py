"""The application of `browse` under textual's pilot: keys, and what is seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

import papersearch
from papersearch.cli.tui.browser import Browser
from papersearch.cli.tui.widgets import HitList, StatusLine
from papersearch.types import Mode
from tests.conftest import PATIENCE_S

Talk = Callable[[Pilot[list[str]]], Awaitable[None]]
QUERY = "pipeline bubbles"
K = 50


def browse(
    index: papersearch.Index,
    talk: Talk,
    query: str = "",
    mode: Mode = "hybrid",
    size: tuple[int, int] = (120, 40),
    marks: Path | None = None,
    judged: Path | None = None,
) -> Browser:
    """Run the application under a pilot, let `talk` press keys, and return the application."""
    app = Browser(index, query, mode, K, marks)
    app.judged = judged

    async def session() -> None:
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            await talk(pilot)

    asyncio.run(session())
    return app


async def settled(pilot: Pilot[list[str]]) -> None:
    """Wait until the typed query has been answered."""
    await pilot.pause()
    while browser_of(pilot).is_answering:
        await pilot.pause(0.01)
    await pilot.pause()


async def press(pilot: Pilot[list[str]], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)


async def write(pilot: Pilot[list[str]], text: str) -> None:
    names = {" ": "space", '"': "quotation_mark", ":": "colon", "-": "minus", "(": "left_parenthesis"}
    await press(pilot, *(names.get(character, character) for character in text))


def browser_of(pilot: Pilot[list[str]]) -> Browser:
    assert isinstance(pilot.app, Browser)
    return pilot.app


def ids(pilot: Pilot[list[str]]) -> list[str]:
    results = browser_of(pilot).results
    return [] if results is None else [hit.paper.paper_id for hit in results]


def current(pilot: Pilot[list[str]]) -> str:
    """Return the id of the paper that the keys act on."""
    hit = browser_of(pilot).current
    assert hit is not None
    return hit.paper.paper_id


def place(pilot: Pilot[list[str]]) -> int:
    return pilot.app.query_one(HitList).place


def status(pilot: Pilot[list[str]]) -> str:
    return pilot.app.query_one(StatusLine).said


async def until(pilot: Pilot[list[str]], happened: Callable[[], bool], what: str) -> None:
    """Wait until `happened` returns true and all is answered; after the timeout fail with `what` and the status."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, f"{what}; the status is {status(pilot)!r}"
        await pilot.pause(0.01)
    await settled(pilot)


async def said(pilot: Pilot[list[str]], part: str) -> None:
    """Wait until the status line says this."""
    await until(pilot, lambda: part in status(pilot), f"{part!r} is not said")


def screen(pilot: Pilot[list[str]]) -> str:
    """Return the text of the screen."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def asked(index: papersearch.Index, query: str = QUERY, mode: Mode = "hybrid") -> list[str]:
    return [hit.paper.paper_id for hit in index.search(query, K, mode, fold=True)]
