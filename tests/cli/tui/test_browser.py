"""Laws of `browse` about what stays where: the cursor, the hits of a half-typed query, what is taken and copied."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

import papersearch
from papersearch.cli.output.exports import export
from papersearch.cli.output.exports.citation_keys import citation_keys
from papersearch.cli.tui.widgets import InputLine, Page
from papersearch.errors import NothingEncoded
from papersearch.types import Filters
from tests.cli.browsing import (
    QUERY,
    K,
    asked,
    browse,
    browser_of,
    current,
    ids,
    place,
    press,
    said,
    screen,
    settled,
    status,
    write,
)

pytestmark = pytest.mark.typed


def test_the_cursor_stays_on_its_paper(real_index: papersearch.Index) -> None:
    """A mode, a filter and its end, another size, another query: the cursor stays on its paper, in sight."""
    chosen = asked(real_index)[7]
    rows = {mode: asked(real_index, QUERY, mode).index(chosen) for mode in ("hybrid", "keyword", "semantic")}  # type: ignore[arg-type]
    assert len(set(rows.values())) > 1  # else the test proves nothing

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, *["down"] * 7)
        for mode in ("keyword", "semantic", "hybrid"):
            await press(pilot, "tab")
            assert (current(pilot), place(pilot)) == (chosen, rows[mode])
            assert str(pilot.app.query_one(Page).shown).startswith(real_index.paper(chosen).title)
        await press(pilot, "ctrl+f")
        await write(pilot, "until:1999")
        assert ids(pilot) == []
        await press(pilot, "escape")
        assert (current(pilot), place(pilot)) == (chosen, 7)
        for size in ((60, 20), (200, 50), (80, 12), (120, 40)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert current(pilot) == chosen
            assert real_index.paper(chosen).title[:20] in screen(pilot)
        await write(pilot, " s")
        assert current(pilot) == chosen
        await press(pilot, "ctrl+u")  # another question
        await write(pilot, QUERY)
        assert place(pilot) == 0

    browse(real_index, talk, QUERY)


def test_a_lost_paper_leaves_the_nearest_row(real_index: papersearch.Index) -> None:
    """Where a filter leaves the paper out, the cursor is in its row or the last; afterwards, on the paper."""
    found = asked(real_index)
    dated = [hit.paper.paper_id for hit in real_index.search(QUERY, K, fold=True, filters=Filters(since="2025"))]
    row = next(row for row, paper_id in enumerate(found) if row > 2 and paper_id not in dated)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, *["down"] * row, "ctrl+f")
        await write(pilot, "since:2025")
        assert place(pilot) == min(row, len(dated) - 1)
        await press(pilot, "escape")
        assert current(pilot) == found[row]
        await press(pilot, "ctrl+s")  # the paper that had been chosen, not another
        assert status(pilot).startswith(f"similar to {real_index.paper(found[row]).title[:20]}")

    browse(real_index, talk, QUERY)


def test_an_unmoved_cursor_is_at_the_best_hit(real_index: papersearch.Index) -> None:
    """While letters come, the cursor that nobody has moved is at the best hit; marking does not count as moving."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        for letter in QUERY:
            await write(pilot, letter)
            assert place(pilot) == 0
        await press(pilot, "ctrl+t")
        assert place(pilot) == 1
        await write(pilot, "x")
        assert place(pilot) == 0

    browse(real_index, talk)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ('gpipe "pipeline parallelism', 'gpipe "pipeline parallelism"'),
        ("gpipe “pipeline parallelism", 'gpipe "pipeline parallelism"'),
        ('title:"pipeline parallelism', 'title:"pipeline parallelism"'),
        ("gpipe title:", "gpipe"),
        ("gpipe -", "gpipe"),
        ("gpipe (", "gpipe"),
        ('gpipe "', "gpipe"),
        ("training AND (gpipe OR moe", "training AND (gpipe OR moe)"),
        ("training AND", "training"),
        ("gpipe author:", "gpipe"),
        ("gpipe year:", "gpipe"),
    ],
)
def test_half_typed_syntax_hides_no_hits(real_index: papersearch.Index, typed: str, meant: str) -> None:
    """What is half typed is read as if it were finished, or not there, and a note says so."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        assert ids(pilot) == asked(real_index, meant)
        assert "is open" in status(pilot) or "waits for a word" in status(pilot)
        await press(pilot, "ctrl+u")
        await write(pilot, "gpipe")
        assert status(pilot).startswith("hybrid")

    browse(real_index, talk, typed)


def test_no_letter_of_a_phrase_hides_the_hits(real_index: papersearch.Index) -> None:
    """While a phrase is typed, no letter leaves the list empty; a closed phrase that no paper has does."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await write(pilot, "gpipe ")
        for letter in '"pipeline parallelism" title:"pipeline':
            await write(pilot, letter)
            assert ids(pilot)
            assert "words to rank by" not in screen(pilot)
        await write(pilot, ' zyx"')
        assert ids(pilot) == []
        assert "no papers" in status(pilot)

    browse(real_index, talk)


