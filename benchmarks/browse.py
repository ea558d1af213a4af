"""What a keystroke costs: from each letter typed into `papersearch browse` to its hits on screen.

    python benchmarks/browse.py INDEX [--query "pipeline bubbles in training"] [--rounds 5]

Letters are typed one after the other, each when the hits of the one before are all there, in
each mode. The time is that to the first screenful, drawn, in an application of 120 by 40 that
draws into nothing; a terminal adds its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line sets it

from textual.events import Key

import papersearch  # after the threads are set
from papersearch.cli.browser import Browser
from papersearch.types import MODES, Mode

SIZE = (120, 40)


def main() -> None:
    """Print one line a mode."""
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


async def keystrokes(index: papersearch.Index, query: str, mode: Mode, rounds: int) -> list[float]:
    """Seconds from each keystroke to its hits; one round goes before those that count."""
    app = Browser(index, mode=mode)
    times = []
    async with app.run_test(size=SIZE) as pilot:
        for number in range(rounds + 1):
            for character in query:
                before = app.results
                start = time.perf_counter()
                app.post_message(Key("space" if character == " " else character, character))
                while app.results is before:
                    await asyncio.sleep(0.0005)
                await pilot._wait_for_screen()
                if number:
                    times.append(time.perf_counter() - start)
                while app.is_answering:
                    await asyncio.sleep(0.001)
            await pilot.press("ctrl+u")
            await pilot.pause()
            while app.is_answering or app.results is not None:
                await asyncio.sleep(0.001)
    return times


def library(index: papersearch.Index, query: str, mode: Mode, rounds: int) -> list[float]:
    """Seconds of the same searches without an application around them, of as many hits."""
    times = []
    for _ in range(rounds):
        for end in range(1, len(query) + 1):
            if query[:end].strip():
                start = time.perf_counter()
                index.search(query[:end], SIZE[1], mode, fold=True)
                times.append(time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
