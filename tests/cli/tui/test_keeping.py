"""Tags, notes and what is read, kept and shown by `browse`."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

import papersearch
from papersearch.cli.tui.widgets import InputLine, Page
from papersearch.marks.file import change_marks, read_marks
from papersearch.marks.mark import Change, Mark
from tests.cli.browsing import QUERY, asked, browse, current, ids, place, press, said, screen, settled, until, write

pytestmark = pytest.mark.typed


def kept(path: Path) -> dict[str, Mark]:
    """Return what the file keeps, by paper id."""
    return {mark.paper_id: mark for mark in read_marks(path)}


def row_of(pilot: Pilot[list[str]], number: int) -> str:
    """Return the row of the hit at this place, from 0."""
    return screen(pilot).splitlines()[number + 1]


def test_tags_and_note_of_a_paper(real_index: papersearch.Index, tmp_path: Path) -> None:
    """Tags and a note that are typed are kept in the reader's file, shown beside the paper, and edited later."""
    path = tmp_path / "folder" / "marks.jsonl"
    first, second = asked(real_index)[:2]

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "f3")
        await said(pilot, "tags of ")
        await write(pilot, "moe, to read")
        await press(pilot, "enter")
        await said(pilot, "tags: moe, to read")
        assert kept(path)[first].tags == ("moe", "to read")
        assert "•" in row_of(pilot, 0)
        assert "#moe, #to read" in str(pilot.app.query_one(Page).shown)
        await press(pilot, "down", "f4")
        await said(pilot, "note of ")
        await write(pilot, "see section 3")
        await press(pilot, "enter")
        await said(pilot, "note kept")
        assert kept(path)[second].note == "see section 3"
        assert "see section 3" in str(pilot.app.query_one(Page).shown)
        await press(pilot, "up", "alt+t")
        await said(pilot, "tags of ")
        assert pilot.app.query_one("#tags", Input).value == "moe, to read"
        await press(pilot, "escape")
        assert kept(path)[first].tags == ("moe", "to read")
        await press(pilot, "f3")
        await said(pilot, "tags of ")
        await press(pilot, "ctrl+u", "enter")
        await said(pilot, "no tags")
        assert first not in kept(path)
        assert pilot.app.query_one("#query", InputLine).value == QUERY

    browse(real_index, talk, QUERY, marks=path)


def test_read_or_not(real_index: papersearch.Index, tmp_path: Path) -> None:
    """A key marks the paper, or the marked papers, as read, or takes that back; a sign in the row shows it."""
    path = tmp_path / "marks.jsonl"
    found = asked(real_index)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "f2")
        await said(pilot, "read · ")
        assert kept(path)[found[0]].is_read
        assert "✓" in row_of(pilot, 0)
        await press(pilot, "ctrl+t", "ctrl+t", "ctrl+r")
        await said(pilot, "read · 2 papers")
        assert {paper_id for paper_id, mark in kept(path).items() if mark.is_read} == set(found[:2])
        await press(pilot, "ctrl+r")
        await said(pilot, "not read yet · 2 papers")
        assert kept(path) == {}

    browse(real_index, talk, QUERY, marks=path)


def test_filters_of_marks(real_index: papersearch.Index, tmp_path: Path) -> None:
    """tag: and unread narrow the hits; a paper that is read leaves the unread ones, and the next is current."""
    path = tmp_path / "marks.jsonl"
    found = asked(real_index)
    change_marks(
        path, [real_index.paper(found[3]), real_index.paper(found[5])], Change(tags=("to read",)), real_index
    )

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+f")
        await write(pilot, 'tag:"to read" unread')
        assert set(ids(pilot)) == {found[3], found[5]}
        await press(pilot, "enter", "f2")
        await said(pilot, "read · ")
        assert len(ids(pilot)) == 1
        assert place(pilot) == 0
        assert not kept(path)[current(pilot)].is_read

    browse(real_index, talk, QUERY, marks=path)


def test_marks_that_leave_no_paper(real_index: papersearch.Index, tmp_path: Path) -> None:
    """Where conditions on marks leave no paper, they are named, and no list of papers that was not typed."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+f")
        await write(pilot, "read since:2024")
        assert ids(pilot) == []
        assert str(pilot.app.query_one(Page).shown) == "--since 2024 --read leaves no paper to rank."

    browse(real_index, talk, QUERY, marks=tmp_path / "marks.jsonl")


def test_what_cannot_be_kept_stays_on_the_line(real_index: papersearch.Index, tmp_path: Path) -> None:
    """Where the file cannot be read or written, the reason is shown, the text stays, and the search goes on."""
    path = tmp_path / "marks.jsonl"

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "f4")
        await said(pilot, "note of ")
        await write(pilot, "precious")
        path.write_text("not a mark\n")
        await press(pilot, "enter")
        await said(pilot, f"cannot read {path}:1")
        assert pilot.app.query_one("#note", Input).value == "precious"
        assert pilot.app.focused is pilot.app.query_one("#note")
        assert path.read_text() == "not a mark\n"
        path.unlink()
        await press(pilot, "enter")
        await said(pilot, "note kept")
        path.write_text("not a mark\n")
        await write(pilot, "s")
        assert ids(pilot) == asked(real_index, f"{QUERY}s")
        await said(pilot, f"cannot read {path}:1")

    browse(real_index, talk, QUERY, marks=path)


def test_without_a_file_nothing_is_kept(real_index: papersearch.Index) -> None:
    """An application without a file of marks says so."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "f2", "f3", "f4")
        await said(pilot, "there is no file")
        await settled(pilot)
        assert pilot.app.focused is pilot.app.query_one("#query")

    browse(real_index, talk, QUERY)


def test_tab_completes_the_second_line(real_index: papersearch.Index, tmp_path: Path) -> None:
    """On the line of filters and on that of tags, tab completes a word, and the mode stays."""
    path = tmp_path / "marks.jsonl"
    change_marks(path, [real_index.paper(asked(real_index)[0])], Change(tags=("to read",)), real_index)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+f")
        await write(pilot, "un")
        await said(pilot, "until: · undated · unread")
        await press(pilot, "t", "tab", "ctrl+u")
        await write(pilot, "tag:t")
        await press(pilot, "tab")
        await until(pilot, lambda: ids(pilot) == asked(real_index)[:1], "the tag is not completed")
        assert pilot.app.query_one("#filters", Input).value == 'tag:"to read"'

    browse(real_index, talk, QUERY, marks=path)