@pytest.mark.parametrize("typed", ['gpipe author:"zyx', "gpipe year:20", "gpipe title:zyx", 'gpipe "zyx'])
def test_a_pasted_beginning_hides_no_hits(real_index: papersearch.Index, typed: str) -> None:
    """Where there were no hits before, a query that no paper meets yet is asked without its last part."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        assert ids(pilot) == asked(real_index, "gpipe")
        assert not status(pilot).startswith("hybrid")

    browse(real_index, talk, typed)


def test_filters_alone_list_papers(real_index: papersearch.Index) -> None:
    """Filters without a query list the newest papers that they leave; without filters there is help again."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+f")
        await write(pilot, "since:2025")
        assert ids(pilot) == [hit.paper.paper_id for hit in real_index.search("", K, filters=Filters(since="2025"))]
        assert "newest first" in status(pilot)
        await press(pilot, "escape")
        assert "words to rank by" in screen(pilot)

    browse(real_index, talk)


def test_an_identifier_is_looked_up(real_index: papersearch.Index) -> None:
    """An identifier in the query line leads to its paper alone, or is said not to be in the collection."""
    paper_id = asked(real_index)[3]

    async def talk(pilot: Pilot[list[str]]) -> None:
        assert ids(pilot) == [paper_id]
        await press(pilot, "ctrl+u")
        await write(pilot, "2503.99999")
        assert ids(pilot) == []
        assert str(pilot.app.query_one(Page).shown) == "arXiv:2503.99999 is not in this collection."

    browse(real_index, talk, paper_id)


def test_no_hits_have_a_reason(real_index: papersearch.Index) -> None:
    """In the place of a paper, an answer without hits gives the reason."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        assert ids(pilot) == []
        assert str(pilot.app.query_one(Page).shown).startswith("No paper meets the phrases")

    browse(real_index, talk, '"zyx" ')


def test_enter_takes_nothing_from_other_hits(real_index: papersearch.Index) -> None:
    """Enter behind a query that no paper meets yet takes no earlier hit; a second one takes what is seen."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await pilot.press("space", "quotation_mark", "z", "y", "x", "enter")
        await settled(pilot)
        assert pilot.app.is_running
        assert ids(pilot) == asked(real_index, "gpipe")
        await press(pilot, "enter")

    assert browse(real_index, talk, "gpipe").return_value == asked(real_index, "gpipe")[:1]


