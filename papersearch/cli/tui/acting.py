"""Keys of `papersearch browse` that do something with papers: copy, read in the web, keep tags and notes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from textual.app import App

from papersearch.cli.open import open_page
from papersearch.cli.output.addresses import address_of
from papersearch.cli.output.clipboard import copy, told
from papersearch.cli.tui.copying import Form, copied
from papersearch.cli.tui.live import LiveIndex, LiveQuery
from papersearch.cli.tui.shelf import common_tags, read_tags, tag_change, written_tags
from papersearch.cli.tui.widgets import TerminalDriver
from papersearch.errors import PapersearchError
from papersearch.marks.mark import Change, Mark
from papersearch.types import Paper, Results


class Acting(App[list[str]]):
    """Actions on papers, for an application that knows which papers.

    results: the latest answer
    judged: the file of judgements; None if there is none
    """

    judged: Path | None = None
    _shown: LiveQuery

    def __init__(self, index: LiveIndex) -> None:
        super().__init__(driver_class=TerminalDriver, ansi_color=True)
        self._index = index
        self.results: Results | None = None
        self._is_stale = False  # True if the hits are those of an earlier query
        self._judgements: dict[tuple[str, str], int] = {}  # by query and paper
        self._judging = asyncio.Lock()
        self._edited: list[Paper] = []  # those whose tags or note are on the second line
        self._tags_before: tuple[str, ...] = ()
        self._copying = asyncio.Lock()

    def papers(self, *, is_one: bool = False) -> list[Paper]:
        """Return the papers to act on: those marked, or else the current one; only that one if `is_one`."""
        raise NotImplementedError  # in the subclass; abc does not go with the metaclass of App

    def remark(self, said: str) -> None:
        """Say what was just done, or failed."""
        raise NotImplementedError  # in the subclass

    def open_line(self, name: str, text: str) -> None:
        """Let the reader edit a text on the second line, `tags` or `note`."""
        raise NotImplementedError  # in the subclass

    def close_line(self) -> None:
        """Close the second line."""
        raise NotImplementedError  # in the subclass

    async def show_kept(self) -> None:
        """Show what the reader keeps, after a change of it."""
        raise NotImplementedError  # in the subclass

    # Copying

    def action_copy(self, form: Form) -> None:
        if papers := self.papers():
            self.run_worker(self._copy_papers(papers, form))

    async def _copy_papers(self, papers: Sequence[Paper], form: Form) -> None:
        """Copy papers with what the reader keeps about them; where that cannot be read, without, and say so."""
        marks: dict[str, Mark] = {}
        fault = ""
        try:
            marks = await self._index.marks_of(papers)
        except PapersearchError as error:
            fault = f" without tags and notes: {error.message}"
        text, what = copied(papers, form, marks)
        self.copy_to_clipboard(text, what + fault)

    def copy_to_clipboard(self, text: str, what: str = "text") -> None:
        """Copy by a program or the terminal, and say by which."""
        self._clipboard = text
        self.run_worker(self._copy(text, what))

    async def _copy(self, text: str, what: str) -> None:
        try:
            async with self._copying:  # the last one counts
                way = await asyncio.to_thread(copy, text, self._send)
        except PapersearchError as error:
            self.remark(error.message)
        else:
            self.remark(told(what, way))

    def _send(self, sequence: str) -> None:
        """Send an escape sequence to the terminal, between two drawings."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    # The web

    def action_read(self) -> None:
        for paper in self.papers(is_one=True):
            url = address_of(paper)
            threading.Thread(target=open_page, args=[url], daemon=True).start()
            self.remark(f"opening {url}")

    # Judging

    def action_judge(self) -> None:
        results = self.results
        if self.judged is None:
            self.remark("there is no file for judgements: papersearch browse --judge FILE")
        elif results is None or self._is_stale or self._shown.like is not None or not results.is_ranked:
            self.remark("there is no query to judge by")
        else:
            for paper in self.papers(is_one=True):
                self.run_worker(self._judge(self.judged, results.query, paper))

    async def _judge(self, path: Path, query: str, paper: Paper) -> None:
        """Judge a paper relevant; if it was, not relevant."""
        from papersearch.evaluation.judging import add_judgements  # slow to import, and few judge

        try:
            async with self._judging:  # each press turns what the last one wrote
                relevance = 1 - self._judgements.get((query, paper.paper_id), 0)
                await asyncio.to_thread(add_judgements, path, query, {paper.paper_id: relevance})
                self._judgements[query, paper.paper_id] = relevance
        except PapersearchError as error:
            self.remark(error.message)
        else:
            self.remark(f"{'answers' if relevance else 'does not answer'} · {_named([paper])}")

    # What the reader keeps

    def action_toggle_read(self) -> None:
        if papers := self._to_keep():
            self.run_worker(self._toggle_read(papers))

    async def _toggle_read(self, papers: Sequence[Paper]) -> None:
        marks = await self._marks_of(papers)
        if marks is None:
            return
        is_read = not all(paper.paper_id in marks and marks[paper.paper_id].is_read for paper in papers)
        await self._keep(papers, Change(is_read=is_read), "read" if is_read else "not read yet")

    def action_edit(self, name: str) -> None:
        if papers := self._to_keep(is_one=name == "note"):
            self.run_worker(self._edit(name, papers))

    async def _edit(self, name: str, papers: list[Paper]) -> None:
        """Open the second line with what is kept now."""
        marks = await self._marks_of(papers)
        if marks is None:
            return
        found = [marks.get(paper.paper_id) for paper in papers]
        self._edited = papers
        self._tags_before = common_tags(found)
        note = found[0].note if found[0] is not None else ""
        self.open_line(name, written_tags(self._tags_before) if name == "tags" else note)
        self.remark(f"{name} of {_named(papers)}")

    async def _marks_of(self, papers: Sequence[Paper]) -> dict[str, Mark] | None:
        """Return the marks of papers; where they cannot be read, say why and return None."""
        try:
            return await self._index.marks_of(papers)
        except PapersearchError as error:
            self.remark(error.message)
            return None

    def keep_line(self, name: str, text: str) -> None:
        """Keep what is on the second line. If that fails, the line stays."""
        if name == "tags":
            change = tag_change(self._tags_before, tags := read_tags(text))
            said = f"tags: {written_tags(tags)}" if tags else "no tags"
        else:
            change, said = Change(note=text), "note kept" if text.strip() else "no note"
        self.run_worker(self._keep(self._edited, change, said, is_line=True))

    async def _keep(self, papers: Sequence[Paper], change: Change, said: str, *, is_line: bool = False) -> None:
        try:
            await self._index.change_marks(papers, change)
            if is_line:
                self.close_line()
            await self.show_kept()
        except PapersearchError as error:
            self.remark(error.message)
        else:
            self.remark(f"{said} · {_named(papers)}")

    def _to_keep(self, *, is_one: bool = False) -> list[Paper]:
        """Return the papers to act on, where there is a file that keeps something of them."""
        if not self._index.keeps_marks:
            self.remark("there is no file for tags and notes here")
            return []
        return self.papers(is_one=is_one)


def _named(papers: Sequence[Paper]) -> str:
    return f"{len(papers)} papers" if len(papers) != 1 else papers[0].title or papers[0].paper_id
