"""Progress of a build on stderr: bars on a terminal, now and then a line elsewhere, JSON for programs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from papersearch.cli.errors import complain, remark

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from papersearch.index.report import BuildStep
    from papersearch.types import DumpProgress

ProgressForm = Literal["people", "programs", "none"]

_WORTH_A_BAR = 4 << 20
"""Size of a dump, in bytes, from which reading it alone takes long enough to show."""

_STEPS_OF_A_FILE = 200
"""Most updates of the bar while one dump is read: more cannot be seen, and each costs time."""

_DESCRIPTION = 17
_NAME = 24
"""Widths in columns of a step's description, and of a dump's name."""

_READING: BuildStep = "reading dumps"

_LONG = 1000
"""Number of items from which a step tells each ten per cent; a shorter one is over soon."""

_MINUTE = 60.0


class Silent:
    """Progress that is not shown."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Pass over a step."""

    def reading(self, dump: str, done: int, total: int) -> None:
        """Pass over a dump."""

    def announce(self, message: str) -> None:
        """Pass over a message."""

    def stop(self) -> None:
        """End."""


class Lines(Silent):
    """Lines in a file: one each minute, and one at each ten per cent of a long step."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = self._told = clock()
        self._step: str | None = None
        self._tenth = 0

    def __call__(self, step: str, done: int, total: int) -> None:
        """Tell of a step, if it is time."""
        now = self._clock()
        if step != self._step:
            self._step, self._started, self._tenth = step, now, done * 10 // total if total else 0
        reached = done * 10 // total if total >= _LONG else 0
        if reached <= self._tenth and now - self._told < _MINUTE:
            return
        self._told, self._tenth = now, max(self._tenth, reached)
        amount = f", {done:,} of {total:,}" if total else ""
        remark(f"papersearch: {step}{amount}{_time_left(done, total, now - self._started)}")

    def announce(self, message: str) -> None:
        """Print a message."""
        _announce(message)


def _announce(message: str) -> None:
    """Print a message of a build, with what to type if something is to be otherwise."""
    from papersearch.dense.prefixes import PrefixNotice

    is_open = isinstance(message, PrefixNotice)
    complain(message, "--query-prefix and --paper-prefix take others, also empty ones" if is_open else "")


def _time_left(done: int, total: int, seconds: float) -> str:
    """Return rate and time left in words, once they can be told."""
    if not done or not total or seconds < 1:
        return ""
    rate = done / seconds
    left = round((total - done) / rate)
    shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f" ({shown}/s, {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left)" if left else ""


class JsonLines(Silent):
    """Objects for programs: at the start of each step, and at each per cent of it."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None

    def __call__(self, step: str, done: int, total: int) -> None:
        """Tell of a step, if it is new or has come further."""
        now = (step, done * 100 // total if total else 0)
        if now != self._last:
            self._last = now
            self._write({"step": step, "done": done, "total": total or None})

    def announce(self, message: str) -> None:
        """Write a message."""
        self._write({"message": message})

    def _write(self, fields: dict[str, object]) -> None:
        import orjson  # not at each start of the command

        remark(orjson.dumps(fields).decode())


class Bar(Silent):
    """A bar for each step of a build, from the first of them on; one bar for all dumps.

    Nothing is drawn unless stderr is a terminal.
    """

    def __init__(self) -> None:
        self._is_drawn = is_drawn()
        self._bar: RichProgress | None = None
        self._rows: dict[str, TaskID] = {}
        self._row = ""
        self._stage = ""
        self._shown = 0

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show a step of a build."""
        self._show(step, f"{step:<{_DESCRIPTION}}", done, total, in_bytes=False)

    def reading(self, dump: str, done: int, total: int) -> None:
        """Show how far a dump is read, in bytes."""
        if not self._is_drawn:
            return
        stage = f"reading {dump}"
        if stage != self._stage or done - self._shown >= total // _STEPS_OF_A_FILE:
            name = dump if len(dump) <= _NAME else f"…{dump[1 - _NAME :]}"
            self._show(stage, f"reading {name}", done, total, in_bytes=True)

    def reading_long(self, dump: str, done: int, total: int) -> None:
        """Show how far a dump is read, if it is large."""
        if total >= _WORTH_A_BAR:
            self.reading(dump, done, total)

    def announce(self, message: str) -> None:
        """Print a message above the bars."""
        _announce(message)

    def stop(self) -> None:
        """Erase the bars."""
        if self._bar is not None:
            self._bar.stop()

    def _show(self, stage: str, description: str, done: int, total: int, *, in_bytes: bool) -> None:
        if not self._is_drawn:
            return
        if self._bar is None:
            self._bar = _drawn()
            self._bar.start()
        row = _READING if in_bytes else stage
        if row not in self._rows:
            self._rows[row] = self._bar.add_task("", total=None)
        task = self._rows[row]
        if row != self._row:
            self._end_row()
        if stage != self._stage and (in_bytes or not total):  # each dump has its own rate
            self._bar.reset(task)
        self._stage, self._row, self._shown = stage, row, done
        is_counted = {"in_bytes": in_bytes, "is_counted": total > 0}
        self._bar.update(task, description=description, completed=done, total=total or None, **is_counted)

    def _end_row(self) -> None:
        """Fill the bar of the step before, except encoding, which goes on after a publication."""
        if self._bar is not None and self._row not in ("", "encoding"):
            task = next(one for one in self._bar.tasks if one.id == self._rows[self._row])
            total = task.total or 1
            self._bar.update(task.id, total=total, completed=total)


def is_drawn() -> bool:
    """Tell whether bars are drawn on stderr."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def build_progress(form: ProgressForm = "people") -> Iterator[Silent]:
    """Yield the progress of a build: a callback for steps, with `reading` for dumps and `announce`."""
    shown = Silent() if form == "none" else JsonLines() if form == "programs" else Bar() if is_drawn() else Lines()
    try:
        shown(_READING, 0, 0)
        yield shown
    finally:
        shown.stop()


@contextmanager
def map_progress() -> Iterator[Silent]:
    """Yield the progress of a map, a callback for its steps."""
    shown = Bar() if is_drawn() else Lines()
    try:
        yield shown
    finally:
        shown.stop()


@contextmanager
def reading_progress() -> Iterator[DumpProgress]:
    """Yield a callback for the reading of dumps without a build, which draws only large ones."""
    bar = Bar()
    try:
        yield bar.reading_long
    finally:
        bar.stop()


def _drawn() -> RichProgress:
    """Make the bars: description, bar, what is done of what, rate, time that is left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.text import Text

    class Either(ProgressColumn):
        """One column for a dump, whose amounts are bytes, and another for a step."""

        def __init__(self, of_dumps: ProgressColumn, of_steps: ProgressColumn) -> None:
            super().__init__()
            self._of_dumps = of_dumps
            self._of_steps = of_steps

        def render(self, task: Task) -> RenderableType:
            return (self._of_dumps if task.fields.get("in_bytes") else self._of_steps).render(task)

    class Amount(ProgressColumn):
        """Column with the items of a step that are done, and all of them, if they are counted."""

        def render(self, task: Task) -> Text:
            is_counted = task.fields.get("is_counted")
            return Text(f"{task.completed:,.0f}/{task.total:,.0f}" if is_counted else "", style="green")

    class Rate(ProgressColumn):
        """Column with the items per second of a step."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed and speed >= 1 else "", style="dim")

    console = Console(stderr=True, color_system=None if os.environ.get("NO_COLOR") else "standard", highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),  # a dump's name may look like markup
        BarColumn(bar_width=min(40, console.width // 4)),
        Either(DownloadColumn(), Amount()),
        Either(TransferSpeedColumn(), Rate()),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    return Progress(*columns, console=console, transient=True)
