"""The application behind `papersearch browse`: a line to type on, hits, a preview.

The line keeps the focus; keys that it does not use move through the hits and act on the current
one. `live` asks the index, `panes` makes what is shown, `keys` has the keys.
"""

from __future__ import annotations

import asyncio
import threading
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Footer, Input, Static

from papersearch.api import Index
from papersearch.cli.exit_codes import EXIT_INTERRUPTED
from papersearch.cli.open import open_page
from papersearch.cli.output.addresses import address_of
from papersearch.cli.output.clipboard import copy, told
from papersearch.cli.tui.copying import Form, copied
from papersearch.cli.tui.cursor import Cursor
from papersearch.cli.tui.filter_words import FILTER_WORDS
from papersearch.cli.tui.half_typed import half_typed
from papersearch.cli.tui.keys import bindings
from papersearch.cli.tui.layout import LAYOUT, NARROW
from papersearch.cli.tui.live import FIRST_HITS, Asking, LiveIndex, LiveQuery
from papersearch.cli.tui.panes import help_text, preview, said_of
from papersearch.cli.tui.widgets import FilterLine, HitList, InputLine, Page, StatusLine, TerminalDriver
from papersearch.errors import PapersearchError
from papersearch.text.cleaning import clean_text
from papersearch.types import MODES, Hit, Mode, Paper, Results


class PreviousView(NamedTuple):
    """A view to go back to: the paper that its hits were similar to, if any, and the place in them."""

    like: Paper | None
    cursor: Cursor


