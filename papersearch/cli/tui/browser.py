"""The application behind `papersearch browse`: a line to type on, hits, a preview.

The line keeps the focus; keys that it does not use move through the hits and act on the current
one. `live` asks the index, `panes` makes what is shown, `keys` has the keys.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Footer, Input, Static

from papersearch.api import Index
from papersearch.cli.exit_codes import EXIT_INTERRUPTED
from papersearch.cli.tui.acting import Acting
from papersearch.cli.tui.cursor import Cursor
from papersearch.cli.tui.filter_words import FILTER_WORDS, parse_mark_filters
from papersearch.cli.tui.half_typed import half_typed
from papersearch.cli.tui.keys import bindings
from papersearch.cli.tui.layout import LAYOUT, NARROW
from papersearch.cli.tui.live import FIRST_HITS, NOT_YET, Answer, Asking, LiveIndex, LiveQuery, in_short
from papersearch.cli.tui.offers import Offers
from papersearch.cli.tui.panes import help_text, mode_of, preview, said_of, why_none
from papersearch.cli.tui.widgets import Completer, FilterLine, HitList, InputLine, KeptLine, Page, StatusLine
from papersearch.errors import PapersearchError
from papersearch.text.cleaning import clean_text
from papersearch.types import MODES, Hit, Mode, Paper, Results


class PreviousView(NamedTuple):
    """A view to go back to: the paper that its hits were similar to, if any, and the place in them."""

    like: Paper | None
    cursor: Cursor


class Browser(Acting):
    """Search as you type. Its result: the ids of the papers taken, in the order of marking.

    `failure`: the error that ended it, for the caller to raise.
    """

    TITLE = "papersearch browse"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012  # declared by textual
    CSS = LAYOUT
    BINDINGS: ClassVar[list[BindingType]] = bindings()

    def __init__(
        self, index: Index, query: str = "", mode: Mode = "hybrid", k: int = 50, marks_path: Path | None = None
    ) -> None:
        super().__init__(LiveIndex(index, marks_path))
        self.theme = "ansi-dark"  # only what is the same on light: the terminal's own colours
        self.failure: Exception | None = None
        self.marks: dict[str, Paper] = {}
        self._asking = Asking(self._index, self, k)
        self._first_query = clean_text(query)
        self._mode: Mode = mode
        self._like: Paper | None = None
        self._previous: list[PreviousView] = []
        self._second = ""  # the name of the second line, while there is one
        self._hinted: tuple[str, ...] = ()  # what completes it
        self._filters_before = ""
        self._is_helping = False
        self._remarked = ("", True)
        self._shown = LiveQuery(half_typed(""), mode, "")
        self._is_settled = False  # True if the typed query has been answered or refused
        self._is_entered = False  # True if enter was pressed before it was settled
        self._is_over = False

    def compose(self) -> ComposeResult:
        with Container(classes="line"):
            yield Static(">", markup=False)
            yield InputLine(self._first_query, id="query", compact=True, select_on_focus=False)
        for kind, name, sample in (
            (FilterLine, "filters", FILTER_WORDS),
            (KeptLine, "tags", "moe, to read"),
            (KeptLine, "note", ""),
        ):
            completer = Completer(partial(self._index.offers, name), self._hint) if name != "note" else None
            with Container(classes="line second", id=f"line-{name}"):
                yield Static("filter" if name == "filters" else name, markup=False)
                yield kind(id=name, compact=True, select_on_focus=False, placeholder=sample, suggester=completer)
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
        self._hinted = ()
        if event.input.id in ("tags", "note"):
            self._say()
            return
        if event.input.id == "query":
            self._like = None
            self._previous.clear()
            self._hits.cursor = self._hits.cursor.released() if event.value.strip() else Cursor()
        self._ask()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id in ("tags", "note"):
            self.keep_line(event.input.id, event.value)
            return
        if self.marks and not self._second:
            self._take()  # the answer does not matter
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

    def show(self, query: LiveQuery, answer: Answer | None) -> bool:
        """Show an answer, unless it has no hits because the query is half typed."""
        if self.has_hits and query.hides_hits(answer.results if answer is not None else None):
            self._keep_hits(query, query.note or NOT_YET)
            return False
        if query != self._shown or self._is_stale:  # else its hits are only brought up to date
            self.remark(query.note, is_faint=True)
        self._shown = query
        self._is_settled, self._is_stale = True, False
        self.fill(answer)
        if self._is_entered:
            self._enter()
        return True

    def fill(self, answer: Answer | None) -> None:
        """Show hits in place of others; the cursor follows its paper."""
        self.results = answer.results if answer is not None else None
        self._hits.kept = answer.marks if answer is not None else {}
        self._hits.fill(self.results.hits if self.results is not None else ())
        self._preview()
        if answer is not None and answer.is_renewed:
            self.remark(f"the index was rebuilt: {len(self._index):,} papers")
        if answer is not None and answer.trouble:
            self.remark(answer.trouble)
        self._say()

    def refuse(self, query: LiveQuery, error: PapersearchError) -> None:
        """Say why a query is not answered; its hits stay, and so does the view that it was asked from."""
        if query.like != self._shown.like and self._previous:
            self._like, self._hits.cursor = self._previous.pop()
        self._keep_hits(query, in_short(error))

    def _keep_hits(self, query: LiveQuery, note: str) -> None:
        """Leave the hits of an earlier query where they are."""
        self._is_settled = self._is_stale = True
        self.remark(note, is_faint=True)
        if self._is_entered:
            self._enter()

    def _enter(self) -> None:
        """Do what enter asks for, now that the typed query is settled."""
        self._is_entered = False
        if self._second:
            if self._is_stale:
                self.remark(self._remarked[0])
            else:
                self.close_line()
        elif self._is_stale and self.has_hits:  # typed in one breath, enter was not meant for these hits
            self.remark(f"{self._remarked[0]}: enter again takes an earlier hit")
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
        page = self.query_one(Page)
        if self.results is None or is_reading_help:
            page.show(help_text(), "help")
        elif hit is None:
            page.show(why_none(self.results, len(self._index), self._shown.filters))
        else:
            paper_id = hit.paper.paper_id
            page.show(preview(hit, self._hits.kept.get(paper_id)), paper_id)

    async def show_kept(self) -> None:
        if (results := self.results) is not None:
            kept = await self._index.marks_of([hit.paper for hit in results])
            if results is self.results:  # else they came with others
                self._hits.kept = kept
                self._hits.refresh()
                self._preview()
        if any(parse_mark_filters(self._shown.filters)):
            self._ask()

    def _say(self) -> None:
        """Write the status line."""
        results, filters = self.results, self._line("filters").value.strip()
        said = [f"{len(self.marks)} marked"] if self.marks else []
        if self._like is not None:
            said.append(f"similar to {self._like.title or self._like.paper_id}")
        else:
            said.append(self._mode if results is None else mode_of(results))
        said += said_of(results) if results is not None else [f"{len(self._index)} papers, f1 for help"]
        said += [filters] if filters and self._second != "filters" else []
        note, is_faint = self._remarked
        if self._hinted and (is_faint or not note):
            note = " · ".join(self._hinted)
        self.query_one(StatusLine).say(note, said, is_faint=is_faint)

    def remark(self, said: str, *, is_faint: bool = False) -> None:
        self._remarked = (said, is_faint)
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
            self.remark("papers are similar by meaning alone: tab changes nothing here")
            return
        self._mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        self._ask()
        self._say()

    def action_filter(self) -> None:
        if self._second == "filters":
            self.close_line()
        else:
            self.open_line("filters", self._line("filters").value)

    def open_line(self, name: str, text: str) -> None:
        if self._second:
            self.remark(f"first leave the line of {self._second}: enter keeps it, escape does not")
            return
        self._filters_before = self._line("filters").value
        self._second = name
        self.screen.add_class(f"-on-{name}")
        line = self._line(name)
        line.value = text
        line.cursor_position = len(text)
        line.focus()
        self._say()

    def close_line(self) -> None:
        self.screen.remove_class(f"-on-{self._second}")
        self._second, self._hinted = "", ()
        self._line("query").focus()
        self._say()

    def action_complete(self) -> None:
        self.run_worker(self._complete(self._second, self._line(self._second)))

    async def _complete(self, name: str, line: InputLine) -> None:
        """Complete the second line in the first way that there is."""
        typed = line.value
        offers = await self._index.offers(name, typed)
        others = [each for each in offers.lines if each != typed]
        if others and line.value == typed:
            line.value = others[0]
            line.cursor_position = len(line.value)

    def _hint(self, typed: str, offers: Offers) -> None:
        """Say in which ways the second line can be completed."""
        if self._second and self._line(self._second).value == typed:
            self._hinted = offers.said
            self._say()

    def action_mark(self) -> None:
        if self.current is not None:
            paper = self.current.paper
            if self.marks.pop(paper.paper_id, None) is None:
                self.marks[paper.paper_id] = paper
            self._hits.move(1, is_put=False)
            self._hits.refresh()
            self.remark("")

    def action_similar(self) -> None:
        if self.current is not None:
            self._previous.append(PreviousView(self._like, self._hits.hold()))
            self._like = self.current.paper
            self._hits.cursor = Cursor()
            self._ask()

    def action_help(self) -> None:
        self._is_helping = not self._is_helping
        self._preview()

    def action_undo(self) -> None:
        """Undo the latest step; leave when there is nothing to undo."""
        if self._second:
            self._line("filters").value = self._filters_before
            self.close_line()
        elif self._is_helping:
            self.action_help()
        elif self._previous:
            self._like, self._hits.cursor = self._previous.pop()
            self._ask()
        else:
            self.action_leave()

    def papers(self, *, is_one: bool = False) -> list[Paper]:
        if self.marks and not is_one:
            return list(self.marks.values())
        return [self.current.paper] if self.current is not None else []

    def _take(self) -> None:
        if papers := self.papers():
            self.exit([paper.paper_id for paper in papers])

    def action_leave(self) -> None:
        self.exit(list(self.marks))

    def action_interrupt(self) -> None:
        self.exit(return_code=EXIT_INTERRUPTED)

    @property
    def _is_reading_help(self) -> bool:
        return self._is_helping or self.results is None
