"""Widgets of `papersearch browse`: its terminal, the lines to type on, the hits, the preview, the status."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar

from rich.console import RenderableType
from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Click, Key, MouseScrollDown, MouseScrollUp, Paste, Resize
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from papersearch.cli.output.terminal import FAINT
from papersearch.cli.tui.cursor import Cursor
from papersearch.cli.tui.offers import Offers
from papersearch.cli.tui.panes import row
from papersearch.marks.mark import Mark
from papersearch.text.cleaning import clean_text
from papersearch.types import Hit, Paper


class TerminalDriver(LinuxDriver):
    """Terminal on standard error, which is also asked for its size: stdout may be a pipe."""

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            columns, lines = os.get_terminal_size(2)
        except OSError:
            columns = lines = 0
        return (columns, lines) if columns and lines else super()._get_terminal_size()


_WHEEL = 3
"""Number of lines per step of the mouse wheel."""

_EDITING = {
    key: binding.action
    for binding in Input.BINDINGS
    if isinstance(binding, Binding)
    for key in binding.key.split(",")
    if key != "ctrl+k"  # the application's
}


class InputLine(Input):
    """Input line; pasted text is cleaned, and its lines are joined."""

    # These act on the application; declared here, they come before the keys of the screen and of Input.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "take"),
        Binding("escape", "app.undo", "back", key_display="esc"),
        Binding("tab", "app.cycle_mode", "mode"),
        Binding("ctrl+k", "app.copy('key')", show=False),
    ]

    async def on_key(self, event: Key) -> None:
        """Run editing keys in the order of typing: as bindings they would come after letters that
        were typed later and read in the same piece."""
        if event.key in _EDITING:
            event.stop()
            event.prevent_default()
            await self.run_action(_EDITING[event.key])
        elif event.key.startswith("alt+"):
            event.prevent_default()  # Input would type the letter

    def on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        self.replace(clean_text(event.text), *self.selection)

    def action_paste(self) -> None:
        self.replace(clean_text(self.app.clipboard), *self.selection)


class Completer(Suggester):
    """Suggestions on an input line: the first of some offers, of which all are told."""

    def __init__(self, look: Callable[[str], Awaitable[Offers]], tell: Callable[[str, Offers], None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._look = look
        self._tell = tell

    async def get_suggestion(self, value: str) -> str | None:
        offers = await self._look(value)
        self._tell(value, offers)
        return offers.lines[0] if offers.lines else None


class FilterLine(InputLine):
    """Line of filters, where tab completes a word."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "apply"),
        Binding("tab", "app.complete", "complete"),
    ]


