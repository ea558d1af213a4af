"""The application behind `papersearch browse`: a line to type on, hits, a preview.

The line keeps the focus; keys that it does not use move through the hits and act on the current
one. While the index answers a query, only the latest of the queries typed meanwhile is kept: the index
sets the pace, and no timer delays the first letter. What the panes show is made in `panes`.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Footer, Input, Static

from papersearch.api import Index
from papersearch.cli.exit_codes import EXIT_INTERRUPTED
from papersearch.cli.open import open_page
from papersearch.cli.output.addresses import address_of
from papersearch.cli.tui.filter_words import FILTER_WORDS
from papersearch.cli.tui.live import LiveIndex, LiveQuery
from papersearch.cli.tui.panes import help_text, preview, said_of
from papersearch.cli.tui.widgets import HitList, InputLine, Page, TerminalDriver
from papersearch.errors import PapersearchError
from papersearch.text.cleaning import clean_text
from papersearch.types import MODES, Hit, Mode, Paper, Results

_NARROW = 100
"""Width in columns from which the preview is beside the hits."""

_FIRST_HITS = 12
"""Number of hits found and drawn at first. Each takes nearly a millisecond, which delays the next letter."""

_PAUSE_S = 0.05
"""Pause between drawing the first hits and asking for the rest, which would delay the next letter."""


class PreviousView(NamedTuple):
    """A view to go back to: the paper that its hits were similar to, if any, and the place in them."""

    like: Paper | None
    place: int


class Browser(App[list[str]]):
    """Search as you type. Its result: the ids of the papers chosen, in the order of choosing.

    `failure`: the error that ended it, for the caller to raise. `is_answering`: True while the hits shown
    are stale or incomplete.
    """

    TITLE = "papersearch browse"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_NARROW, "-wide")]  # noqa: RUF012  # declared by textual
    CSS = """
    Screen { layout: vertical; }
    .line { height: 1; layout: horizontal; }
    .line > Static { width: auto; padding: 0 1 0 0; }
    .line > Input { width: 1fr; }
    #narrowing { display: none; }
    .-filtering #narrowing { display: block; }
    #panes { height: 1fr; layout: horizontal; }
    #hits, #page { height: 1fr; }
    .-reading-help #hits { display: none; }
    #hits { width: 11fr; }
    #page { width: 9fr; border-left: vkey ansi_bright_black; padding: 0 0 0 1; }
    .-narrow #panes { layout: vertical; }
    .-narrow #hits { width: 100%; height: 2fr; }
    .-narrow #page { width: 100%; height: 3fr; padding: 0; }
    .-narrow #page { border-left: none; border-top: hkey ansi_bright_black; }
    #status { height: 1; text-wrap: nowrap; text-overflow: ellipsis; text-style: dim; }
    Input > .input--cursor, Input:ansi > .input--cursor {
        background: ansi_default; color: ansi_default; text-style: reverse;
    }
    """
    # Keys that terminals and multiplexers keep for themselves have a second key: tmux takes ctrl+b,
    # input methods ctrl+space, some terminals f1. All but an interrupt wait for what was typed before.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t,ctrl+@,ctrl+space", "mark", "mark", key_display="^t"),
        Binding("ctrl+s", "similar", "similar", key_display="^s"),
        Binding("ctrl+f", "filter", "filter", key_display="^f"),
        Binding("f1,ctrl+g", "help", "help", key_display="f1"),
        Binding("ctrl+y,ctrl+b", "copy_bibtex", "BibTeX", key_display="^y"),
        Binding("ctrl+o", "read", "web", key_display="^o"),
        Binding("ctrl+q", "leave", show=False),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False),
        Binding("down,ctrl+n", "move(1)", show=False),
        Binding("pageup", "turn(-1)", show=False),
        Binding("pagedown", "turn(1)", show=False),
        Binding("shift+up", "scroll_preview(-1)", show=False),
        Binding("shift+down", "scroll_preview(1)", show=False),
    ]

    def __init__(self, index: Index, query: str = "", mode: Mode = "hybrid", k: int = 50) -> None:
        super().__init__(driver_class=TerminalDriver, ansi_color=True)
        self.theme = "ansi-dark"  # only what is the same on light: the terminal's own colours
        self.failure: Exception | None = None
        self.results: Results | None = None
        self.marks: dict[str, Paper] = {}
        self._index = LiveIndex(index)
        self._k = k
        self._first_query = clean_text(query)
        self._mode: Mode = mode
        self._like: Paper | None = None
        self._previous: list[PreviousView] = []
        self._filters_before = ""
        self._is_helping = False
        self._note = ""
        self._wanted: tuple[LiveQuery, int] | None = None
        self._is_wanting = asyncio.Event()
        self.is_answering = False
        self._is_current = False  # True if the hits answer the typed query
        self._is_choosing = False  # True if enter was pressed before that
        self._is_over = False

    def compose(self) -> ComposeResult:
        with Container(classes="line"):
            yield Static(">", markup=False)
            yield InputLine(self._first_query, id="query", compact=True, select_on_focus=False)
        with Container(classes="line", id="narrowing"):
            yield Static("filter", markup=False)
            yield InputLine(id="filters", compact=True, select_on_focus=False, placeholder=FILTER_WORDS)
        with Container(id="panes"):
            yield HitList(self.marks)
            yield Page()
        yield Static(id="status", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._line("query").focus()
        self._ask()

    def on_unmount(self) -> None:
        self._is_over = True
        self._index.close()

    @property
    def current(self) -> Hit | None:
        """Return the hit that the keys act on."""
        hits = self.results.hits if self.results is not None else ()
        place = self.query_one(HitList).place
        return hits[place] if place < len(hits) else None

    # Asking

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "query":
            self._like = None
            self._previous.clear()
        self._ask()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "filters":
            self._close_filters()
        elif self._is_current:
            self._choose()
        else:
            self._is_choosing = True

    def _ask(self, place: int = 0) -> None:
        """Answer the typed query as soon as the running one is done."""
        query = LiveQuery(self._line("query").value, self._mode, self._line("filters").value, self._like)
        self._wanted = (query, place)
        self._is_wanting.set()
        self._is_current = self._is_choosing = False
        if not self.is_answering:
            self.is_answering = True
            self.run_worker(self._answer_latest())

    async def _answer_latest(self) -> None:
        """Answer the latest query, until there is none left."""
        try:
            while self._wanted is not None:
                (query, place), self._wanted = self._wanted, None
                self._is_wanting.clear()
                await self._answer(query, place)
        except Exception as error:
            if not self._is_over:
                self.failure = error
                self.exit()
        finally:
            self.is_answering = False

    async def _answer(self, query: LiveQuery, place: int) -> None:
        """Show the first hits, then all; stop if another query has been typed meanwhile."""
        if query.like is None and not query.query.strip():
            self._show(None, 0)
            return
        few = min(place + _FIRST_HITS, self._k)
        try:
            results = await self._index.answer(query, few)
            if self._wanted is None:
                self._show(results, place)
            if len(results) == few < self._k and not await self._is_wanted_soon():
                results = await self._index.answer(query, self._k)
                if self._wanted is None:
                    self._show(results, self.query_one(HitList).place)
        except PapersearchError as error:
            if self._wanted is None:
                self._is_choosing = False
                self._remark(error.message.split("\n", 1)[0].rstrip(":"))

    async def _is_wanted_soon(self) -> bool:
        """Wait a little, and tell whether another query has come within this time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_wanting.wait(), _PAUSE_S)
        return self._is_wanting.is_set()

    # Showing

    def _show(self, results: Results | None, place: int) -> None:
        self.results = results
        self._note = ""
        self.query_one(HitList).fill(results.hits if results is not None else (), place)
        self._preview()
        self._say()
        self._is_current = True
        if self._is_choosing:
            self._choose()

    def on_hit_list_moved(self) -> None:
        self._preview()

    def _preview(self) -> None:
        hit = self.current
        is_reading_help = self._is_helping or self.results is None
        self.screen.set_class(is_reading_help, "-reading-help")
        shown = help_text() if is_reading_help else preview(hit) if hit else Text()
        self.query_one(Page).show(shown)

    def _say(self) -> None:
        """Write the status line; an error, or the action just done, comes first."""
        results, filters = self.results, self._line("filters").value.strip()
        said = [self._note] if self._note else []
        if self._like is not None:
            said.append(f"similar to {self._like.title or self._like.paper_id}")
        else:
            said.append(results.mode_used if results is not None else self._mode)
        if results is None:
            said.append(f"{len(self._index)} papers, f1 for help")
        else:
            said += said_of(results)
        said += [filters] if filters else []
        said += [f"{len(self.marks)} marked"] if self.marks else []
        self.query_one("#status", Static).update(Text(clean_text(" · ".join(said))), layout=False)

    def _remark(self, note: str) -> None:
        self._note = note
        self._say()

    def _line(self, name: str) -> InputLine:
        return self.query_one(f"#{name}", InputLine)

    # Keys

    def action_move(self, by: int) -> None:
        self.query_one(HitList).move(by)

    def action_turn(self, by: int) -> None:
        hits = self.query_one(HitList)
        hits.move(by * max(hits.size.height - 1, 1))

    def action_scroll_preview(self, by: int) -> None:
        self.query_one(Page).scroll_lines(3 * by)

    def action_cycle_mode(self) -> None:
        self._mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        if self._like is None:
            self._ask()
        self._say()

    def action_filter(self) -> None:
        if self._is_filtering:
            self._close_filters()
            return
        self._filters_before = self._line("filters").value
        self.screen.add_class("-filtering")
        self._line("filters").focus()

    def action_mark(self) -> None:
        if self.current is not None:
            paper = self.current.paper
            if self.marks.pop(paper.paper_id, None) is None:
                self.marks[paper.paper_id] = paper
            self.action_move(1)
            self.query_one(HitList).refresh()
            self._say()

    def action_similar(self) -> None:
        if self.current is not None:
            self._previous.append(PreviousView(self._like, self.query_one(HitList).place))
            self._like = self.current.paper
            self._ask()

    def action_copy_bibtex(self) -> None:
        from papersearch.cli.output.exports import export

        papers = list(self.marks.values()) or ([self.current.paper] if self.current is not None else [])
        if papers:
            self.copy_to_clipboard(export(papers, "bibtex").decode())
            self._remark(f"BibTeX of {len(papers)} paper{'' if len(papers) == 1 else 's'} copied")

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
            self._like, place = self._previous.pop()
            self._ask(place)
        else:
            self.action_leave()

    def _choose(self) -> None:
        if self.current is not None:
            self.marks.setdefault(self.current.paper.paper_id, self.current.paper)
            self.action_leave()

    def action_leave(self) -> None:
        self.exit(list(self.marks))

    def action_interrupt(self) -> None:
        self.exit(return_code=EXIT_INTERRUPTED)

    @property
    def _is_filtering(self) -> bool:
        return self.screen.has_class("-filtering")

    def _close_filters(self) -> None:
        self.screen.remove_class("-filtering")
        self._line("query").focus()
