"""The cost of a keystroke: from each letter typed into `papersearch browse` to its hits on screen.

    python benchmarks/browse.py INDEX [--query "pipeline bubbles in training"] [--rounds 5]

Each letter is typed when the hits of the previous one are complete, in each mode. The time ends
with the first hits drawn, in an application of 120 by 40 without a terminal. A terminal adds its
own time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from pathlib import Path

from papersearch.cli.browse import FRAMES_PER_SECOND

# The command line sets these too, before numpy and textual are imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TEXTUAL_FPS", FRAMES_PER_SECOND)

from textual.events import Key

import papersearch  # after both are set
from papersearch.cli.tui.browser import Browser
from papersearch.cli.tui.live import FIRST_HITS, Answer, LiveQuery
from papersearch.types import MODES, Mode

SIZE = (120, 40)


def main() -> None:
    """Print one line per mode."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("index", type=Path, help="the folder of an index")
    options.add_argument("--query", default="pipeline bubbles in training")
    options.add_argument("--rounds", type=int, default=5)
    arguments = options.parse_args()
    index = papersearch.open(arguments.index)
    print(f"{len(index):,} papers, {len(arguments.query) * arguments.rounds} keystrokes a mode")
    print(f"{'ms a keystroke':<16}{'median':>9}{'95th':>9}{'library':>9}")
    for mode in MODES:
        times = asyncio.run(keystrokes(index, arguments.query, mode, arguments.rounds))
        alone = library(index, arguments.query, mode, arguments.rounds)
        at_95 = statistics.quantiles(times, n=20)[-1]
        shown = (statistics.median(times), at_95, statistics.median(alone))
        print(f"{mode:<16}" + "".join(f"{seconds * 1e3:>9.1f}" for seconds in shown), flush=True)


class Watched(Browser):
    """The application, with a record of when it drew new hits."""

    def __init__(self, index: papersearch.Index, mode: Mode) -> None:
        super().__init__(index, mode=mode)
        self.drawn = asyncio.Event()
        self.expected = ""

    def show(self, query: LiveQuery, answer: Answer | None) -> bool:
        is_shown = super().show(query, answer)
        self.call_after_refresh(self._tell, answer.results.query if answer is not None else "")
        return is_shown

    def _tell(self, query: str) -> None:
        if query == self.expected:
            self.drawn.set()


async def keystrokes(index: papersearch.Index, query: str, mode: Mode, rounds: int) -> list[float]:
    """Return the seconds from each keystroke to its hits, after one round of warm-up."""
    app = Watched(index, mode)
    times = []
    async with app.run_test(size=SIZE) as pilot:
        await app.drawn.wait()
        for number in range(rounds + 1):
            for end, character in enumerate(query, 1):
                app.drawn.clear()
                app.expected = query[:end].strip()
                start = time.perf_counter()
                app.post_message(Key("space" if character == " " else character, character))
                await app.drawn.wait()
                if number:
                    times.append(time.perf_counter() - start)
                while app.is_answering:
                    await pilot.pause(0.02)
                await pilot.pause(0.05)
            app.drawn.clear()
            app.expected = ""
            await pilot.press("ctrl+u")
            await app.drawn.wait()
    return times


def library(index: papersearch.Index, query: str, mode: Mode, rounds: int) -> list[float]:
    """Return the seconds of the same searches without an application."""
    times = []
    for _ in range(rounds):
        for end in range(1, len(query) + 1):
            if query[:end].strip():
                start = time.perf_counter()
                index.search(query[:end], FIRST_HITS, mode, fold=True)
                times.append(time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
