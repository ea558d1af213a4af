"""Parts of the application behind `papersearch browse`: its terminal, its line, its hits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Click, Key, Paste, Resize
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from papersearch.cleaning import clean_text
from papersearch.cli.panes import row
from papersearch.types import Hit, Paper


class TerminalDriver(LinuxDriver):
    """Draws on standard error, as its base does, and asks that terminal for its size, not
    standard output, which may be a pipe."""

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            columns, lines = os.get_terminal_size(2)
        except OSError:
            columns = lines = 0
        return (columns, lines) if columns and lines else super()._get_terminal_size()


_EDITING = {
    key: binding.action
    for binding in Input.BINDINGS
    if isinstance(binding, Binding)
    for key in binding.key.split(",")
}


class Line(Input):
    """A line to type on; what is pasted is made safe, and all of it is taken."""

    # The last two are the application's, and the screen's too if they were not the line's.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "choose"),
        Binding("escape", "app.undo", "back", key_display="esc"),
        Binding("tab", "app.cycle_mode", "mode"),
    ]

    async def on_key(self, event: Key) -> None:
        """Keys that edit, in their turn: as bindings they would wait until letters that were
        typed after them, and came in the same piece, had been taken."""
        if event.key in _EDITING:
            event.stop()
            event.prevent_default()
            await self.run_action(_EDITING[event.key])

    def on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        self.replace(clean_text(event.text), *self.selection)

    def action_paste(self) -> None:
        self.replace(clean_text(self.app.clipboard), *self.selection)


class HitList(ScrollView, can_focus=False):
    """The hits, a line each, drawn when they are seen; `place` is the current one's, from 0."""

    place = reactive(0)

    class Moved(Message):
        """Another hit is the current one."""

    def __init__(self, marks: dict[str, Paper]) -> None:
        super().__init__(id="hits")
        self._hits: Sequence[Hit] = ()
        self._marks = marks

    def fill(self, hits: Sequence[Hit], place: int) -> None:
        """Show other hits, and stand on the one at `place`."""
        self._hits = hits
        self.virtual_size = Size(0, len(hits))
        self.place = min(max(place, 0), max(len(hits) - 1, 0))
        self._keep_in_sight()
        self.refresh()

    def move(self, by: int) -> None:
        """Stand on another hit, so many lines below; on the first or the last rather than beyond."""
        self.place = min(max(self.place + by, 0), max(len(self._hits) - 1, 0))

    def watch_place(self) -> None:
        self._keep_in_sight()
        self.refresh()
        self.post_message(self.Moved())

    def on_resize(self, event: Resize) -> None:
        self._keep_in_sight()

    def on_click(self, event: Click) -> None:
        self.move(event.y + self.scroll_offset.y - self.place)

    def render_line(self, y: int) -> Strip:
        number = y + self.scroll_offset.y
        width = self.size.width
        if number >= len(self._hits):
            return Strip.blank(width, self.rich_style)
        hit = self._hits[number]
        is_marked = hit.paper.paper_id in self._marks
        line = row(hit, width - 1, is_marked=is_marked, is_current=number == self.place)
        strip = Strip(line.render(self.app.console), width - 1).apply_style(self.rich_style)
        return strip.extend_cell_length(width, self.rich_style)  # a column between it and the scrollbar

    def _keep_in_sight(self) -> None:
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        self.scroll_to(y=min(max(top, self.place - height + 1), self.place), animate=False)


class Page(ScrollView, can_focus=False):
    """Something to read, wrapped to the width. Its lines are drawn when they are seen, and showing
    others moves no other widget: laying out the screen takes longer than a search by keywords."""

    def __init__(self) -> None:
        super().__init__(id="page")
        self._shown: Text | Table = Text()
        self._lines: list[list[Segment]] = []

    @property
    def shown(self) -> Text | Table:
        """What is on the page, as it was given."""
        return self._shown

    def show(self, shown: Text | Table) -> None:
        """Show this from its beginning."""
        self._shown = shown
        self._wrap()
        self.scroll_to(y=0, animate=False)

    def on_resize(self, event: Resize) -> None:
        self._wrap()

    def render_line(self, y: int) -> Strip:
        number = y + self.scroll_offset.y
        line = self._lines[number] if number < len(self._lines) else []
        return Strip(line).adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _wrap(self) -> None:
        console = self.app.console
        width = max(self.size.width - 1, 1)  # a column between it and the scrollbar
        self._lines = console.render_lines(self._shown, console.options.update(width=width, height=None), pad=False)
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()
