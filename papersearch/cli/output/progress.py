"""Progress of a build: one bar on stderr, if stderr is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papersearch.index.report import BuildStep, Progress


@contextmanager
def build_progress() -> Iterator[Progress]:
    """Yield a callback for `build`, which draws on a terminal and does nothing elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda step, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(TextColumn):
        """Column with the steps per second of the current stage."""

        def __init__(self) -> None:
            super().__init__("")

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed and task.speed >= 1 else "", style="dim")

    console = Console(stderr=True, color_system=None if os.environ.get("NO_COLOR") else "standard", highlight=False)
    columns = (
        TextColumn("{task.description:<17}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(step: BuildStep, done: int, total: int) -> None:
            if bar.tasks[0].description != step:  # each stage has its own rate
                bar.reset(task)
            bar.update(task, description=step, completed=done, total=total or None)

        yield show