@pytest.mark.parametrize("wrong", ["since:20", "--", "frob:2025"])
def test_a_wrong_filter_is_said_once(real_index: papersearch.Index, wrong: str) -> None:
    """The hits stay while a filter is wrong, its text is on the screen once, and enter does not apply it."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        before, said_before = ids(pilot), status(pilot)
        await press(pilot, "ctrl+f")
        await write(pilot, wrong)
        assert ids(pilot) == before
        assert status(pilot).count(wrong) <= 1
        await press(pilot, "enter")
        assert pilot.app.focused is pilot.app.query_one("#filters")
        await press(pilot, "escape")
        assert status(pilot) == said_before
        assert ids(pilot) == before

    browse(real_index, talk, QUERY)


@pytest.mark.parametrize(
    ("key", "what"),
    [("ctrl+y", "BibTeX of"), ("ctrl+b", "BibTeX of"), ("ctrl+k", "citation key"), ("ctrl+l", "Markdown of")],
)
def test_what_is_copied(real_index: papersearch.Index, key: str, what: str, copied_texts: list[str]) -> None:
    """A key copies the current paper, or those marked, in the order of marking, and says how."""
    papers = [real_index.paper(paper_id) for paper_id in asked(real_index)[:3]]
    wanted = {
        "BibTeX of": lambda some: export(some, "bibtex").decode(),
        "citation key": lambda some: ",".join(citation_keys(some)),
        "Markdown of": lambda some: export(some, "markdown").decode(),
    }[what]

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "down", key)
        await said(pilot, what)
        assert "copied by xclip" in status(pilot)
        assert copied_texts == [wanted([papers[1]])]
        await press(pilot, "down", "ctrl+t", "up", "up", "up", "ctrl+t", key)
        await said(pilot, "2 citation keys" if what == "citation key" else f"{what} 2 papers")
        assert copied_texts[1:] == [wanted([papers[2], papers[0]])]
        await press(pilot, "ctrl+u", "ctrl+v")  # a line stays one line
        assert "\n" not in pilot.app.query_one("#query", InputLine).value

    browse(real_index, talk, QUERY)


def test_a_copy_that_fails_says_so(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing takes the text, the status line gives the reason, and the application goes on."""
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("TMUX", raising=False)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+y")
        await said(pilot, "cannot copy: ")
        assert "the terminal has no clipboard" in status(pilot)
        assert pilot.app.is_running

    browse(real_index, talk, QUERY)


def test_similar_papers_have_no_mode(real_index: papersearch.Index) -> None:
    """Among similar papers tab says why it changes nothing, and changes nothing."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "ctrl+s")
        before = ids(pilot)
        await press(pilot, "tab")
        assert ids(pilot) == before
        assert "tab changes nothing here" in status(pilot)
        await press(pilot, "escape")
        assert ids(pilot) == asked(real_index)
        assert status(pilot).startswith("hybrid")

    browse(real_index, talk, QUERY)


def test_a_refused_view_is_left_again(real_index: papersearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """If papers similar to one cannot be found, the hits, the cursor and the mode stay, and the reason is shown."""

    def fail(*_: object, **__: object) -> None:
        raise NothingEncoded(n_papers=302)

    monkeypatch.setattr(real_index, "similar", fail)

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "down", "down", "ctrl+s")
        assert status(pilot).startswith("cannot compare meanings")
        assert (ids(pilot), place(pilot)) == (asked(real_index), 2)
        await press(pilot, "tab")
        assert ids(pilot) == asked(real_index, QUERY, "keyword")

    browse(real_index, talk, QUERY)


@pytest.mark.parametrize("size", [(60, 20), (40, 10), (120, 40)])
def test_all_of_the_help_can_be_read(real_index: papersearch.Index, size: tuple[int, int]) -> None:
    """The arrows scroll the help to its last line, and not the hits below it."""

    async def talk(pilot: Pilot[list[str]]) -> None:
        await press(pilot, "f1")
        seen = screen(pilot)
        for _ in range(80):
            await pilot.press("down")
            seen += screen(pilot)
        assert "set-clipboard" in seen
        assert place(pilot) == 0
        await press(pilot, *["pageup"] * 20)
        assert "words to rank by" in screen(pilot)
        await press(pilot, "escape")
        assert browser_of(pilot).current is not None
        assert "words to rank by" not in screen(pilot)

    browse(real_index, talk, QUERY, size=size)