class KeptLine(InputLine):
    """Line of tags or of a note."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keep"),
        Binding("tab", "app.complete", "complete", show=False),
    ]


class StatusLine(Static):
    """The last line but one: what was just done or failed, then what the hits are."""

    def __init__(self) -> None:
        super().__init__(id="status", markup=False)
        self.said = ""

    def say(self, remark: str, others: Sequence[str], *, is_faint: bool) -> None:
        """Show a remark, which is faint where nobody needs to act on it, and the others behind it."""
        parts = [clean_text(part) for part in (remark, *others) if part]
        self.said = " · ".join(parts)
        shown = Text(self.said, style=FAINT)
        if remark and not is_faint:
            shown = Text.assemble(parts[0], (" · ".join(["", *parts[1:]]), FAINT))
        self.update(shown, layout=False)


class ScrolledLines(Widget, can_focus=False):
    """More lines than fit; those from `top` on are drawn.

    Textual's own scrolling lays out the whole screen when the number of lines changes, which
    takes longer than a search by keywords; here every letter changes it.
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.top = 0

    def line(self, number: int, width: int) -> list[Segment] | None:
        """Return a line of at most `width` columns; None beyond the last."""
        raise NotImplementedError  # in subclasses; abc does not go with the metaclass of Widget

    def scroll_lines(self, by: int) -> None:
        """Scroll down by this many lines, as far as there are any."""
        raise NotImplementedError  # in subclasses; abc does not go with the metaclass of Widget

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        line = self.line(self.top + y, max(width - 1, 1)) or []  # a column stays free at the right
        return Strip(line).adjust_cell_length(width)  # in the terminal's own colours

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.scroll_lines(_WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.scroll_lines(-_WHEEL)


class HitList(ScrolledLines, can_focus=False):
    """List of hits, one per line; `place`, from 0, is that of the current hit, which is always visible."""

    place = reactive(0)

    class Moved(Message):
        """Another hit is the current one."""

    def __init__(self, marks: Mapping[str, Paper]) -> None:
        super().__init__("hits")
        self.kept: Mapping[str, Mark] = {}
        self.cursor = Cursor()
        self._hits: Sequence[Hit] = ()
        self._marks = marks

    def fill(self, hits: Sequence[Hit]) -> None:
        """Show other hits; the cursor follows its paper."""
        self._hits = hits
        self.cursor = self.cursor.followed(hits)
        self.place = self.cursor.nearest(hits)
        self._keep_in_sight()

    def hold(self, *, is_put: bool = True) -> Cursor:
        """Let the cursor follow the paper that is current now."""
        if self.place < len(self._hits):
            self.cursor = Cursor(self._hits[self.place].paper.paper_id, self.place, is_put or self.cursor.is_put)
        return self.cursor

    def move(self, by: int, *, is_put: bool = True) -> None:
        """Move down by this many hits, but not beyond the first or the last."""
        self.place = min(max(self.place + by, 0), max(len(self._hits) - 1, 0))
        self.hold(is_put=is_put)

    def scroll_lines(self, by: int) -> None:
        self.move(by)

    def line(self, number: int, width: int) -> list[Segment] | None:
        if number >= len(self._hits):
            return None
        hit = self._hits[number]
        paper_id = hit.paper.paper_id
        is_marked, is_current = paper_id in self._marks, number == self.place
        shown = row(hit, width, self.kept.get(paper_id), is_marked=is_marked, is_current=is_current)
        return list(shown.render(self.app.console))

    def watch_place(self) -> None:
        self._keep_in_sight()
        self.post_message(self.Moved())

    def on_resize(self, event: Resize) -> None:
        self._keep_in_sight()

    def on_click(self, event: Click) -> None:
        if event.y + self.top < len(self._hits):
            self.move(event.y + self.top - self.place)

    def _keep_in_sight(self) -> None:
        self.top = min(max(self.top, self.place - max(self.size.height, 1) + 1), self.place)
        self.refresh()


class Page(ScrolledLines, can_focus=False):
    """Text to read, wrapped to the width; an arrow at an edge shows that it goes on."""

    def __init__(self) -> None:
        super().__init__("page")
        self._shown: RenderableType = Text()
        self._about = ""
        self._lines: list[list[Segment]] = []

    @property
    def shown(self) -> RenderableType:
        """Return what is on the page, as it was given."""
        return self._shown

    def show(self, shown: RenderableType, about: str = "") -> None:
        """Show this: from its beginning, unless it is about the same as what is there."""
        self._shown = shown
        if not about or about != self._about:
            self.top = 0
        self._about = about
        self._wrap()
        self.scroll_lines(0)

    def scroll_lines(self, by: int) -> None:
        self.top = min(max(self.top + by, 0), max(len(self._lines) - self.size.height, 0))
        self.refresh()

    def line(self, number: int, width: int) -> list[Segment] | None:
        return self._lines[number] if number < len(self._lines) else None

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        height = self.size.height
        goes_on = "↑" if y == 0 and self.top else ""
        if y == height - 1 and self.top + height < len(self._lines):
            goes_on = "↓"
        return Strip([*strip.crop(0, strip.cell_length - 1), Segment(goes_on)]) if goes_on else strip

    def on_resize(self, event: Resize) -> None:
        self._wrap()
        self.scroll_lines(0)

    def _wrap(self) -> None:
        console = self.app.console
        options = console.options.update(width=max(self.size.width - 2, 1), height=None)
        self._lines = console.render_lines(self._shown, options, pad=False)
        self.refresh()