class Browser(App[list[str]]):
    """Search as you type. Its result: the ids of the papers taken, in the order of marking.

    `failure`: the error that ended it, for the caller to raise.
    """

    TITLE = "papersearch browse"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012  # declared by textual
    CSS = LAYOUT
    BINDINGS: ClassVar[list[BindingType]] = bindings()

    def __init__(self, index: Index, query: str = "", mode: Mode = "hybrid", k: int = 50) -> None:
        super().__init__(driver_class=TerminalDriver, ansi_color=True)
        self.theme = "ansi-dark"  # only what is the same on light: the terminal's own colours
        self.failure: Exception | None = None
        self.results: Results | None = None
        self.marks: dict[str, Paper] = {}
        self._index = LiveIndex(index)
        self._asking = Asking(self._index, self, k)
        self._first_query = clean_text(query)
        self._mode: Mode = mode
        self._like: Paper | None = None
        self._previous: list[PreviousView] = []
        self._filters_before = ""
        self._is_helping = False
        self._remarked = ("", True)
        self._shown = self._said_of = LiveQuery(half_typed(""), mode, "")
        self._is_settled = False  # True if the typed query has been answered or refused
        self._is_stale = False  # True if the hits are those of an earlier query
        self._is_entered = False  # True if enter was pressed before it was settled
        self._is_over = False
        self._copying = asyncio.Lock()

    def compose(self) -> ComposeResult:
        with Container(classes="line"):
            yield Static(">", markup=False)
            yield InputLine(self._first_query, id="query", compact=True, select_on_focus=False)
        with Container(classes="line second", id="line-filters"):
            yield Static("filter", markup=False)
            yield FilterLine(id="filters", compact=True, select_on_focus=False, placeholder=FILTER_WORDS)
        with Container(id="panes"):
            yield HitList(self.marks)
            yield Page()
        yield StatusLine()
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._line("query").focus()
        self._ask()

    def on_unmount(self) -> None:
        self._is_over = True
        self._index.close()

    @property
    def is_answering(self) -> bool:
        """Tell whether the hits shown are stale or incomplete."""
        return self._asking.is_answering

    @property
    def current(self) -> Hit | None:
        """Return the hit that the keys act on."""
        hits = self.results.hits if self.results is not None else ()
        place = self._hits.place
        return hits[place] if place < len(hits) else None

    # Asking

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "query":
            self._like = None
            self._previous.clear()
            self._hits.cursor = self._hits.cursor.released() if event.value.strip() else Cursor()
        self._ask()

    def on_input_submitted(self) -> None:
        if self.marks and not self._is_filtering:
            self._take()  # whatever the answer will be
            return
        self._is_entered = True
        if self._is_settled:
            self._enter()

    def _ask(self) -> None:
        """Answer the typed query as soon as the running one is done."""
        query = LiveQuery(
            half_typed(self._line("query").value), self._mode, self._line("filters").value, self._like
        )
        self._is_settled = self._is_entered = False
        if self._asking.want(query):
            self.run_worker(self._answer_latest())

    async def _answer_latest(self) -> None:
        try:
            await self._asking.answer_latest()
        except Exception as error:
            if not self._is_over:
                self.failure = error
                self.exit()

    @property
    def first_hits(self) -> int:
        """Number of hits to ask for at first."""
        return self._hits.cursor.row + FIRST_HITS

    @property
    def has_hits(self) -> bool:
        """Tell whether there are hits that can stay."""
        return self.results is not None and len(self.results) > 0

    def can_show(self, results: Results) -> bool:
        """Tell whether the cursor's paper is among these first hits, where it has one."""
        cursor = self._hits.cursor
        return cursor.paper_id is None or cursor.row_in(results.hits) is not None

    def show(self, query: LiveQuery, results: Results | None) -> None:
        """Show an answer. What is half typed hides no hits."""
        if self.has_hits and query.hides_hits(results):
            self._keep_hits(query, query.note or "no paper meets this yet")
            return
        self.results = results
        self._hits.fill(results.hits if results is not None else ())
        self._preview()
        self._is_settled, self._is_stale = True, False
        self._shown = query
        if query != self._said_of:  # else it is the rest of the same hits
            self._answered(query, query.note)
        self._say()
        if self._is_entered:
            self._enter()

    def refuse(self, query: LiveQuery, error: PapersearchError) -> None:
        """Say why a query is not answered; its hits stay, and so does the view that it was asked from."""
        if query.like != self._shown.like and self._previous:
            self._like, self._hits.cursor = self._previous.pop()
        self._keep_hits(query, error.message.split("\n", 1)[0].rstrip(":"))

    def _keep_hits(self, query: LiveQuery, note: str) -> None:
        """Leave the hits of an earlier query where they are."""
        self._is_settled = self._is_stale = True
        self._answered(query, note)
        if self._is_entered:
            self._enter()

    def _answered(self, query: LiveQuery, note: str) -> None:
        """Say faintly what became of a query; it is a matter of typing on."""
        self._said_of = query
        self._remark(note, is_faint=True)

    def _enter(self) -> None:
        """Do what enter asks for, now that the typed query is settled."""
        self._is_entered = False
        if self._is_filtering:
            if self._is_stale:
                self._remark(self._remarked[0])
            else:
                self._close_filters()
        elif self._is_stale and self.has_hits:  # typed in one breath, enter was not meant for these hits
            self._remark(f"{self._remarked[0]}: enter again takes an earlier hit")
            self._is_stale = False
        else:
            self._take()

    # Showing

    def on_hit_list_moved(self) -> None:
        self._preview()

    def _preview(self) -> None:
        hit = self.current
        is_reading_help = self._is_reading_help
        self.screen.set_class(is_reading_help, "-reading-help")
        shown = help_text() if is_reading_help else preview(hit) if hit else Text()
        self.query_one(Page).show(shown)

    def _say(self) -> None:
        """Write the status line."""
        results, filters = self.results, self._line("filters").value.strip()
        said = []
        if self._like is not None:
            said.append(f"similar to {self._like.title or self._like.paper_id}")
        else:
            said.append(results.mode_used if results is not None else self._mode)
        if results is None:
            said.append(f"{len(self._index)} papers, f1 for help")
        else:
            said += said_of(results)
        said += [filters] if filters and not self._is_filtering else []
        said += [f"{len(self.marks)} marked"] if self.marks else []
        note, is_faint = self._remarked
        self.query_one(StatusLine).say(note, said, is_faint=is_faint)

    def _remark(self, note: str, *, is_faint: bool = False) -> None:
        """Say what was just done, or failed."""
        self._remarked = (note, is_faint)
        self._say()

    @property
    def _hits(self) -> HitList:
        return self.query_one(HitList)

    def _line(self, name: str) -> InputLine:
        return self.query_one(f"#{name}", InputLine)

    # Keys

    def action_move(self, by: int) -> None:
        if self._is_reading_help:
            self.query_one(Page).scroll_lines(by)
        else:
            self._hits.move(by)

    def action_turn(self, by: int) -> None:
        lines = self.query_one(Page) if self._is_reading_help else self._hits
        lines.scroll_lines(by * max(lines.size.height - 1, 1))

    def action_scroll_preview(self, by: int) -> None:
        self.query_one(Page).scroll_lines(3 * by)

    def action_cycle_mode(self) -> None:
        if self._like is not None:
            self._remark("papers are similar by meaning alone: tab changes nothing here")
            return
        self._mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        self._ask()
        self._say()

    def action_filter(self) -> None:
        if self._is_filtering:
            self._close_filters()
            return
        self._filters_before = self._line("filters").value
        self.screen.add_class("-on-filters")
        self._line("filters").focus()
        self._say()

    def action_mark(self) -> None:
        if self.current is not None:
            paper = self.current.paper
            if self.marks.pop(paper.paper_id, None) is None:
                self.marks[paper.paper_id] = paper
            self._hits.move(1, is_put=False)
            self._hits.refresh()
            self._remark("")

    def action_similar(self) -> None:
        if self.current is not None:
            self._previous.append(PreviousView(self._like, self._hits.hold()))
            self._like = self.current.paper
            self._hits.cursor = Cursor()
            self._ask()

    def action_copy(self, form: Form) -> None:
        if papers := self._taken():
            text, what = copied(papers, form)
            self.copy_to_clipboard(text, what)

    def copy_to_clipboard(self, text: str, what: str = "text") -> None:
        """Copy by a program or the terminal, and say by which."""
        self._clipboard = text
        self.run_worker(self._copy(text, what))

    async def _copy(self, text: str, what: str) -> None:
        try:
            async with self._copying:  # the last one counts
                way = await asyncio.to_thread(copy, text, self._send)
        except PapersearchError as error:
            self._remark(error.message)
        else:
            self._remark(told(what, way))

    def _send(self, sequence: str) -> None:
        """Send an escape sequence to the terminal, between two drawings."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def action_read(self) -> None:
        if self.current is not None:
            url = address_of(self.current.paper)
            threading.Thread(target=open_page, args=[url], daemon=True).start()
            self._remark(f"opening {url}")

    def action_help(self) -> None:
        self._is_helping = not self._is_helping
        self._preview()

    def action_undo(self) -> None:
        """Undo the latest step; leave when there is nothing to undo."""
        if self._is_filtering:
            self._line("filters").value = self._filters_before
            self._close_filters()
        elif self._is_helping:
            self.action_help()
        elif self._previous:
            self._like, self._hits.cursor = self._previous.pop()
            self._ask()
        else:
            self.action_leave()

    def _taken(self) -> list[Paper]:
        """Return the papers that are taken or copied: those marked, or else the current one."""
        return list(self.marks.values()) or ([self.current.paper] if self.current is not None else [])

    def _take(self) -> None:
        if papers := self._taken():
            self.exit([paper.paper_id for paper in papers])

    def action_leave(self) -> None:
        self.exit(list(self.marks))

    def action_interrupt(self) -> None:
        self.exit(return_code=EXIT_INTERRUPTED)

    @property
    def _is_filtering(self) -> bool:
        return self.screen.has_class("-on-filters")

    @property
    def _is_reading_help(self) -> bool:
        return self._is_helping or self.results is None

    def _close_filters(self) -> None:
        self.screen.remove_class("-on-filters")
        self._line("query").focus()
        self._say()
